#pragma once

#include <vector>

#include "base/saturating.hpp"
#include "result/document.hpp"

namespace udperf::result {

// The parts of one direction, each from the reports of its streams (docs/metrics.md). Sums where
// sums mean something; percentiles of several streams are those of all their datagrams together.

/// The reports of a direction's streams. A side of which one stream's report is missing is empty:
/// a sum over some of the streams would be taken for the whole.
struct StreamReports {
  std::vector<const TxReport*> tx;
  std::vector<const RxReport*> rx;
};
[[nodiscard]] StreamReports collect_reports(const WayOutcome& way);

/// The sum of a counter over the reports; nothing without reports.
template <typename Report, typename Get>
[[nodiscard]] Count sum_over(const std::vector<const Report*>& reports, Get get) {
  if (reports.empty()) {
    return std::nullopt;
  }
  std::uint64_t total = 0;
  for (const Report* report : reports) {
    total = saturating_add(total, get(*report));
  }
  return total;
}

/// Sum and difference of times that a peer told: they may be absurd, but must not be undefined.
[[nodiscard]] constexpr std::int64_t time_sum(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}
[[nodiscard]] constexpr std::int64_t time_between(std::int64_t from, std::int64_t to) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(to) -
                                   static_cast<std::uint64_t>(from));
}

/// Hops from the nearest of the values with which systems start (64, 128, 255).
[[nodiscard]] Count hops_of(std::uint64_t ttl);

/// Per second; nothing where no time passed.
[[nodiscard]] Number rate_over(double amount, std::int64_t span_ns);
/// Nothing where a side is not known or the whole is zero.
[[nodiscard]] Number quotient(const Count& part, const Count& whole);
/// 8 * (bytes - first): the bits that ended after the first datagram had, which only starts the
/// clock.
[[nodiscard]] double bits_after_first(std::uint64_t bytes, std::uint64_t first);

/// Of all streams at one end, the most of each figure.
[[nodiscard]] HostPart build_host(const std::vector<HostLoad>& loads);

[[nodiscard]] TxPart build_tx(const std::vector<const TxReport*>& tx);
[[nodiscard]] PacingPart build_pacing(const std::vector<const TxReport*>& tx);

[[nodiscard]] RxPart build_rx(const std::vector<const RxReport*>& rx, const WayTraffic& traffic);
[[nodiscard]] LossPart build_loss(const StreamReports& reports);
[[nodiscard]] DuplicatesPart build_duplicates(const std::vector<const RxReport*>& rx);
[[nodiscard]] ReorderingPart build_reordering(const std::vector<const RxReport*>& rx);
[[nodiscard]] EcnPart build_ecn(const std::vector<const RxReport*>& rx);

[[nodiscard]] JitterPart build_jitter(const std::vector<const RxReport*>& rx);
[[nodiscard]] DelayPart build_variation(const std::vector<const RxReport*>& rx);
[[nodiscard]] DelayPart build_delay(const std::vector<const RxReport*>& rx,
                                    const ClockRelation& clock);

/// Nothing where no stream had a warm-up.
[[nodiscard]] std::optional<OmittedPart> build_omitted(const StreamReports& reports);
/// Nothing where nobody listened, or a receiver did not tell. `part`: of the same way, built so
/// far; its streams are told how each call sounded.
[[nodiscard]] std::optional<VoicePart> build_voice(const TestParams& params, Way direction,
                                                   const WayOutcome& way, const RttPart& rtt,
                                                   DirectionPart& part);

[[nodiscard]] std::vector<IntervalPart> build_intervals(const std::vector<const RxReport*>& rx);
/// The rows that were told while the test ran, for want of the receiver's report.
[[nodiscard]] std::vector<IntervalPart> build_seen(const std::vector<SeenInterval>& seen);
[[nodiscard]] std::vector<OutagePart> build_outages(const std::vector<const RxReport*>& rx);
[[nodiscard]] std::vector<StreamPart> build_streams(const WayOutcome& way);

}  // namespace udperf::result
