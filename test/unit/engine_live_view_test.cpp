#include <vector>

#include "engine/live_view.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;
using udperf::Endpoint;
using udperf::MonoTime;
using udperf::TestOutcome;
using udperf::Warning;
using udperf::Way;
using udperf::engine::ClientObserver;
using udperf::engine::LiveInterval;
using udperf::engine::LiveProgress;
using udperf::engine::LiveView;
using udperf::engine::StreamSnapshot;

namespace {

constexpr MonoTime kStart = MonoTime{} + 1h;

struct Told final : ClientObserver {
  void on_started(const TestOutcome&) override {}
  void on_interval(const LiveInterval& interval) override { intervals.push_back(interval); }
  void on_progress(const LiveProgress& one) override { progress.push_back(one); }
  void on_warning(const Warning&) override {}
  void on_trace(const std::string&, const std::optional<Endpoint>&) override {}

  std::vector<LiveInterval> intervals;
  std::vector<LiveProgress> progress;
};

StreamSnapshot sending(std::uint64_t packets) {
  StreamSnapshot snapshot;
  snapshot.sends = true;
  snapshot.sent_packets = packets;
  snapshot.sent_bytes = packets * 100;
  return snapshot;
}

/// As of the end of the given interval: so many came, and so many numbers had passed.
StreamSnapshot told_of(std::uint64_t intervals, std::uint64_t unique, std::uint64_t next) {
  StreamSnapshot snapshot;
  auto& f = snapshot.told.emplace();
  f.intervals = intervals;
  f.unique = f.at_unique = unique;
  f.unique_bytes = f.at_bytes = unique * 100;
  f.next_expected = f.at_next = next;
  f.at_duplicates = unique / 10;
  f.at_reordered = unique / 5;
  return snapshot;
}

/// Rows of a second, as a receiver reports them: what came of how many.
udperf::StreamOutcome reported(const std::vector<std::pair<std::uint64_t, std::uint64_t>>& rows,
                               udperf::Duration last_arrival) {
  udperf::StreamOutcome stream;
  auto& rx = stream.rx.emplace();
  rx.interval_ns = 1'000'000'000;
  rx.anchor_mono_ns = 5'000'000'000;
  rx.last_mono_ns = rx.anchor_mono_ns + last_arrival.count();
  for (const auto& [unique, sent] : rows) {
    auto& row = rx.intervals.emplace_back();
    row.unique = unique;
    row.bytes = unique * 100;
    row.sent = sent;
    row.lost = sent - unique;
    rx.unique += unique;
  }
  return stream;
}

}  // namespace

TEST_CASE("what was not told while a test ran is told at its end", "[engine]") {
  LiveView view{1s};
  Told told;
  view.report(Way::up, std::vector{told_of(1, 100, 110)}, 0ms, kStart, told);
  const udperf::WayOutcome way{{reported({{100, 110}, {90, 100}, {40, 50}}, 2500ms)}};
  view.finish(Way::up, way, kStart + 3s, told);
  REQUIRE(told.intervals.size() == 3);
  CHECK(told.intervals[1].index == 1);
  CHECK(told.intervals[1].start == 1s);
  CHECK(told.intervals[1].end == 2s);
  CHECK(told.intervals[1].packets == 90);
  CHECK(told.intervals[1].lost == 10);
  CHECK(told.intervals[2].start == 2s);
  CHECK(told.intervals[2].end == 2500ms);
  CHECK(told.intervals[2].packets == 40);
  CHECK(told.intervals[2].bytes == 4000);
  CHECK(told.intervals[2].lost == 10);
  view.finish(Way::up, way, kStart + 3s, told);  // the same again
  CHECK(told.intervals.size() == 3);
}

TEST_CASE("what was read after the last row was told has one of no length", "[engine]") {
  LiveView view{1s};
  Told told;
  view.report(Way::up, std::vector{told_of(2, 150, 200)}, 0ms, kStart, told);
  const udperf::WayOutcome way{{reported({{100, 100}, {100, 100}}, 2s)}};
  view.finish(Way::up, way, kStart + 2s, told);
  REQUIRE(told.intervals.size() == 2);
  CHECK(told.intervals[1].start == 2s);
  CHECK(told.intervals[1].end == 2s);
  CHECK(told.intervals[0].packets + told.intervals[1].packets == 200);
  view.finish(Way::up, way, kStart + 2s, told);  // the same again
  CHECK(told.intervals.size() == 2);
}

TEST_CASE("a test shorter than an interval has one row, of all its streams", "[engine]") {
  LiveView view{1s};
  Told told;
  view.report(Way::up, std::vector{told_of(0, 0, 0), told_of(0, 0, 0)}, 0ms, kStart, told);
  const udperf::WayOutcome way{{reported({{100, 100}}, 400ms), reported({{50, 60}}, 500ms)}};
  view.finish(Way::up, way, kStart + 1s, told);
  REQUIRE(told.intervals.size() == 1);
  CHECK(told.intervals[0].start == 0s);
  CHECK(told.intervals[0].end == 500ms);
  CHECK(told.intervals[0].packets == 150);
  CHECK(told.intervals[0].lost == 10);
}

TEST_CASE("rows that were merged are told as they are", "[engine]") {
  LiveView view{1s, true};
  Told told;
  view.report(Way::up, std::vector{told_of(3, 30, 30), told_of(3, 30, 30)}, 0ms, kStart, told);
  udperf::StreamOutcome merged = reported({{20, 20}, {20, 20}, {10, 10}}, 5s);
  merged.rx->interval_ns *= 2;  // the rows of the other stream, which ended early, are not
  const udperf::WayOutcome way{{merged, reported({{10, 10}, {10, 10}, {10, 10}}, 3s)}};
  view.finish(Way::up, way, kStart + 6s, told);
  REQUIRE(told.intervals.size() == 3);
  CHECK(told.intervals[1].start == 3s);
  CHECK(told.intervals[1].end == 4s);
  CHECK(told.intervals[1].packets == 10);
  CHECK(told.intervals[2].end == 5s);
  CHECK(told.intervals[2].packets == 10);
}

TEST_CASE("rows that cannot be are not told", "[engine][hostile]") {
  LiveView view{1s};
  Told told;
  view.report(Way::up, std::vector{told_of(0, 10, 10)}, 0ms, kStart, told);
  udperf::StreamOutcome absurd = reported({{10, 10}, {10, 10}}, 2s);
  for (const std::int64_t row :
       {std::int64_t{0}, std::int64_t{-1}, INT64_MAX, INT64_MAX / 2, std::int64_t{1} << 40}) {
    absurd.rx->interval_ns = row;
    view.finish(Way::up, udperf::WayOutcome{{absurd}}, kStart + 2s, told);
  }
  view.finish(Way::up, udperf::WayOutcome{{udperf::StreamOutcome{}}}, kStart + 2s, told);
  view.finish(Way::up, udperf::WayOutcome{}, kStart + 2s, told);
  CHECK(told.intervals.empty());
}

TEST_CASE("no interval loses less than nothing", "[engine]") {
  LiveView view{1s};
  Told told;
  view.report(Way::up, std::vector{told_of(1, 90, 100)}, 0ms, kStart, told);
  view.report(Way::up, std::vector{told_of(2, 197, 200)}, 0ms, kStart, told);  // 7 came late
  view.report(Way::up, std::vector{told_of(3, 285, 300)}, 0ms, kStart, told);
  REQUIRE(told.intervals.size() == 3);
  CHECK(told.intervals[0].lost == 10);
  CHECK(told.intervals[1].lost == 0);
  CHECK(told.intervals[2].lost == 5);  // of 15 in all, 10 were told
}

TEST_CASE("the live view says nothing before a stream knows anything", "[engine]") {
  LiveView view{1s};
  Told told;
  view.report(Way::up, std::vector<StreamSnapshot>(2), 0ms, kStart, told);
  CHECK(told.progress.empty());
  CHECK(told.intervals.empty());
}

TEST_CASE("the live view tells what was sent before the receiver tells anything", "[engine]") {
  LiveView view{1s};
  Told told;
  view.report(Way::up, std::vector{sending(3), sending(4)}, 0ms, kStart, told);
  REQUIRE(told.progress.size() == 1);
  CHECK(told.progress[0].sent_packets == 7);
  CHECK(told.progress[0].sent_bytes == 700);
  CHECK(told.progress[0].received_packets == 0);
  CHECK(told.progress[0].elapsed == 0s);
  CHECK_FALSE(told.progress[0].rtt.has_value());
  CHECK(told.intervals.empty());
}

TEST_CASE("progress is of all streams, and counts from the first word", "[engine]") {
  LiveView view{1s};
  Told told;
  view.report(Way::down, std::vector{told_of(0, 1, 1), StreamSnapshot{}}, 0ms, kStart, told);
  view.report(Way::down, std::vector{told_of(0, 80, 90), told_of(0, 20, 25)}, 3ms, kStart + 2s,
              told);
  REQUIRE(told.progress.size() == 2);
  const LiveProgress& last = told.progress[1];
  CHECK(last.way == Way::down);
  CHECK(last.elapsed == 2s);
  CHECK(last.received_packets == 100);
  CHECK(last.received_bytes == 10'000);
  CHECK(last.lost == 15);
  CHECK(last.rtt == 3ms);
}

TEST_CASE("an interval is told once all streams have told of it", "[engine]") {
  LiveView view{1s};
  Told told;
  view.report(Way::up, std::vector{told_of(1, 100, 110), StreamSnapshot{}}, 0ms, kStart, told);
  CHECK(told.intervals.empty());
  view.report(Way::up, std::vector{told_of(2, 200, 220), told_of(0, 90, 90)}, 0ms, kStart, told);
  CHECK(told.intervals.empty());
  view.report(Way::up, std::vector{told_of(2, 200, 220), told_of(1, 100, 100)}, 0ms, kStart, told);
  REQUIRE(told.intervals.size() == 1);
  CHECK(told.intervals[0].index == 0);
  CHECK(told.intervals[0].start == 0s);
  CHECK(told.intervals[0].end == 1s);
}

TEST_CASE("an interval holds what came since the one before it", "[engine]") {
  LiveView view{500ms};
  Told told;
  view.report(Way::up, std::vector{told_of(1, 100, 110)}, 0ms, kStart, told);
  view.report(Way::up, std::vector{told_of(1, 100, 110)}, 0ms, kStart, told);  // the same again
  view.report(Way::up, std::vector{told_of(3, 160, 190)}, 0ms, kStart, told);
  REQUIRE(told.intervals.size() == 2);
  const LiveInterval& second = told.intervals[1];
  CHECK(second.start == 500ms);
  CHECK(second.end == 1500ms);
  CHECK(second.packets == 60);
  CHECK(second.bytes == 6000);
  CHECK(second.lost == 20);
  CHECK(second.duplicates == 6);
  CHECK(second.reordered == 12);
  const auto& seen = view.seen(Way::up);
  REQUIRE(seen.size() == 2);
  CHECK(seen[1].unique == 60);
  CHECK(seen[1].passed == 80);
  CHECK(view.seen(Way::down).empty());
}

TEST_CASE("an end of an interval that is yet to come is not believed", "[engine][hostile]") {
  for (const std::uint64_t absurd : {std::uint64_t{60}, std::uint64_t{1} << 62U, UINT64_MAX}) {
    CAPTURE(absurd);
    LiveView view{1s};
    Told told;
    view.report(Way::up, std::vector{told_of(absurd, 100, 110)}, 0ms, kStart, told);
    view.report(Way::up, std::vector{told_of(absurd, 100, 110)}, 0ms, kStart + 1s, told);
    CHECK(told.progress.size() == 2);
    CHECK(told.intervals.empty());
    CHECK(view.seen(Way::up).empty());
    view.report(Way::up, std::vector{told_of(2, 200, 220)}, 0ms, kStart + 2s, told);
    REQUIRE(told.intervals.size() == 1);
    CHECK(told.intervals[0].end == 2s);
  }
}

TEST_CASE("what is kept of a test without end is merged and still the whole", "[engine]") {
  LiveView view{1s, true};
  Told told;
  constexpr std::uint64_t kRows = 10'000;
  for (std::uint64_t row = 1; row <= kRows; ++row) {
    view.report(Way::up, std::vector{told_of(row, row * 90, row * 100)}, 0ms,
                kStart + std::chrono::seconds{row}, told);
  }
  CHECK(told.intervals.size() == kRows);  // each is told as it happens
  const auto& seen = view.seen(Way::up);
  CHECK(seen.size() <= 4096);
  std::uint64_t unique = 0;
  udperf::Duration end{0};
  for (const auto& row : seen) {
    REQUIRE(row.start == end);
    REQUIRE(row.unique == 90 * static_cast<std::uint64_t>((row.end - row.start) / 1s));
    unique += row.unique;
    end = row.end;
  }
  CHECK(unique == kRows * 90);
  CHECK(end == std::chrono::seconds{kRows});
}
