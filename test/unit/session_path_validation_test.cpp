#include <set>

#include "session/path_validation.hpp"
#include "support/catch.hpp"
#include "support/seeded_random.hpp"

using namespace std::chrono_literals;
using namespace udperf;
using session::PathValidation;

namespace {

constexpr MonoTime kStart{1000s};

crypto::Key secret() {
  crypto::Key key{};
  key.fill(std::byte{7});
  return key;
}

wire::ProbeReply answer(std::uint64_t id) {
  wire::ProbeReply reply;
  reply.id = id;
  return reply;
}

}  // namespace

TEST_CASE("an answer proves the peer once, and nobody can guess one", "[session]") {
  PathValidation line{secret(), kStart};
  const auto probe = line.poll(kStart);
  REQUIRE(probe);
  test::SeededRandom random{1};
  for (int i = 0; i < 100'000; ++i) {
    REQUIRE_FALSE(line.on_reply(answer(random.next_u64()), kStart + 1s));
  }
  CHECK(line.proven() == kStart);

  CHECK(line.on_reply(answer(probe->id), kStart + 2s));
  CHECK(line.proven() == kStart + 2s);
  CHECK_FALSE(line.on_reply(answer(probe->id), kStart + 3s));
  CHECK_FALSE(line.on_reply(answer(0), kStart + 3s));
  CHECK(line.proven() == kStart + 2s);
}

TEST_CASE("an answer to a probe of long ago proves nothing", "[session]") {
  PathValidation line{secret(), kStart};
  const auto probe = line.poll(kStart);
  REQUIRE(probe);
  line.on_reply(answer(probe->id), kStart + 11s);
  CHECK(line.proven() == kStart);
}

TEST_CASE("probes are seldom while they are answered, and often while they are not", "[session]") {
  PathValidation line{secret(), kStart};
  std::set<std::uint64_t> numbers;
  int sent = 0;
  for (MonoTime now = kStart; now < kStart + 10s; now += 1ms) {
    if (const auto probe = line.poll(now)) {
      ++sent;
      numbers.insert(probe->id);
      line.on_reply(answer(probe->id), now + 1us);
    }
  }
  CHECK(sent == 40);
  CHECK(numbers.size() == 40);
  sent = 0;
  for (MonoTime now = kStart + 10s; now < kStart + 12s; now += 1ms) {
    sent += line.poll(now) ? 1 : 0;
  }
  CHECK(sent > 25);
  CHECK(sent <= 42);
}
