#include "session/admission.hpp"

#include <algorithm>
#include <array>

#include "base/saturating.hpp"
#include "model/forever.hpp"
#include "model/packet_plan.hpp"
#include "session/light.hpp"

namespace udperf::session {
namespace {

constexpr std::uint64_t kMostRate = std::uint64_t{1} << 60U;  // of check_params()
constexpr std::uint32_t kRetryMs = 5000;  // when nobody knows when a slot will be free

wire::Reject busy(wire::RejectReason reason, const Occupancy& now) {
  wire::Reject reject;
  reject.reason = reason;
  const std::uint32_t known = reason == wire::RejectReason::too_many_from_you
                                  ? now.soonest_end_of_address_ms
                                  : now.soonest_end_ms;
  reject.retry_after_ms = known != 0 ? known : kRetryMs;
  return reject;
}

/// Not even beside nobody: there is no use in coming again.
wire::Reject never_fits(std::uint64_t limit) {
  wire::Reject reject;
  reject.reason = wire::RejectReason::parameters;
  reject.limit = limit;
  return reject;
}

bool counts_as_light(const TestParams& asked, const Policy& policy) {
  return policy.counts_light_apart && is_light(asked);
}

/// Why there is no place for one test more; nothing where there is.
std::optional<wire::Reject> no_place(const TestParams& asked, const Policy& policy,
                                     const Occupancy& now) {
  if (counts_as_light(asked, policy)) {
    Occupancy untold = now;
    untold.soonest_end_ms = 0;  // they are of full tests
    untold.soonest_end_of_address_ms = 0;
    if (now.light_sessions >= policy.max_light_sessions) {
      return busy(wire::RejectReason::busy, untold);
    }
    if (now.light_sessions_of_address >= policy.max_light_sessions_per_address) {
      return busy(wire::RejectReason::too_many_from_you, untold);
    }
    return std::nullopt;
  }
  if (policy.exclusive && now.sessions > 0) {
    return busy(wire::RejectReason::exclusive, now);
  }
  if (now.sessions >= policy.max_sessions) {
    return busy(wire::RejectReason::busy, now);
  }
  if (now.sessions_of_address >= policy.max_sessions_per_address) {
    return busy(wire::RejectReason::too_many_from_you, now);
  }
  return std::nullopt;
}

/// What frames take: they are filled up to a header, and all of one is due at once.
std::uint64_t charged_for_frames(const TestParams& params, Way way) {
  const FrameCycle frames = PacketPlan::for_stream(params, way, 0).frames();
  if (frames.empty()) {
    return 0;
  }
  const std::uint64_t mean =
      saturating_mul_div(Uint128{frames.bytes()} * params.shape(way).frames.per_1000_s, 8,
                         Uint128{frames.frames()} * 1000);
  return saturating_mul(std::max(mean, saturating_mul(frames.largest(), 8)), params.streams);
}

/// Bits of a burst of all streams, at most.
std::uint64_t burst_bits(const TestParams& params, Way way) {
  const std::uint64_t datagrams = saturating_mul(params.shape(way).burst_packets, params.streams);
  return saturating_mul(datagrams, std::uint64_t{params.payload_bytes} * 8);
}

/// Lowers the rate until what is due at one moment fits into the share, too. Whether it does.
bool fits(TestParams& params, Way way, std::uint64_t share) {
  const std::uint64_t charged = charged_bps(params, way);
  if (charged <= share) {
    return true;
  }
  if (params.shape(way).spacing != Spacing::frames) {
    return false;  // a burst is as large at any rate
  }
  SendRate& rate = way == Way::up ? params.rate_up : params.rate_down;
  rate.value = saturating_mul_div(Uint128{rate.value}, share - share / 64, charged);
  return !check_params(params) && charged_bps(params, way) <= share;
}

std::uint64_t less(std::uint64_t whole, std::uint64_t taken) {
  return whole - std::min(whole, taken);
}

/// What is left of the budget for a test. Light ones have a tenth of it beside: a full test that
/// takes the whole does not keep monitors and probes away.
std::uint64_t left_of(std::uint64_t budget, bool light, const Occupancy& now) {
  const std::uint64_t left = less(budget, now.granted_bps);
  return light ? std::max(left, less(budget / 10, now.light_granted_bps)) : left;
}

/// Lowers what is above its way's share; false where that cannot be done.
bool lower_to(TestParams& params, std::uint64_t share) {
  for (const Way way : {Way::up, Way::down}) {
    SendRate& rate = way == Way::up ? params.rate_up : params.rate_down;
    if (!rate.limited() || payload_bps(params, way, rate) > share) {
      const bool adjusted = rate.adjusted();
      rate = SendRate{adjusted ? SendRate::Kind::adjusted : SendRate::Kind::bits, share};
    }
    const Spacing spacing = params.shape(way).spacing;
    const bool together = spacing == Spacing::burst || spacing == Spacing::frames;
    if (together && includes(params.direction, way) && !check_params(params) &&
        !fits(params, way, share)) {
      return false;
    }
  }
  return true;
}

/// Shares what is left of the budget between the ways that run, and lowers what is above it.
std::variant<TestParams, wire::Reject> within_budget(TestParams params, const Policy& policy,
                                                     const Occupancy& now) {
  const std::uint64_t budget = policy.max_rate->bps();
  const bool light = counts_as_light(params, policy);
  const std::uint64_t left = left_of(budget, light, now);
  const std::uint64_t ways = params.direction == Direction::both ? 2 : 1;
  // Less than a packet a second is no test, and for a full one less than a hundredth of the whole.
  const std::uint64_t packet = std::uint64_t{params.payload_bytes} * 8 * ways;
  const bool enough = left >= std::max<std::uint64_t>(light ? 0 : budget / 100, packet);
  const std::uint64_t share = std::min(left / ways, kMostRate);
  TestParams lowered = params;
  if (enough && lower_to(lowered, share)) {
    return lowered;
  }
  const std::uint64_t whole = std::min(budget / ways, kMostRate);
  if (budget < packet || !lower_to(params, whole)) {
    return never_fits(whole);
  }
  wire::Reject reject = busy(wire::RejectReason::rate, now);
  reject.limit = enough ? share : left;
  return reject;
}

}  // namespace

std::uint32_t milliseconds_until(MonoTime at, MonoTime now) {
  constexpr std::int64_t kMost = 3'600'000;
  if (at == kNever) {
    return 0;
  }
  const Duration left = std::max(at - now, Duration{0});
  return static_cast<std::uint32_t>(
      std::clamp<std::int64_t>(left / std::chrono::milliseconds{1}, 1, kMost));
}

Occupancy together(const Occupancy& a, const Occupancy& b) {
  Occupancy out;
  out.sessions = a.sessions + b.sessions;
  out.sessions_of_address = a.sessions_of_address + b.sessions_of_address;
  out.light_sessions = a.light_sessions + b.light_sessions;
  out.light_sessions_of_address = a.light_sessions_of_address + b.light_sessions_of_address;
  out.granted_bps = saturating_add(a.granted_bps, b.granted_bps);
  out.light_granted_bps = saturating_add(a.light_granted_bps, b.light_granted_bps);
  const auto sooner = [](std::uint32_t one, std::uint32_t other) {
    return one == 0 || other == 0 ? std::max(one, other) : std::min(one, other);
  };
  out.soonest_end_ms = sooner(a.soonest_end_ms, b.soonest_end_ms);
  out.soonest_end_of_address_ms = sooner(a.soonest_end_of_address_ms, b.soonest_end_of_address_ms);
  return out;
}

std::uint64_t offered_bps(const TestParams& params) {
  std::uint64_t sum = 0;
  for (const Way way : {Way::up, Way::down}) {
    if (includes(params.direction, way)) {
      const SendRate& rate = params.rate(way);
      sum = saturating_add(sum, rate.limited() ? payload_bps(params, way, rate) : 0);
    }
  }
  return sum;
}

std::uint64_t charged_bps(const TestParams& params, Way way) {
  const SendRate& rate = params.rate(way);
  if (!includes(params.direction, way) || !rate.limited()) {
    return 0;
  }
  const std::uint64_t bps = payload_bps(params, way, rate);
  switch (params.shape(way).spacing) {
    case Spacing::burst:
      return std::max(bps, burst_bits(params, way));
    case Spacing::frames:
      return std::max(bps, charged_for_frames(params, way));
    default:
      return bps;
  }
}

std::uint64_t charged_bps(const TestParams& params) {
  return saturating_add(charged_bps(params, Way::up), charged_bps(params, Way::down));
}

std::optional<Duration> granted_time(const TestParams& params) {
  Duration longest{0};
  for (const Way way : {Way::up, Way::down}) {
    if (includes(params.direction, way)) {
      const auto expected = expected_duration(params, way);
      if (!expected) {
        return std::nullopt;
      }
      longest = std::max(longest, *expected);
    }
  }
  return longest;
}

Duration slowest_time(const TestParams& params, Duration expected) {
  constexpr Duration kSlack = std::chrono::seconds{5};
  if (params.amount.duration != Duration{0}) {
    return expected;
  }
  const Duration slow =
      saturating_ns(Uint128{static_cast<std::uint64_t>(expected.count())} * 5 / 4);
  return std::min(slow, Duration::max() - kSlack) + kSlack;
}

std::variant<TestParams, wire::Reject> admit(const TestParams& wanted, const Policy& policy,
                                             const Occupancy& now) {
  TestParams asked = wanted;
  if (policy.max_duration && asked.amount.duration == kForever) {
    // Who names no end takes the server's, of which a warm-up is a part.
    asked.amount.duration = std::clamp(*policy.max_duration - wanted.omit, Duration{1}, kForever);
  }
  if (const auto reject = no_place(asked, policy, now)) {
    return *reject;
  }
  auto decision = policy.max_rate ? within_budget(asked, policy, now)
                                  : std::variant<TestParams, wire::Reject>{asked};
  // As granted: a lower rate makes a test of a given size longer.
  const auto* const granted = std::get_if<TestParams>(&decision);
  if (granted != nullptr && asked.shaped() && check_params(*granted)) {
    wire::Reject reject = busy(wire::RejectReason::rate, now);  // frames would have no room
    reject.limit = policy.max_rate ? policy.max_rate->bps() : 0;
    return reject;
  }
  const auto takes = granted != nullptr ? granted_time(*granted) : std::nullopt;
  if (policy.max_duration && takes && *takes > *policy.max_duration) {
    wire::Reject reject;
    reject.reason = wire::RejectReason::duration;
    reject.limit = static_cast<std::uint64_t>(policy.max_duration->count());
    return reject;
  }
  return decision;
}

}  // namespace udperf::session
