#include <cmath>

#include "session/clock_offset_estimator.hpp"
#include "support/catch.hpp"
#include "support/seeded_random.hpp"

using udperf::session::ClockOffsetEstimator;
using udperf::test::SeededRandom;

namespace {

constexpr std::int64_t kMs = 1'000'000;

/// An exchange at true time `t`, with the peer's clock at t * (1 + skew) + offset.
void exchange(ClockOffsetEstimator& corridor, std::int64_t t, std::int64_t there, std::int64_t back,
              std::int64_t offset, double skew) {
  const auto peer = [&](std::int64_t at) {
    return at + offset + std::llround(static_cast<double>(at) * skew);
  };
  corridor.add(t, peer(t + there), peer(t + there + 1000), t + there + 1000 + back);
}

}  // namespace

TEST_CASE("one exchange bounds the offset by its round trip", "[session][clock]") {
  ClockOffsetEstimator corridor;
  CHECK_FALSE(corridor.estimate(0));
  CHECK_FALSE(corridor.broken());
  exchange(corridor, 0, 10 * kMs, 30 * kMs, 500 * kMs, 0);

  const auto found = corridor.estimate(20 * kMs);

  REQUIRE(found);
  CHECK(std::abs(found->theta_ns - 500 * kMs) <= found->uncertainty_ns);
  CHECK(found->uncertainty_ns >= 20 * kMs - 1000);
  CHECK(found->uncertainty_ns < 21 * kMs);
}

TEST_CASE("skew is found over time, and the truth is never outside", "[session][clock]") {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    SeededRandom random{seed};
    const double skew = static_cast<double>(random.between(-400, 400)) * 1e-6;
    const std::int64_t offset = random.between(-1'000'000'000'000, 1'000'000'000'000);
    const std::int64_t length = random.between(100, 100'000) * kMs;
    CAPTURE(seed, skew, offset, length);
    ClockOffsetEstimator corridor;
    for (int i = 0; i <= 500; ++i) {
      exchange(corridor, length / 500 * i, random.between(0, 20) * kMs / 10,
               random.between(0, 200) * kMs / 10, offset, skew);
    }
    CHECK_FALSE(corridor.broken());
    for (const std::int64_t at : {std::int64_t{0}, length / 2, length}) {
      const auto found = corridor.estimate(at);
      REQUIRE(found);
      const double truth = static_cast<double>(offset) + static_cast<double>(at) * skew;
      CHECK(std::abs(static_cast<double>(found->theta_ns) - truth) <=
            static_cast<double>(found->uncertainty_ns) + 2);
      CHECK(std::abs(found->skew - skew) <= found->skew_uncertainty + 1e-9);
    }
    if (length > 20'000 * kMs) {
      CHECK(corridor.estimate(0)->skew_uncertainty < 100e-6);
    }
  }
}

TEST_CASE("a step breaks the corridor, delay and skew do not", "[session][clock]") {
  ClockOffsetEstimator corridor;
  for (std::int64_t i = 0; i < 100; ++i) {
    exchange(corridor, i * 100 * kMs, 5 * kMs + i * kMs, 5 * kMs + (100 - i) * kMs, 0, 50e-6);
  }
  CHECK_FALSE(corridor.broken());
  for (std::int64_t i = 100; i < 110; ++i) {
    exchange(corridor, i * 100 * kMs, 5 * kMs, 5 * kMs, 300 * kMs, 50e-6);
  }
  CHECK(corridor.broken());
  CHECK_FALSE(corridor.estimate(0));
}

TEST_CASE("a day of exchanges is kept in a bounded record", "[session][clock]") {
  ClockOffsetEstimator corridor;
  for (std::int64_t i = 0; i < 864'000; ++i) {
    exchange(corridor, i * 100 * kMs, kMs + i % 7 * kMs, kMs + i % 5 * kMs, 42, 20e-6);
  }
  const auto found = corridor.estimate(43'200'000 * kMs);
  REQUIRE(found);
  CHECK(found->skew == Approx(20e-6).epsilon(0.01));
  CHECK(found->uncertainty_ns < 20 * kMs);
}

TEST_CASE("exchanges may come in any order, and far apart", "[session][clock]") {
  ClockOffsetEstimator ascending;
  ClockOffsetEstimator mixed;
  const auto at = [](ClockOffsetEstimator& corridor, std::int64_t ms) {
    exchange(corridor, ms * kMs, (1 + ms % 7) * kMs, (1 + ms % 5) * kMs, 77 * kMs, 30e-6);
  };
  for (const std::int64_t ms : {0, 100, 130, 5000, 5020, 90'000, 200'000}) {
    at(ascending, ms);
  }
  for (const std::int64_t ms : {0, 5000, 200'000, 130, 90'000, 100, 5020}) {
    at(mixed, ms);
  }
  const auto one = ascending.estimate(100'000 * kMs);
  const auto other = mixed.estimate(100'000 * kMs);
  REQUIRE(one);
  REQUIRE(other);
  CHECK(one->theta_ns == other->theta_ns);
  CHECK(one->uncertainty_ns == other->uncertainty_ns);
}
