// Streams whose datagrams cost as much memory as they can: the account holds, and the books agree.

#include <random>

#include "base/memory_account.hpp"
#include "stats/stream_stats.hpp"
#include "support/catch.hpp"
#include "support/stats_replay.hpp"

using namespace std::chrono_literals;
using namespace udperf;
using stats::Run;
using stats::StreamStats;
using test::at_ns;
using test::unlimited_plan;

namespace {

constexpr std::uint64_t kPage = stats::SequenceLedger::kPageNumbers;

struct Attack {
  std::uint64_t apart = kPage;     ///< sequence numbers
  std::int64_t stamps_ns = 0;      ///< of departure, from one datagram to the next
  std::int64_t arrivals_ns = 100;  ///< of arrival
};

struct Result {
  RxReport report;
  std::uint64_t most = 0;
  bool out_of_memory = false;
};

Result run(const Attack& attack, std::uint64_t limit, std::uint64_t datagrams) {
  MemoryAccount account{limit};
  Result out;
  {
    StreamStats::Settings settings{unlimited_plan(), 10ms};
    settings.memory = &account;
    StreamStats stats{settings};
    for (std::uint64_t i = 0; i < datagrams; ++i) {
      const auto n = static_cast<std::int64_t>(i);
      stats.add(Run{i * attack.apart, 1, at_ns(1'000'000'000 + n * attack.arrivals_ns),
                    -n * attack.stamps_ns, 0, true});
      out.most = std::max(out.most, account.used());
    }
    out.out_of_memory = stats.out_of_memory();
    stats.finalize(datagrams * attack.apart, true, ClockAnchor{}, out.report);
  }
  CHECK(account.used() == 0);
  return out;
}

void check_books(const RxReport& report) {
  CHECK(report.sent == report.unique + report.lost);
  CHECK(report.datagrams == report.unique + report.duplicates + report.late + report.invalid);
  IntervalRow sum;
  for (const IntervalRow& row : report.intervals) {
    sum.unique += row.unique;
    sum.sent += row.sent;
    sum.lost += row.lost;
  }
  CHECK(sum.unique == report.unique);
  CHECK(sum.sent == report.sent);
  CHECK(sum.lost == report.lost);
}

}  // namespace

TEST_CASE("no pattern of numbers and stamps takes more than the account has", "[stats]") {
  constexpr std::uint64_t kLimit = 1U << 20U;
  const auto attack = GENERATE(Attack{kPage, 0, 100},               // a page of numbers each
                               Attack{1, 256'000, 100},             // a page of delays each
                               Attack{1, 5'000'000'000, 100},       // a coarse delay each
                               Attack{kPage, 256'000, 20'000'000},  // and a row each
                               Attack{1, 0, 300'000'000});          // thirty rows each
  const auto result = run(attack, kLimit, 20'000);

  CAPTURE(attack.apart, attack.stamps_ns, attack.arrivals_ns);
  CHECK(result.most <= kLimit);
  CHECK(result.report.memory_limited);
  CHECK_FALSE(result.out_of_memory);  // the numbers themselves always fit
  CHECK(result.report.unique == 20'000);
  check_books(result.report);
}

TEST_CASE("delays that there was no memory for are absent, not wrong", "[stats]") {
  const auto result = run(Attack{1, 256'000, 100}, 256U << 10U, 5000);
  CHECK_FALSE(result.report.delay_variation);
  CHECK(result.report.delay_bins.empty());
  CHECK(result.report.memory_limited);
}

TEST_CASE("with enough memory nothing is left out, and nothing says so", "[stats]") {
  const auto result = run(Attack{1, 1000, 1000}, 64U << 20U, 5000);
  CHECK(result.report.delay_variation);
  CHECK_FALSE(result.report.memory_limited);
}

TEST_CASE("where not even a page of numbers fits, the books say that they are not exact",
          "[stats]") {
  const auto result = run(Attack{1, 0, 100}, 1000, 100);
  CHECK(result.out_of_memory);
  CHECK(result.report.invalid == 100);
  CHECK(result.report.memory_limited);
  check_books(result.report);
}
