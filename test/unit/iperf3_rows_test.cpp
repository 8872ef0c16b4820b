#include <vector>

#include "iperf3/summary.hpp"
#include "iperf3/test_record.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;
using namespace udperf;
using namespace udperf::iperf3;

namespace {

using Catch::Detail::Approx;

constexpr std::uint32_t kLength = 100;

}  // namespace

TEST_CASE("Rows add up to the totals, and the clock begins again after the omitted time") {
  Parameters p;
  p.length = kLength;
  p.omit_seconds = 1;
  const MonoTime start{50s};
  RowCutter cutter{p, 1s, start};
  const std::vector<StreamEnds> streams{StreamEnds{5, {}, {}, true}};
  CHECK(cutter.next() == start + 1s);
  auto rows = cutter.cut(streams, {{10, {}}}, start + 1s);
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].omitted);
  CHECK(rows[0].packets == 10);
  CHECK(cutter.next() == start + 2s);
  rows = cutter.cut(streams, {{7, {}}}, start + 2s);
  CHECK_FALSE(rows[0].omitted);
  CHECK(rows[0].packets == 7);
  CHECK(rows[0].start_s == 0.0);
  CHECK(rows[0].end_s == 1.0);
  rows = cutter.cut(streams, {{20, {}}}, start + 3s);
  CHECK(rows[0].packets == 13);
  CHECK(rows[0].bytes == 13 * kLength);
}

TEST_CASE("A row of what is received has the copies that came in it") {
  Parameters p;
  p.length = kLength;
  const MonoTime start{50s};
  RowCutter cutter{p, 1s, start};
  const std::vector<StreamEnds> streams{StreamEnds{5, {}, {}, false}};
  StreamCounters counters;
  counters.totals.duplicates = 3;
  CHECK(cutter.cut(streams, {counters}, start + 1s)[0].duplicates == 3);
  counters.totals.duplicates = 8;
  const IntervalRows rows = cutter.cut(streams, {counters}, start + 2s);
  CHECK(rows[0].duplicates == 5);
  CHECK(sum_rows({rows[0], rows[0]}, Side::receives)->duplicates == 10);
}

TEST_CASE("Without intervals there is one row, and none of the omitted time") {
  Parameters p;
  p.length = kLength;
  p.omit_seconds = 1;
  const MonoTime start{50s};
  RowCutter cutter{p, 0s, start};
  const std::vector<StreamEnds> streams{StreamEnds{5, {}, {}, true}};
  CHECK(cutter.next() == start + 1s);
  CHECK(cutter.cut(streams, {{10, {}}}, start + 1s).empty());
  CHECK(cutter.next() == kNever);
  const IntervalRows rows = cutter.cut(streams, {{7, {}}}, start + 3s);
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].packets == 7);
  CHECK(rows[0].start_s == 0.0);
  CHECK(rows[0].end_s == 2.0);
}

TEST_CASE("The record of a test without end is merged, and nothing of it is lost") {
  const auto ends = GENERATE(false, true);
  CAPTURE(ends);
  constexpr std::uint64_t kIntervals = 20'001;
  TestRecord record;
  record.parameters.seconds = ends ? 86'400 : 0;
  record.streams.resize(2);
  for (std::uint64_t i = 0; i < kIntervals; ++i) {
    Row row;
    row.omitted = i < 3;
    row.start_s = static_cast<double>(row.omitted ? i : i - 3);
    row.end_s = row.start_s + 1;
    row.packets = 5;
    row.bytes = 500;
    row.lost = i % 2 == 0 ? 1 : -1;
    row.out_of_order = 1;
    record.keep({row, row});
  }
  CHECK((record.intervals.size() == kIntervals) == ends);
  CHECK((record.intervals.size() <= 4096) == !ends);
  if (!ends) {
    double omitted_end = 0;
    double end = 0;
    std::int64_t lost = 0;
    for (const auto& rows : record.intervals) {
      REQUIRE(rows.size() == 2);
      const Row& row = rows[1];
      double& so_far = row.omitted ? omitted_end : end;
      REQUIRE(row.start_s == so_far);
      so_far = row.end_s;
      REQUIRE(static_cast<double>(row.packets) == 5 * row.seconds());
      REQUIRE(row.bytes == row.packets * 100);
      REQUIRE(row.out_of_order == row.packets / 5);
      lost += row.lost;
    }
    CHECK(omitted_end == 3);
    CHECK(end == kIntervals - 3);
    CHECK(lost == 1);
  }
}

TEST_CASE(
    "What passed in a short time at the end is a row, and a short time without data is none") {
  Parameters p;
  p.length = kLength;
  const MonoTime start{50s};
  RowCutter cutter{p, 1s, start};
  const std::vector<StreamEnds> streams{StreamEnds{5, {}, {}, true}, StreamEnds{6, {}, {}, false}};
  std::vector<StreamCounters> counters(2);
  counters[0].packets = 10;
  counters[1].totals.counted = 20;
  static_cast<void>(cutter.cut(streams, counters, start + 1s));
  const auto last = [&](const std::vector<StreamCounters>& at, Duration sent, Duration received) {
    return RowCutter{cutter}.cut_last(streams, at, {start + sent, start + received});
  };
  CHECK(last(counters, 1030ms, 1030ms).empty());
  CHECK(last(counters, 1130ms, 1030ms).size() == 2);
  auto sent = counters;
  ++sent[0].packets;
  CHECK(last(sent, 1030ms, 1030ms).size() == 2);
  auto received = counters;
  ++received[1].totals.counted;
  const IntervalRows rows = last(received, 1030ms, 1050ms);
  REQUIRE(rows.size() == 2);
  CHECK(rows[1].packets == 1);
  CHECK(rows[0].end_s == Approx(1.03));  // each way by its own end
  CHECK(rows[1].end_s == Approx(1.05));

  // Who only sends does not wait for what may still arrive.
  RowCutter sender{p, 1s, start};
  const std::vector<StreamEnds> one{streams[0]};
  const std::vector<StreamCounters> ten{counters[0]};
  static_cast<void>(sender.cut(one, ten, start + 1s));
  CHECK(sender.cut_last(one, ten, {start + 1030ms, start + 1250ms}).empty());
}
