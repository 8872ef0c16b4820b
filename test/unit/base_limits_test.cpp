// Meters and limiters that strangers meet.

#include "base/record_limiter.hpp"
#include "base/saturating.hpp"
#include "base/source_meter.hpp"
#include "session/hello_log.hpp"
#include "session/used_nonces.hpp"
#include "support/catch.hpp"
#include "support/seeded_random.hpp"

using namespace std::chrono_literals;
using namespace udperf;

namespace {

constexpr MonoTime kStart{1000s};

IpAddress address(const char* text) {
  return parse_ip_address(text).value();
}

}  // namespace

TEST_CASE("each source has its rate, and an IPv6 /64 is one", "[base]") {
  SourceMeter meter{0x123456789ABCDEFULL, 100, 50};
  const auto pass = [&meter](const char* from, MonoTime now) {
    int passed = 0;
    while (meter.pass(address(from), now)) {
      ++passed;
    }
    return passed;
  };
  CHECK(pass("192.0.2.1", kStart) == 50);
  CHECK(pass("192.0.2.2", kStart) == 50);
  CHECK(pass("192.0.2.1", kStart + 100ms) == 10);
  CHECK(pass("2001:db8::1", kStart) == 50);
  CHECK(pass("2001:db8::2", kStart) == 0);
  CHECK(pass("2001:db8:0:1::1", kStart) == 50);
}

TEST_CASE("records beyond the rate are counted, and told of once", "[base]") {
  RecordLimiter limiter{3, 2s};
  int written = 0;
  for (int i = 0; i < 10; ++i) {
    written += limiter.admit(kStart) ? 1 : 0;
  }
  CHECK(written == 3);
  CHECK(limiter.due() == kStart + 10s);
  CHECK_FALSE(limiter.take_left_out(kStart + 9s));
  CHECK(limiter.take_left_out(kStart + 10s) == 7);
  CHECK_FALSE(limiter.take_left_out(kStart + 20s));
  CHECK(limiter.due() == kNever);
  CHECK(limiter.admit(kStart + 10s));
}

TEST_CASE("a HELLO that was heard is no good a second time, nor from elsewhere", "[session]") {
  session::HelloLog log;
  wire::Nonce nonce{};
  const Endpoint client{address("192.0.2.1"), 7777};
  CHECK(log.fresh(nonce, client, 1));
  CHECK(log.fresh(nonce, client, 2));
  CHECK_FALSE(log.fresh(nonce, client, 2));
  CHECK_FALSE(log.fresh(nonce, client, 1));
  CHECK_FALSE(log.fresh(nonce, Endpoint{address("192.0.2.2"), 7777}, 3));
  CHECK_FALSE(log.fresh(nonce, Endpoint{address("192.0.2.1"), 7778}, 3));
  CHECK(log.fresh(nonce, client, 3));
}

TEST_CASE("what is remembered of cookies is bounded, and forgotten with them", "[session]") {
  session::UsedNonces used{10s};
  test::SeededRandom random{1};
  wire::Nonce first{};
  random.fill(first);
  used.add(first, kStart);
  CHECK(used.holds(first, kStart + 10s));
  for (std::size_t i = 1; i < session::UsedNonces::kMost; ++i) {
    wire::Nonce nonce{};
    random.fill(nonce);
    used.add(nonce, kStart + 1s);
  }
  CHECK(used.full(kStart + 10s));
  CHECK_FALSE(used.full(kStart + 10500ms));
  CHECK_FALSE(used.holds(first, kStart + 10500ms));
}

TEST_CASE("sums of either sign stop at what fits", "[base]") {
  CHECK(saturating_sum(-5, 3) == -2);
  CHECK(saturating_sum(INT64_MAX, 1) == INT64_MAX);
  CHECK(saturating_sum(1, INT64_MAX) == INT64_MAX);
  CHECK(saturating_sum(INT64_MIN, -1) == INT64_MIN);
  CHECK(saturating_sum(-1, INT64_MIN) == INT64_MIN);
  CHECK(saturating_sum(INT64_MAX, INT64_MIN) == -1);
}
