#include "session/rate_policer.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;
using namespace udperf;
using session::RatePolicer;

namespace {

constexpr MonoTime kStart{1000s};
constexpr std::uint64_t kBps = 8'000'000;  // a megabyte a second
constexpr std::uint64_t kSecond = 1'000'000;
constexpr std::uint64_t kLargest = 1000;
constexpr std::uint64_t kAllowance = kSecond + 32 * kLargest;

}  // namespace

TEST_CASE("who sends more than twice what was granted is found out in twenty seconds",
          "[session]") {
  RatePolicer watch{kBps, kLargest, 0, kStart};
  CHECK(watch.next() == kStart + 10s);
  CHECK_FALSE(watch.exceeds(1000 * kSecond, kStart + 9999ms));  // not yet
  CHECK_FALSE(watch.exceeds(20 * kSecond + kAllowance, kStart + 10s));
  CHECK(watch.next() == kStart + 20s);
  CHECK(watch.exceeds(2 * (20 * kSecond + kAllowance) + 1, kStart + 20s));
}

TEST_CASE("bursts, catching up and a late look are no fault", "[session]") {
  RatePolicer watch{kBps, kLargest, 0, kStart};
  // A second's burst at both edges, and a quarter above the rate all the time.
  CHECK_FALSE(watch.exceeds(12'500'000 + 2 * kSecond, kStart + 10s));
  // Nobody looked for a minute.
  CHECK_FALSE(watch.exceeds((14 + 60) * kSecond, kStart + 70s));
  // A path that held back five seconds' worth.
  CHECK_FALSE(watch.exceeds((14 + 60 + 15) * kSecond, kStart + 80s));
  CHECK_FALSE(watch.exceeds(0, kStart + 90s));
}

TEST_CASE("at the slowest rate a datagram is no fault, nor are some by chance", "[session]") {
  RatePolicer watch{100, kLargest, 0, kStart};  // one in 80 s, in the mean
  CHECK_FALSE(watch.exceeds(kLargest, kStart + 10s));
  CHECK_FALSE(watch.exceeds(6 * kLargest, kStart + 20s));
  CHECK(watch.exceeds((6 + 33) * kLargest, kStart + 30s));
}

TEST_CASE("where no rate was granted nothing is watched", "[session]") {
  RatePolicer watch{0, kLargest, 0, kStart};
  CHECK(watch.next() == kNever);
  CHECK_FALSE(watch.exceeds(UINT64_MAX, kStart + 24h));
}

TEST_CASE("what has come before the beginning is not looked at", "[session]") {
  RatePolicer watch{kBps, kLargest, 50 * kSecond, kStart};
  CHECK_FALSE(watch.exceeds(70 * kSecond + kAllowance, kStart + 10s));
  RatePolicer other{kBps, kLargest, 50 * kSecond, kStart};
  CHECK(other.exceeds(70 * kSecond + kAllowance + 1, kStart + 10s));
}

TEST_CASE("of a trace the mean over all of its time is watched, every ten seconds", "[session]") {
  RatePolicer watch{kBps, kLargest, 0, kStart, 60s};
  CHECK(watch.next() == kStart + 10s);
  CHECK_FALSE(watch.exceeds(60 * kSecond, kStart + 10s));  // nearly all of it at its beginning
  CHECK(watch.next() == kStart + 20s);
  CHECK_FALSE(watch.exceeds(120 * kSecond + kAllowance, kStart + 20s));
  CHECK(watch.exceeds(120 * kSecond + kAllowance + 1, kStart + 30s));
  CHECK(watch.exceeds(120 * kSecond + kAllowance + 1, kStart + 60s));
  CHECK_FALSE(watch.exceeds(240 * kSecond, kStart + 70s));
}
