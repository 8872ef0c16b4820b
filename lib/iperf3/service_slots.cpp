// Whose slots, turns and rates Iperf3Service has given out, and by which policy it gives others.

#include <algorithm>

#include "base/saturating.hpp"
#include "base/source_accounts.hpp"
#include "iperf3/service.hpp"

namespace udperf::iperf3 {
namespace {

using namespace std::chrono_literals;

/// Connections beyond the sessions that the policy allows: those that have not asked yet.
constexpr std::size_t kMostUndecided = 256;
constexpr std::size_t kMostUndecidedOfAddress = 64;

}  // namespace

/// Of too many connections that have not got a test, the oldest goes: whoever is served asks at
/// once.
void Iperf3Service::make_room_for(const IpAddress& source) {
  auto oldest = tests_.end();
  auto oldest_of_source = tests_.end();
  std::size_t undecided = 0;
  std::size_t of_source = 0;
  for (auto it = tests_.begin(); it != tests_.end(); ++it) {
    if ((*it)->granted()) {
      continue;
    }
    oldest = undecided++ == 0 ? it : oldest;
    if (source_of((*it)->client().address) == source) {
      oldest_of_source = of_source++ == 0 ? it : oldest_of_source;
    }
  }
  if (of_source >= kMostUndecidedOfAddress) {
    forget(oldest_of_source);
  } else if (undecided >= kMostUndecided) {
    forget(oldest);
  }
}

/// One test of an address at a time: their hellos look alike. Returns when they are to be stepped.
MonoTime Iperf3Service::give_turns(MonoTime now) {
  MonoTime next = kNever;
  for (const auto& test : tests_) {
    if (!test->awaits_turn()) {
      continue;
    }
    const auto taken = std::find_if(tests_.begin(), tests_.end(), [&test](const auto& other) {
      return other->creating() && other->client().address == test->client().address;
    });
    if (taken != tests_.end() && now < (*taken)->turn_ends()) {
      next = std::min(next, (*taken)->turn_ends());
      continue;
    }
    if (taken != tests_.end()) {
      next = std::min(next, end_turn(**taken, now));
    }
    test->take_turn(now);
    next = std::min(next, test->step(now));
  }
  return next;
}

/// Others wait for the turn of `test`, which has said no hello in time: it does not keep it.
/// Returns when it is to be stepped.
MonoTime Iperf3Service::end_turn(ServerTest& test, MonoTime now) {
  test.fail(ErrorNumber::create_stream, "the client made no stream while others waited", now);
  for (const auto& other : tests_) {
    if (other->awaits_turn() && other->client().address == test.client().address) {
      other->waited_in_vain(now);
    }
  }
  return test.step(now);
}

bool Iperf3Service::full(const IpAddress& client, MonoTime now) const {
  const auto occupied = occupancy_with(parts_.neighbours, client, now);
  const session::Policy rules = policy();
  return occupied.sessions >= (rules.exclusive ? 1 : rules.max_sessions) ||
         occupied.sessions_of_address >= rules.max_sessions_per_address;
}

session::Policy Iperf3Service::policy() const {
  const auto& options = parts_.options;
  session::Policy out;
  out.max_sessions = options.max_sessions;
  out.max_sessions_per_address = options.max_sessions_per_address;
  out.exclusive = options.exclusive || options.one_off;
  out.max_rate = options.max_rate;
  out.counts_light_apart = false;  // each has a connection, sockets and a thread's time
  return out;
}

std::size_t Iperf3Service::admitted() const {
  const auto active =
      std::count_if(tests_.begin(), tests_.end(), [](const auto& test) { return test->active(); });
  return static_cast<std::size_t>(active);
}

session::Occupancy Iperf3Service::occupancy(const IpAddress& client, MonoTime now) const {
  session::Occupancy out;
  out.granted_bps = debts_.bps(now);
  MonoTime slot = kNever;
  MonoTime place_of_source = kNever;
  const IpAddress source = source_of(client);
  for (const auto& test : tests_) {
    if (test->holds_rate()) {
      out.granted_bps =
          saturating_add(out.granted_bps, charged_bps(test->parameters(), test->params()));
    }
    if (!test->active()) {
      continue;
    }
    ++out.sessions;
    const MonoTime free = test->free_at(now);
    slot = std::min(slot, free);
    if (source_of(test->client().address) == source) {
      ++out.sessions_of_address;
      place_of_source = std::min(place_of_source, free);
    }
  }
  const MonoTime soonest = slot == kNever ? debts_.next_end(now) : slot;
  out.soonest_end_ms = session::milliseconds_until(soonest, now);
  out.soonest_end_of_address_ms = session::milliseconds_until(place_of_source, now);
  return out;
}

bool Iperf3Service::burst_fits(const Parameters& asked, const TestParams& granted,
                               const session::Occupancy& occupied) const {
  const auto& most = parts_.options.max_rate;
  return !most || asked.burst == 0 || !asked.server_sends() ||
         saturating_add(charged_bps(asked, granted), occupied.granted_bps) <= most->bps();
}

/// Who was sent more than its rate brings in the time that it was there, keeps that rate.
void Iperf3Service::keep_rate(const ServerTest& test, MonoTime now) {
  const Parameters& p = test.parameters();
  if (!parts_.options.max_rate || !p.server_sends() || test.started() == kNever) {
    return;
  }
  const std::uint64_t bps = session::charged_bps(test.params(), Way::down);
  const std::uint64_t spare = std::uint64_t{p.streams} * p.length;
  debts_.owe(bps, session::paid_off(test.started(), test.sent_bytes(), spare, bps), now);
}

}  // namespace udperf::iperf3
