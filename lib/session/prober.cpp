#include "session/prober.hpp"

#include <algorithm>
#include <cmath>

namespace udperf::session {
namespace {

/// Smallest value that at least `share` of the sorted samples do not exceed (RFC 2330 s11.3).
std::int64_t percentile(const std::vector<std::int64_t>& sorted, double share) {
  const auto n = static_cast<double>(sorted.size());
  const auto rank = static_cast<std::size_t>(std::max(std::ceil(share * n), 1.0));
  return sorted[rank - 1];
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

bool Prober::on_reply(const wire::ProbeReply& reply, MonoTime now) {
  const auto found = waiting_.find(reply.id);
  if (found == waiting_.end() || to_ns(found->second) != reply.t1_ns || reply.t3_ns < reply.t2_ns) {
    return false;
  }
  const MonoTime sent_at = found->second;
  waiting_.erase(found);
  const Duration rtt = (now - sent_at) - Duration{reply.t3_ns - reply.t2_ns};
  if (rtt < Duration{0}) {
    return false;
  }
  last_ = rtt;
  longest_ = std::max(longest_, rtt);
  if (rtts_.size() < kMostKept) {
    rtts_.push_back(rtt.count());
  } else {
    ++thinned_;
    rtts_[reply.id % kMostKept] = rtt.count();
  }
  const std::int64_t high = reply.t2_ns - reply.t1_ns;
  const std::int64_t low = reply.t3_ns - to_ns(now);
  if (!corridor_) {
    corridor_ = Corridor{low, high};
  } else {
    corridor_->low_ns = std::max(corridor_->low_ns, low);
    corridor_->high_ns = std::min(corridor_->high_ns, high);
  }
  return true;
}

RttSummary Prober::take() {
  RttSummary summary;
  summary.sent = sent_;
  DelaySummary& d = summary.delay;
  d.n = answered();
  if (!rtts_.empty()) {
    std::sort(rtts_.begin(), rtts_.end());
    double sum = 0;
    for (const std::int64_t rtt : rtts_) {
      sum += static_cast<double>(rtt);
    }
    d.min_ns = rtts_.front();
    d.max_ns = rtts_.back();
    d.mean_ns = static_cast<std::int64_t>(sum / static_cast<double>(rtts_.size()));
    d.p50_ns = percentile(rtts_, 0.5);
    d.p90_ns = percentile(rtts_, 0.9);
    d.p95_ns = percentile(rtts_, 0.95);
    d.p99_ns = percentile(rtts_, 0.99);
    if (rtts_.size() >= 1000) {
      d.p999_ns = percentile(rtts_, 0.999);
    }
  }
  rtts_.clear();
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
  return wire::encode(wire::MessageType::probe_reply, context.session, 0, reply, context.padding);
}

}  // namespace udperf::session
