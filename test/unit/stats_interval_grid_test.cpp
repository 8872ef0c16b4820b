#include "stats/interval_grid.hpp"
#include "support/catch.hpp"
#include "support/stats_replay.hpp"

using namespace std::chrono_literals;
using udperf::stats::IntervalGrid;
using udperf::stats::SequenceLedger;
using udperf::test::at_ms;
using udperf::test::at_ns;

namespace {

/// A grid of rows of 100 ms from 1 s on, with these numbers passed at the end of row 0 and row 1.
IntervalGrid three_rows(std::uint64_t first, std::uint64_t second) {
  IntervalGrid grid{100ms};
  grid.set_anchor(at_ms(1000));
  grid.move_to(at_ms(1100), first);
  grid.move_to(at_ms(1200), second);
  return grid;
}

SequenceLedger::Stretch lost(std::uint64_t first, std::uint64_t count) {
  return {first, count, false};
}

}  // namespace

TEST_CASE("a row ends where the next begins", "[stats]") {
  IntervalGrid grid{100ms};
  CHECK_FALSE(grid.anchored());
  grid.set_anchor(at_ms(1000));
  CHECK(grid.anchored());
  CHECK(grid.anchor() == at_ms(1000));

  grid.move_to(at_ms(1000), 0);
  grid.row().unique += 1;
  grid.move_to(at_ms(1100) - 1ns, 1);
  grid.row().unique += 1;
  grid.move_to(at_ms(1100), 2);
  grid.row().unique += 1;
  grid.finish(3, 0ns);

  const auto rows = grid.take();
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].unique == 2);
  CHECK(rows[0].sent == 2);
  CHECK(rows[1].unique == 1);
  CHECK(rows[1].sent == 1);
}

TEST_CASE("time that goes backwards stays in the row", "[stats]") {
  IntervalGrid grid = three_rows(5, 8);
  grid.move_to(at_ms(1050), 9);
  grid.row().unique += 1;
  grid.move_to(at_ms(0), 9);
  grid.finish(10, 0ns);

  const auto rows = grid.take();
  REQUIRE(rows.size() == 3);
  CHECK(rows[2].unique == 1);
  CHECK(rows[2].sent == 2);
}

TEST_CASE("a silence leaves empty rows", "[stats]") {
  IntervalGrid grid{100ms};
  grid.set_anchor(at_ms(1000));
  grid.move_to(at_ms(1350), 4);
  grid.finish(6, 0ns);

  const auto rows = grid.take();
  REQUIRE(rows.size() == 4);
  CHECK(rows[0].sent == 4);
  CHECK(rows[1].sent == 0);
  CHECK(rows[2].sent == 0);
  CHECK(rows[3].sent == 2);
}

TEST_CASE("what is missing is lost in the row that passed it", "[stats]") {
  IntervalGrid grid = three_rows(10, 30);
  grid.settle(lost(0, 2));    // all in row 0
  grid.settle({2, 6, true});  // nothing lost
  grid.settle(lost(8, 5));    // 8, 9 in row 0; 10, 11, 12 in row 1
  grid.settle({13, 16, true});
  grid.settle(lost(29, 2));  // 29 in row 1, 30 in the open row
  grid.finish(40, 0ns);
  grid.settle(lost(31, 9));  // the tail

  const auto rows = grid.take();
  CHECK(rows[0].lost == 4);
  CHECK(rows[1].lost == 4);
  CHECK(rows[2].lost == 10);
}

TEST_CASE("one stretch of losses may cover several rows, empty ones too", "[stats]") {
  IntervalGrid grid{100ms};
  grid.set_anchor(at_ms(1000));
  grid.move_to(at_ms(1100), 10);
  grid.move_to(at_ms(1300), 10);
  grid.move_to(at_ms(1400), 15);
  grid.finish(20, 0ns);
  grid.settle(lost(0, 20));

  const auto rows = grid.take();
  REQUIRE(rows.size() == 5);
  CHECK(rows[0].lost == 10);
  CHECK(rows[1].lost == 0);
  CHECK(rows[2].lost == 0);
  CHECK(rows[3].lost == 5);
  CHECK(rows[4].lost == 5);
}

TEST_CASE("where nothing arrived one row owns all that was sent", "[stats]") {
  IntervalGrid grid{100ms};
  grid.finish(7, 0ns);
  grid.settle(lost(0, 7));

  const auto rows = grid.take();
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].sent == 7);
  CHECK(rows[0].lost == 7);
  CHECK(rows[0].dv_p50_ns == -1);
}

TEST_CASE("where nothing was sent there is no row", "[stats]") {
  IntervalGrid grid{100ms};
  grid.finish(0, 0ns);
  CHECK(grid.take().empty());
}

TEST_CASE("what was passed beyond the sender's count is in no row", "[stats]") {
  IntervalGrid grid = three_rows(10, 30);
  grid.finish(7, 0ns);

  const auto rows = grid.take();
  CHECK(rows[0].sent == 7);
  CHECK(rows[1].sent == 0);
  CHECK(rows[2].sent == 0);
}

TEST_CASE("what is taken back leaves the latest rows first", "[stats]") {
  IntervalGrid grid{100ms};
  grid.set_anchor(at_ms(1000));
  grid.row().unique = 5;
  grid.row().bytes = 500;
  grid.row().reordered = 1;
  grid.move_to(at_ms(1100), 5);
  grid.row().unique = 3;
  grid.row().bytes = 300;
  grid.finish(8, 0ns);
  grid.take_back(4, 400, 1);

  const auto rows = grid.take();
  CHECK(rows[0].unique == 4);
  CHECK(rows[0].bytes == 400);
  CHECK(rows[0].reordered == 0);
  CHECK(rows[1].unique == 0);
  CHECK(rows[1].bytes == 0);
}

TEST_CASE("rows count delay from the smallest one of the whole stream", "[stats]") {
  IntervalGrid grid{100ms};
  grid.set_anchor(at_ms(1000));
  grid.add_delay(30ms);
  grid.move_to(at_ms(1100), 1);
  grid.move_to(at_ms(1200), 1);
  grid.add_delay(10ms);
  grid.add_delay(14ms);
  grid.finish(3, 10ms);

  const auto rows = grid.take();
  CHECK(rows[0].dv_p50_ns == 20'000'000);
  CHECK(rows[0].dv_p99_ns == 20'000'000);
  CHECK(rows[1].dv_p50_ns == -1);
  CHECK(rows[1].dv_p99_ns == -1);
  CHECK(rows[2].dv_p50_ns >= 0);
  CHECK(rows[2].dv_p50_ns <= 500);
  CHECK(rows[2].dv_p99_ns == 4'000'000);
}

TEST_CASE("rows are bounded: beyond the limit the last one goes on", "[stats]") {
  IntervalGrid grid{10ms};
  grid.set_anchor(at_ms(0));
  grid.move_to(at_ns(INT64_MAX / 2), 5);
  grid.row().unique = 1;
  grid.move_to(at_ns(INT64_MAX / 2 + 1'000'000'000), 6);
  grid.row().unique += 1;
  grid.finish(9, 0ns);

  const auto rows = grid.take();
  REQUIRE(rows.size() == IntervalGrid::kMostRows);
  CHECK(rows.front().sent == 5);
  CHECK(rows.back().unique == 2);
  CHECK(rows.back().sent == 4);
}
