#include "engine/path_probes.hpp"

namespace udperf::engine {
namespace {

constexpr std::uint64_t kBurst = 10;
constexpr Duration kBurstEvery = std::chrono::milliseconds{1};

}  // namespace

bool PathProbes::on_reply(const wire::ProbeReply& reply, const Arrival& arrival) {
  if (!prober_.on_reply(reply, arrival.at, arrival.kernel)) {
    return false;
  }
  last_rtt_ns_.store(prober_.last_rtt().value_or(Duration{0}).count());
  return true;
}

std::optional<MonoTime> PathProbes::burst(ControlChannel& channel, MonoTime now) {
  const bool enough = prober_.answered() >= kBurst;
  if (enough || now - burst_since_ > static_cast<int>(kBurst) * kBurstEvery + wait_) {
    return std::nullopt;
  }
  if (prober_.sent() < kBurst) {
    send_due(channel, kBurstEvery, now);
  }
  return prober_.sent() < kBurst ? next_ : now + kBurstEvery;
}

MonoTime PathProbes::send_due(ControlChannel& channel, Duration every, MonoTime now) {
  if (now >= next_) {
    channel.send(prober_.probe(channel.clock_now()));
    next_ = now + every;
  }
  return next_;
}

void PathProbes::take_loaded(MonoTime now) {
  if (idle_ && !loaded_) {
    loaded_samples_ = prober_.samples();
    loaded_ = prober_.take(now);
  }
}

}  // namespace udperf::engine
