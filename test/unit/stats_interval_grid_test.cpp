#include "model/forever.hpp"
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

TEST_CASE("rows of a test without end are merged in pairs, and their sums stay", "[stats]") {
  // Five numbers a row, the third of them lost; folded ten rows late.
  constexpr std::uint64_t kRows = 3 * udperf::kMostForeverRows + 17;
  const std::uint64_t lag = GENERATE(10U, 11U);
  udperf::MemoryAccount account{UINT64_MAX};
  IntervalGrid grid{10ms, &account, udperf::stats::FullGrid::rows_are_merged};
  grid.set_anchor(at_ms(0));
  const auto settle = [&grid](std::uint64_t row) {
    grid.settle({row * 5, 2, true});
    grid.settle({row * 5 + 2, 1, false});
    grid.settle({row * 5 + 3, 2, true});
  };
  std::uint64_t most = 0;
  for (std::uint64_t row = 0; row < kRows; ++row) {
    grid.move_to(at_ms(static_cast<std::int64_t>(row) * 10), row * 5);
    grid.row().unique += 4;
    grid.row().bytes += 400;
    grid.row().duplicates += row % 3;
    grid.row().reordered += row % 2;
    grid.add_delay(row == 777 ? 9ms : 1ms);
    if (row >= lag) {
      settle(row - lag);
    }
    most = std::max(most, account.used());
  }
  for (std::uint64_t row = kRows - lag; row < kRows; ++row) {
    settle(row);
  }
  grid.finish(kRows * 5, 1ms);
  CHECK(grid.length() == 40ms);
  CHECK(most < udperf::kMostForeverRows * 2 * (sizeof(udperf::IntervalRow) + 40));
  const auto rows = grid.take();
  CHECK(rows.size() == (kRows + 3) / 4);
  for (std::size_t i = 0; i + 1 < rows.size(); ++i) {
    const std::uint64_t at = 4 * i;
    REQUIRE(rows[i].unique == 16);
    REQUIRE(rows[i].bytes == 1600);
    REQUIRE(rows[i].sent == 20);
    REQUIRE(rows[i].lost == 4);
    REQUIRE(rows[i].duplicates == at % 3 + (at + 1) % 3 + (at + 2) % 3 + at % 3);
    REQUIRE(rows[i].reordered == 2);
    REQUIRE((rows[i].dv_p50_ns == -1) == (i < udperf::kMostForeverRows / 2));  // merged
    REQUIRE((rows[i].dv_p99_ns > 7'000'000) == (i == 777 / 4));
  }
  CHECK(rows.back().unique == 4);  // one of 17 is left over
  CHECK(rows.back().lost == 1);
}

TEST_CASE("years of silence in a test without end end", "[stats]") {
  IntervalGrid grid{10ms, nullptr, udperf::stats::FullGrid::rows_are_merged};
  grid.set_anchor(at_ms(0));
  grid.row().unique = 1;
  grid.move_to(at_ms(0) + udperf::kForever, 5);
  grid.row().unique += 1;
  grid.finish(7, 0ns);
  CHECK(grid.length() <= udperf::kLongestRow);
  const auto rows = grid.take();
  CHECK(rows.size() <= udperf::kMostForeverRows);
  CHECK(rows.front().sent == 5);
  CHECK(rows.back().sent == 2);
}
