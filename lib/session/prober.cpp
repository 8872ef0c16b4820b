#include "session/prober.hpp"

#include <algorithm>

#include "base/rank.hpp"

namespace udperf::session {
namespace {

/// Smallest value that at least `share` of the sorted samples do not exceed (RFC 2330 s11.3).
std::int64_t percentile(const std::vector<std::int64_t>& sorted, double share) {
  return sorted[nearest_rank(share, sorted.size()) - 1];
}

/// The sorted samples, neighbours joined where there are too many: each bin is named by its last.
std::vector<DelayBin> bins_of(const std::vector<std::int64_t>& sorted) {
  std::vector<DelayBin> bins;
  const std::size_t each = (sorted.size() + kFewDelayBins - 1) / kFewDelayBins;
  for (std::size_t first = 0; first < sorted.size(); first += each) {
    const std::size_t end = std::min(first + each, sorted.size());
    bins.push_back(DelayBin{sorted[end - 1], end - first});
  }
  return bins;
}

}  // namespace

std::vector<std::byte> Prober::probe(MonoTime now, std::size_t bytes) {
  const wire::Probe probe{next_id_++, to_ns(now), 0};
  ++sent_;
  waiting_.emplace(probe.id, now);
  if (waiting_.size() > kMostWaiting) {
    waiting_.erase(waiting_.begin());
  }
  return wire::encode(wire::MessageType::probe, session_, 0, probe, bytes);
}

bool Prober::on_reply(const wire::ProbeReply& reply, MonoTime arrived, bool kernel_stamp) {
  const auto found = waiting_.find(reply.id);
  if (found == waiting_.end() || to_ns(found->second) != reply.t1_ns || reply.t3_ns < reply.t2_ns) {
    return false;
  }
  const MonoTime sent_at = found->second;
  waiting_.erase(found);
  const Duration rtt = (arrived - sent_at) - Duration{reply.t3_ns - reply.t2_ns};
  if (rtt < Duration{0}) {
    return false;
  }
  kernel_stamps_ = kernel_stamps_ && kernel_stamp && reply.stamp == wire::ProbeStamp::kernel;
  last_ = rtt;
  longest_ = std::max(longest_, rtt);
  if (samples_.size() < kMostKept) {
    samples_.push_back(Sample{sent_at, rtt});
  } else {
    ++thinned_;
    samples_[reply.id % kMostKept] = Sample{sent_at, rtt};
  }
  return true;
}

RttSummary Prober::take(MonoTime now) {
  const Duration on_the_way = longest_ * 5 / 4;
  const auto going = std::count_if(waiting_.begin(), waiting_.end(),
                                   [&](const auto& one) { return now - one.second <= on_the_way; });
  RttSummary summary;
  summary.sent = sent_ - static_cast<std::uint64_t>(going);
  DelaySummary& d = summary.delay;
  d.n = answered();
  if (!samples_.empty()) {
    std::vector<std::int64_t> rtts;
    rtts.reserve(samples_.size());
    double sum = 0;
    for (const Sample& sample : samples_) {
      rtts.push_back(sample.rtt.count());
      sum += static_cast<double>(sample.rtt.count());
    }
    std::sort(rtts.begin(), rtts.end());
    d.min_ns = rtts.front();
    d.max_ns = rtts.back();
    d.mean_ns = static_cast<std::int64_t>(sum / static_cast<double>(rtts.size()));
    d.p50_ns = percentile(rtts, 0.5);
    d.p90_ns = percentile(rtts, 0.9);
    d.p95_ns = percentile(rtts, 0.95);
    d.p99_ns = percentile(rtts, 0.99);
    if (rtts.size() >= 1000) {
      d.p999_ns = percentile(rtts, 0.999);
    }
    summary.bins = bins_of(rtts);
  }
  summary.kernel_stamps = kernel_stamps_ && d.n > 0;
  kernel_stamps_ = true;
  samples_.clear();
  thinned_ = 0;
  sent_ = 0;
  waiting_.clear();
  return summary;
}

std::vector<std::byte> answer_probe(const wire::Probe& probe, const ProbeContext& context,
                                    MonoTime now) {
  wire::ProbeReply reply;
  reply.id = probe.id;
  reply.t1_ns = probe.t1_ns;
  reply.t2_ns = to_ns(context.arrived);
  reply.t3_ns = to_ns(now);
  reply.received_bytes = static_cast<std::uint32_t>(context.bytes);
  reply.sessions_max = context.sessions_max;
  reply.path_mtu = context.path_mtu;
  reply.stamp = context.kernel_stamp ? wire::ProbeStamp::kernel : wire::ProbeStamp::user;
  reply.utc_minus_mono_ns = to_ns(context.clock.unix) - to_ns(context.clock.mono);
  return wire::encode(wire::MessageType::probe_reply, context.session, 0, reply, context.padding);
}

}  // namespace udperf::session
