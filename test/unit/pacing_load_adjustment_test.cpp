// The table and the steps of RFC 9097 s8.1 and Appendix A.

#include "pacing/load_adjustment.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;
using udperf::BitRate;
using udperf::MonoTime;
using udperf::pacing::LoadAdjustment;

namespace {

constexpr MonoTime kStart{1000s};
constexpr std::uint64_t kMega = 1'000'000;
constexpr auto kAnyRate = BitRate::bits_per_second(1'000'000 * kMega);

constexpr LoadAdjustment::Status kGood{0, 0ms};
constexpr LoadAdjustment::Status kLossy{11, 0ms};
constexpr LoadAdjustment::Status kSlow{0, 91ms};
constexpr LoadAdjustment::Status kBetween{10, 60ms};

/// Feedbacks, one an interval; returns when the next is due.
MonoTime feed(LoadAdjustment& adjustment, LoadAdjustment::Status status, int times, MonoTime at) {
  for (int i = 0; i < times; ++i) {
    adjustment.on_status(status, at);
    at += LoadAdjustment::kFeedbackInterval;
  }
  return at;
}

}  // namespace

TEST_CASE("the table of rates is the RFC's", "[pacing]") {
  const auto mbit = [](std::size_t row) {
    return static_cast<double>(LoadAdjustment::rate_of_row(row).bps()) / 1e6;
  };
  CHECK(mbit(0) == 0.5);
  CHECK(mbit(1) == 1);
  CHECK(mbit(2) == 2);
  CHECK(mbit(1000) == 1000);
  CHECK(mbit(1001) == 1100);
  CHECK(mbit(1090) == 10'000);
  CHECK(mbit(1091) == 11'000);
  for (std::size_t row = 1; row < 2000; ++row) {
    CHECK(LoadAdjustment::rate_of_row(row) > LoadAdjustment::rate_of_row(row - 1));
  }
}

TEST_CASE("without congestion a gigabit is reached in 5 s and ten in 9.5 s", "[pacing]") {
  LoadAdjustment adjustment{kStart, kAnyRate};
  int feedbacks = 0;
  MonoTime now = kStart;
  while (adjustment.ip_rate() < BitRate::bits_per_second(1000 * kMega)) {
    now = feed(adjustment, kGood, 1, now);
    ++feedbacks;
  }
  CHECK(feedbacks * LoadAdjustment::kFeedbackInterval == 5s);
  CHECK(adjustment.row() == 1000);  // the fast increase stops at its last row
  while (adjustment.ip_rate() < BitRate::bits_per_second(10'000 * kMega)) {
    now = feed(adjustment, kGood, 1, now);
    ++feedbacks;
  }
  CHECK(feedbacks * LoadAdjustment::kFeedbackInterval == 9500ms);
}

TEST_CASE("the third sign of congestion takes thirty rows, the others one", "[pacing]") {
  for (const auto bad : {kLossy, kSlow}) {
    LoadAdjustment adjustment{kStart, kAnyRate};
    MonoTime now = feed(adjustment, kGood, 10, kStart);
    REQUIRE(adjustment.row() == 100);
    now = feed(adjustment, bad, 1, now);
    CHECK(adjustment.row() == 99);
    now = feed(adjustment, bad, 1, now);
    CHECK(adjustment.row() == 98);
    CHECK_FALSE(adjustment.congestion_confirmed());
    now = feed(adjustment, bad, 1, now);
    CHECK(adjustment.row() == 68);
    CHECK(adjustment.congestion_confirmed());
    now = feed(adjustment, bad, 1, now);
    CHECK(adjustment.row() == 67);
    feed(adjustment, kGood, 5, now);
    CHECK(adjustment.row() == 72);  // by single rows from now on
  }
}

TEST_CASE("a fast increase forgets the signs before it, a pause does not", "[pacing]") {
  LoadAdjustment forgetful{kStart, kAnyRate};
  MonoTime now = feed(forgetful, kGood, 10, kStart);
  now = feed(forgetful, kLossy, 2, now);
  now = feed(forgetful, kGood, 1, now);
  feed(forgetful, kLossy, 2, now);
  CHECK_FALSE(forgetful.congestion_confirmed());

  LoadAdjustment held{kStart, kAnyRate};
  now = feed(held, kGood, 10, kStart);
  now = feed(held, kLossy, 2, now);
  now = feed(held, kBetween, 4, now);
  CHECK(held.row() == 98);
  feed(held, kLossy, 1, now);
  CHECK(held.congestion_confirmed());
}

TEST_CASE("without a round trip nothing is raised, and errors still count", "[pacing]") {
  LoadAdjustment adjustment{kStart, kAnyRate};
  MonoTime now = feed(adjustment, kGood, 2, kStart);
  now = feed(adjustment, {0, std::nullopt}, 3, now);
  CHECK(adjustment.row() == 20);
  feed(adjustment, {11, std::nullopt}, 1, now);
  CHECK(adjustment.row() == 19);
}

TEST_CASE("feedback that stays away lowers the rate, ever more", "[pacing]") {
  LoadAdjustment adjustment{kStart, kAnyRate};
  feed(adjustment, kGood, 10, kStart);
  const MonoTime last = kStart + 9 * LoadAdjustment::kFeedbackInterval;
  adjustment.on_timer(last + 190ms);
  CHECK(adjustment.row() == 100);
  adjustment.on_timer(last + 191ms);
  CHECK(adjustment.row() == 99);
  adjustment.on_timer(last + 240ms);
  CHECK(adjustment.row() == 99);
  adjustment.on_timer(last + 241ms);
  CHECK(adjustment.row() == 98);
  adjustment.on_timer(last + 291ms);
  CHECK(adjustment.row() == 68);
  adjustment.on_status(kGood, last + 300ms);
  adjustment.on_timer(last + 490ms);
  CHECK(adjustment.row() == 69);
}

TEST_CASE("neither end of the table is left, and the cap is kept", "[pacing]") {
  LoadAdjustment low{kStart, kAnyRate};
  feed(low, kLossy, 50, kStart);
  CHECK(low.row() == 0);

  LoadAdjustment capped{kStart, BitRate::bits_per_second(25 * kMega + 1)};
  feed(capped, kGood, 50, kStart);
  CHECK(capped.ip_rate() == BitRate::bits_per_second(25 * kMega));

  CHECK(LoadAdjustment::highest_row(BitRate::bits_per_second(1150 * kMega)) == 1001);

  LoadAdjustment below{kStart, BitRate::bits_per_second(1)};
  feed(below, kGood, 50, kStart);
  CHECK(below.row() == 0);
}
