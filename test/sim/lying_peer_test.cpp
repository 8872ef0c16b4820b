// A peer that writes extremes into whatever it says: the other end comes to an end in its time, its
// books balance, and no figure of its result is one that nobody can have measured.
#include <algorithm>
#include <array>

#include "result/document.hpp"
#include "sim/sim_world.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;
using udperf::test::SeededRandom;
using udperf::test::SimClient;
using udperf::test::SimWorld;

namespace {

using namespace udperf;
using wire::MessageType;

constexpr std::array<std::uint64_t, 10> kExtremes{0,
                                                  1,
                                                  1'000'003,
                                                  std::uint64_t{1} << 59U,
                                                  std::uint64_t{1} << 60U,
                                                  (std::uint64_t{1} << 61U) + 1,
                                                  std::uint64_t{1} << 62U,
                                                  INT64_MAX,
                                                  std::uint64_t{1} << 63U,
                                                  UINT64_MAX};
constexpr std::array kLiesIn{MessageType::accept, MessageType::probe_reply, MessageType::feedback,
                             MessageType::fin,    MessageType::report,      MessageType::data};

/// One field, wherever it lies: eight bytes of one kind of message.
struct Lie {
  MessageType in = MessageType::report;
  std::size_t offset = 0;
  std::uint64_t value = 0;
  bool always = true;
};

Lie some_lie(SeededRandom& random) {
  constexpr std::size_t kHeader = 16;
  Lie lie;
  lie.in = kLiesIn.at(static_cast<std::size_t>(random.between(0, kLiesIn.size() - 1)));
  const std::int64_t longest = lie.in == MessageType::report ? 900 : 260;
  lie.offset = kHeader + static_cast<std::size_t>(random.between(0, longest));
  lie.value = kExtremes.at(static_cast<std::size_t>(random.between(0, kExtremes.size() - 1)));
  lie.always = random.chance(0.7);
  return lie;
}

void tell(const Lie& lie, std::span<std::byte> bytes) {
  const auto header = wire::decode_common(bytes);
  if (!header || header->type != lie.in) {
    return;
  }
  for (std::size_t i = 0; i < 8 && lie.offset + i < bytes.size(); ++i) {
    bytes[lie.offset + i] = static_cast<std::byte>(lie.value >> (56 - 8 * i));
  }
}

SimClient::Options short_test(SeededRandom& random) {
  SimClient::Options options;
  TestParams& params = options.params;
  params.direction = static_cast<Direction>(random.between(1, 3));
  params.streams = static_cast<std::uint16_t>(random.between(1, 3));
  params.payload_bytes = 200;
  params.amount.packets = 60;
  params.rate_up = SendRate{SendRate::Kind::packets, 1'000'000};
  params.rate_down = params.rate_up;
  params.omit = random.chance(0.3) ? 50ms : 0ms;
  if (random.chance(0.3)) {
    params.voice.codec = VoiceCodec::opus;
  }
  return options;
}

template <typename T>
bool not_negative(const std::optional<T>& value) {
  return !value || *value >= 0;
}
bool at_most(const result::Count& value, std::uint64_t most) {
  return !value || *value <= most;
}

/// Of a test of 60 datagrams that took a second or so.
void check_sane(const result::DirectionPart& part) {
  constexpr std::uint64_t kSent = 60;
  constexpr std::uint64_t kBytes = kSent * 200;
  CHECK(at_most(part.tx.packets, kSent));
  CHECK(at_most(part.tx.payload_bytes, kBytes));
  CHECK(at_most(part.rx.unique, kSent));
  CHECK(at_most(part.loss.packets, kSent));
  CHECK(at_most(part.loss.periods, kSent));
  CHECK(at_most(part.loss.head_packets, kSent));
  for (const auto& ns : {part.jitter.rfc3550_ns, part.jitter.ipdv_max_abs_ns, part.rx.span_ns,
                         part.delay_variation.p50_ns, part.delay_variation.max_ns,
                         part.pacing.gap_max_ns, part.pacing.lateness_max_ns}) {
    CHECK(not_negative(ns));
  }
  for (const auto* host : {&part.tx.host, &part.rx.host}) {
    CHECK(host->steal_ratio.value_or(0) <= 1);
    CHECK(host->throttled_ratio.value_or(0) <= 1);
    CHECK(host->waited_ratio.value_or(0) <= 1);
  }
  for (const result::IntervalPart& row : part.intervals) {
    CHECK(row.packets <= kSent);
    CHECK(row.sent <= kSent);
    CHECK(row.lost <= kSent);
  }
}

}  // namespace

TEST_CASE("a server that lies in any field ends no client late, nor fools it", "[sim][hostile]") {
  for (unsigned seed = 1; seed <= 1000; ++seed) {
    SeededRandom random{seed};
    const Lie lie = some_lie(random);
    CAPTURE(seed, static_cast<int>(lie.in), lie.offset, lie.value, lie.always);
    SimWorld world{seed};
    world.network.up.delay = world.network.down.delay = 2ms;
    world.network.up.drop_data = world.network.down.drop_data = 0.05;
    world.network.lie = [&](const Endpoint& from, std::span<std::byte> bytes) {
      if (from == world.network.server && (lie.always || random.chance(0.3))) {
        tell(lie, bytes);
      }
    };
    SimClient& client = world.add_client(short_test(random));
    REQUIRE(world.run_clients(30s));
    const auto document = result::build_result(client.outcome());
    CHECK(result::violated_identity(document).value_or("none") == "none");
    for (const auto* part : {&document.up, &document.down}) {
      if (*part) {
        check_sane(**part);
      }
    }
  }
}

TEST_CASE("what a client keeps of what its server sends has a limit", "[sim]") {
  SimWorld world{77};
  SimClient::Options options;
  options.params.direction = Direction::down;
  options.params.streams = 2;
  options.params.amount.duration = 2s;
  options.params.rate_down = SendRate{SendRate::Kind::packets, 50'000};
  options.light = GENERATE(false, true);
  SimClient& client = world.add_client(options);
  std::uint64_t most = 0;
  REQUIRE(world.run(20s, [&] {
    most = std::max(most, client.memory_used());
    return client.done();
  }));
  CHECK(client.outcome().status == TestStatus::complete);
  CHECK(most > 4096);  // a bitmap at least is in the account
}
