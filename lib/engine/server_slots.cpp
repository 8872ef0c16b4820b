// Whose slots ServerSessions has given out, and by which policy it gives others.

#include <algorithm>

#include "base/saturating.hpp"
#include "engine/server_sessions.hpp"
#include "session/light.hpp"

namespace udperf::engine {
/// When a session's slot is free again, as far as it can be told: when it should be over, and once
/// that has passed, when it must be.
MonoTime ServerSessions::free_at(const Session& session, MonoTime now) {
  constexpr Duration kUsualDrain = std::chrono::milliseconds{500};
  const auto& control = *session.control;
  if (control.running()) {
    const MonoTime expected = saturating_after(control.data_until(), kUsualDrain);
    return now < expected ? expected : control.hard_end();
  }
  const auto granted = session::granted_time(session.params);
  return granted ? saturating_after(saturating_after(std::max(session.opened_mono, now), *granted),
                                    kUsualDrain)
                 : kNever;
}

session::Occupancy ServerSessions::occupancy(const IpAddress& client, MonoTime now) const {
  session::Occupancy out = slots_.occupancy(client);
  const std::uint64_t light_debts = debts_.light.bps(now);
  out.light_granted_bps = saturating_add(out.light_granted_bps, light_debts);
  out.granted_bps =
      saturating_add(saturating_add(out.granted_bps, light_debts), debts_.full.bps(now));
  const auto ends = [&](std::uint64_t id) { return free_at(*sessions_.find(id)->second, now); };
  const MonoTime slot = slots_.soonest_end(now, ends);
  const MonoTime soonest =
      slot == kNever ? std::min(debts_.full.next_end(now), debts_.light.next_end(now)) : slot;
  out.soonest_end_ms = session::milliseconds_until(soonest, now);
  out.soonest_end_of_address_ms =
      session::milliseconds_until(slots_.soonest_end_of_source(client, ends), now);
  return out;
}

/// Who was sent more than its rate brings in the time that it was there, keeps that rate.
void ServerSessions::keep_rate(const Session& session, MonoTime now) {
  if (!options_.max_rate || !session.control->running()) {
    return;
  }
  std::uint64_t sent = 0;
  for (const auto& stream : session.streams) {
    sent = saturating_add(sent, stream->sent_bytes());
  }
  const std::uint64_t bps = session::charged_bps(session.params, Way::down);
  const std::uint64_t spare = std::uint64_t{session.params.streams} * session.params.payload_bytes;
  (session.light() ? debts_.light : debts_.full)
      .owe(bps, session::paid_off(session.control->started_at(), sent, spare, bps), now);
}

session::Policy ServerSessions::policy() const {
  session::Policy policy;
  policy.max_sessions = options_.max_sessions;
  policy.max_sessions_per_address = options_.max_sessions_per_address;
  policy.exclusive = options_.exclusive || options_.one_off;
  policy.max_rate = options_.max_rate;
  policy.max_duration = options_.max_duration;
  policy.max_light_sessions = options_.max_light_sessions;
  policy.counts_light_apart = counts_light_apart();
  return policy;
}

bool ServerSessions::is_light(const TestParams& params) const {
  return counts_light_apart() && session::is_light(params);
}

/// Whom a session is counted to: its client; a light one from this host itself to the address that
/// it came to. A monitor of very many addresses of its own host has one address to ask from.
IpAddress ServerSessions::counted_to(const TestParams& params,
                                     const net::Datagram& datagram) const {
  const bool own = datagram.peer.address.is_loopback() && is_light(params);
  return own ? datagram.local.address : datagram.peer.address;
}

}  // namespace udperf::engine
