#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/reports.hpp"

namespace udperf::test {

/// Numbers that the books keep, and give up, together.
inline constexpr std::uint64_t kPage = 32768;

/// Consecutive numbers that one read of the socket brought. Times in ns, each on its own clock.
struct ArrivedRun {
  std::uint64_t first = 0;
  std::uint32_t count = 1;
  std::int64_t rx_ns = 0;
  std::int64_t tx_ns = 0;
  std::uint8_t ecn = 0;
  bool timed = true;
};

/// What the sender did and what the receiver saw of it.
struct ArrivalLog {
  std::vector<ArrivedRun> runs;  ///< in the order of arrival
  /// Length of every datagram, by number; beyond its end all are `payload_bytes` long.
  std::vector<std::uint32_t> lengths;
  std::uint32_t payload_bytes = 0;
  std::uint64_t sent = 0;  ///< what the sender says it numbered
  std::int64_t interval_ns = 1'000'000'000;
  std::int64_t gap_threshold_ns = 50'000'000;
  std::int64_t tmax_ns = 3'000'000'000;
};

/// The lengths in which `size` bytes are sent: full datagrams; a remainder too small for a header
/// is shared evenly by the fewest last ones that can.
[[nodiscard]] std::vector<std::uint32_t> naive_lengths(std::uint64_t size, std::uint32_t payload);

/// Every statistic of the log, worked out slowly and plainly from the definitions of
/// docs/metrics.md. Shares nothing with lib/stats but the report's struct. Percentiles are exact.
///
/// What it takes from the receiver's rules: a number counts as late once the 32768 numbers it lies
/// among have all been passed for longer than Tmax; and a run's stamps are those of its head, so
/// delay figures count heads only.
[[nodiscard]] RxReport oracle_report(const ArrivalLog& log);

/// In words, where `seen` departs from the oracle's `truth`; empty when it does not. Percentiles
/// may be off by what the histograms document. Where more numbers arrived than were sent, nobody
/// can say in which interval they were: then rows are compared by their sums only.
[[nodiscard]] std::string difference(const RxReport& truth, const RxReport& seen);

/// In words, which conservation law `seen` breaks; empty when none.
[[nodiscard]] std::string broken_law(const RxReport& seen);

}  // namespace udperf::test
