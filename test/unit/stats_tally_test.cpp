#include "stats/outages.hpp"
#include "stats/tally.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;
using namespace udperf;
using stats::Outages;
using stats::Tally;

namespace {

MonoTime at(Duration since_start) {
  return MonoTime{1000s} + since_start;
}

}  // namespace

TEST_CASE("every datagram is counted as one thing", "[stats]") {
  Tally tally;
  tally.arrived(10);
  tally.first_copies(5, 500, 1);
  tally.first_copies(1, 100, 3);
  tally.duplicate(true);
  tally.duplicate(false);
  tally.count_late();
  tally.count_invalid();
  CHECK(tally.datagrams() == tally.unique() + tally.duplicates() + tally.late() + tally.invalid());
  tally.disown(2, 200);
  CHECK(tally.datagrams() == tally.unique() + tally.duplicates() + tally.late() + tally.invalid());
  RxReport report;
  tally.fill(report);
  CHECK(report.unique == 4);
  CHECK(report.unique_bytes == 400);
  CHECK(report.duplicates == 2);
  CHECK(report.replicated == 1);
  CHECK(report.late == 1);
  CHECK(report.invalid == 3);
  CHECK(report.ecn == std::array<std::uint64_t, 4>{0, 5, 0, 1});
}

TEST_CASE("before the first arrival there is no time", "[stats]") {
  Outages outages{50ms, nullptr};
  CHECK_FALSE(outages.first_arrival());
  CHECK_FALSE(outages.last_arrival());
  outages.arrived(at(0s), 7, 0);
  CHECK(outages.first_arrival() == at(0s));
  CHECK(outages.last_arrival() == at(0s));
  CHECK(outages.take().empty());
}

TEST_CASE("a silence has its length and what is missing across it", "[stats]") {
  Outages outages{50ms, nullptr};
  outages.arrived(at(0s), 0, 0);
  outages.arrived(at(50ms), 1, 1);   // not longer than the threshold
  outages.arrived(at(120ms), 5, 2);  // three are missing
  outages.arrived(at(200ms), 3, 6);  // a late one ends a silence, too
  outages.arrived(at(190ms), 6, 6);  // stamped earlier: time does not go back
  CHECK(outages.last_arrival() == at(200ms));
  const auto list = outages.take();
  REQUIRE(list.size() == 2);
  CHECK(list[0] == Outage{50'000'000, 70'000'000, 3});
  CHECK(list[1] == Outage{120'000'000, 80'000'000, 0});
}

TEST_CASE("no more silences are kept than there is room for", "[stats]") {
  MemoryAccount account{8 * sizeof(Outage)};
  Outages few{50ms, &account};
  Outages many{50ms, nullptr};
  for (std::uint64_t i = 0; i < Outages::kMost + 10; ++i) {
    few.arrived(at(i * 1s), i, i);
    many.arrived(at(i * 1s), i, i);
  }
  CHECK(few.last_arrival() == many.last_arrival());
  CHECK(few.take().size() == 4);
  CHECK(many.take().size() == Outages::kMost);
}
