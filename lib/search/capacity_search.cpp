#include "search/capacity_search.hpp"

#include <algorithm>

#include "pacing/load_adjustment.hpp"
#include "search/shared.hpp"

namespace udperf::search {
namespace {

using namespace std::chrono_literals;
using pacing::LoadAdjustment;

constexpr double kVerifyShare = 0.99;
constexpr Duration kOverhead = 300ms;
constexpr double kNear = 0.98;

double ip_share(const Observation& seen) {
  return static_cast<double>(seen.payload_bytes) /
         (seen.payload_bytes + ip_udp_header_bytes(seen.family));
}

/// Of the table's rows, each stream for itself, not above `ip_bps` in all.
double highest_rate(double ip_bps, std::uint32_t streams) {
  const auto share = BitRate::bits_per_second(static_cast<std::uint64_t>(ip_bps / streams));
  const BitRate row = LoadAdjustment::rate_of_row(LoadAdjustment::highest_row(share));
  return static_cast<double>(std::min(row, share).bps()) * streams;
}

double most_offered(const Observation& seen) {
  double most = 0;
  for (const SubInterval& part : seen.sub_intervals) {
    most = std::max(most, part.offered_ip_bps);
  }
  return most;
}

}  // namespace

bool shows_congestion(const Observation& seen) {
  constexpr std::int64_t kLowDelay = LoadAdjustment::kLowDelay.count();
  return std::any_of(seen.sub_intervals.begin(), seen.sub_intervals.end(),
                     [&seen](const SubInterval& part) {
                       const bool waited = part.rtt_max_ns && seen.rtt_idle_min_ns &&
                                           *part.rtt_max_ns - *seen.rtt_idle_min_ns > kLowDelay;
                       return part.loss_ratio > 0 || waited;
                     });
}

CapacitySearch::CapacitySearch(const CapacityGoal& goal) : goal_(goal) {
  answer_.algorithm = Algorithm::rfc9097;
  answer_.way = goal.way;
  answer_.max_loss = goal.max_loss;
}

std::optional<Trial> CapacitySearch::next(Duration elapsed) {
  answer_.duration_s = seconds(elapsed);
  if (done_) {
    return std::nullopt;
  }
  if (!answer_.capacity) {
    trial_ = Trial{Step::adjust, goal_.max_rate_bps.value_or(kMostBps), goal_.test_interval,
                   kSubInterval};
    return trial_;
  }
  done_ = true;
  if (!answer_.answer_bps || elapsed + kConfirm + kOverhead > goal_.time) {
    return std::nullopt;
  }
  verifying_ = true;
  trial_ = Trial{Step::confirm, kVerifyShare * *answer_.answer_bps, kConfirm, 50ms};
  return trial_;
}

Verdict CapacitySearch::finished(const Observation& seen, Duration elapsed) {
  answer_.duration_s = seconds(elapsed);
  if (seen.rtt_idle_p50_ns) {
    answer_.rtt_idle_p50_ns =
        std::min(answer_.rtt_idle_p50_ns.value_or(INT64_MAX), *seen.rtt_idle_p50_ns);
  }
  if (!verifying_) {
    return after_adjustment(seen);
  }
  // What is asked of every sub-interval is asked here; by default, that nothing is lost.
  const Verdict verdict = judge(trial_, seen, goal_.max_loss < 1 ? goal_.max_loss : 0);
  answer_.trials.push_back(part_of(trial_, seen, verdict));
  answer_.confirmed = verdict == Verdict::passed;
  answer_.rtt_loaded_p50_ns = seen.rtt_loaded_p50_ns;
  return verdict;
}

Verdict CapacitySearch::after_adjustment(const Observation& seen) {
  Capacity& capacity = answer_.capacity.emplace();
  capacity.test_interval_s = seconds(goal_.test_interval);
  capacity.sub_interval_s = seconds(kSubInterval);
  capacity.flows = seen.streams;
  capacity.payload_bytes = seen.payload_bytes;
  if (!seen.complete || seen.payload_bytes == 0) {
    answer_.trials.push_back(part_of(trial_, seen, Verdict::unusable));
    answer_.limited_by = Limit::unstable;
    done_ = true;
    return Verdict::unusable;
  }
  find_maximum(seen);
  const bool congested = shows_congestion(seen);
  answer_.limited_by = answer_.answer_bps ? limit_of(seen) : Limit::path_loss;
  answer_.underestimate_likely = !congested;
  const bool by_hosts = answer_.limited_by == Limit::host_limited;
  const Verdict verdict = by_hosts    ? Verdict::host_limited
                          : congested ? Verdict::congested
                                      : Verdict::passed;
  TrialPart part = part_of(trial_, seen, verdict);
  part.rate_bps = most_offered(seen) * ip_share(seen);
  answer_.trials.push_back(part);
  return verdict;
}

void CapacitySearch::find_maximum(const Observation& seen) {
  Capacity& capacity = *answer_.capacity;
  capacity.sub_intervals = seen.sub_intervals;
  double most = 0;
  for (std::size_t i = 0; i < capacity.sub_intervals.size(); ++i) {
    const SubInterval& part = capacity.sub_intervals[i];
    if (part.loss_ratio <= goal_.max_loss && part.ip_bps > most) {
      most = part.ip_bps;
      capacity.maximum = i;
    }
  }
  if (capacity.maximum) {
    answer_.answer_ip_bps = most;
    answer_.answer_bps = most * ip_share(seen);
  }
}

Limit CapacitySearch::limit_of(const Observation& seen) const {
  constexpr std::uint64_t kPercent = 100;
  const bool by_hosts = 2 * seen.host_lost > seen.lost && seen.lost > 0;
  if (by_hosts || kPercent * seen.skipped > seen.sent) {
    return Limit::host_limited;
  }
  // Where the most that was allowed came out again, nothing faster was wanted.
  const double cap = std::min(seen.granted_bps.value_or(kMostBps), trial_.rate_bps);
  if (*answer_.answer_ip_bps >= kNear * highest_rate(cap / ip_share(seen), seen.streams)) {
    return cap < kNear * trial_.rate_bps ? Limit::server_policy : Limit::max_rate;
  }
  return shows_congestion(seen) ? Limit::network : Limit::time;
}

}  // namespace udperf::search
