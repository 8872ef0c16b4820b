#include "monitor/target_watch.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace udperf::monitor {
namespace {

constexpr std::array<const char*, kEventKinds> kEventNames{"up",
                                                           "down",
                                                           "not_measured",
                                                           "loss_high",
                                                           "loss_normal",
                                                           "mtu_changed",
                                                           "route_length_changed",
                                                           "clock_stepped",
                                                           "server_restarted",
                                                           "threshold_missed",
                                                           "threshold_met"};

}  // namespace

const char* to_string(EventKind kind) {
  return kEventNames.at(static_cast<std::size_t>(kind));
}

std::optional<EventKind> parse_event_kind(std::string_view name) {
  const auto* const found = std::find(kEventNames.begin(), kEventNames.end(), name);
  return found != kEventNames.end()
             ? std::optional{static_cast<EventKind>(found - kEventNames.begin())}
             : std::nullopt;
}

const char* to_string(TargetState state) {
  constexpr std::array<const char*, 4> kNames{"unknown", "up", "down", "not_measured"};
  return kNames.at(static_cast<std::size_t>(state));
}

std::optional<TargetState> state_after(EventKind kind) {
  switch (kind) {
    case EventKind::up:
      return TargetState::up;
    case EventKind::down:
      return TargetState::down;
    case EventKind::not_measured:
      return TargetState::not_measured;
    default:
      return std::nullopt;
  }
}

bool answered(const RoundResult& round) {
  if (round.status == RoundStatus::complete) {
    return true;
  }
  if (round.fell_silent) {
    return false;  // whatever had come before
  }
  const bool arrived = (round.down && round.down->unique > 0) ||
                       (round.up && round.up->unique > 0) ||
                       (round.rtt && round.rtt->times.total() > 0);
  return round.status == RoundStatus::cut_short && arrived;
}

void TargetWatch::Told::add(EventKind kind, std::string direction, std::string detail) {
  events.push_back(Event{kind, round.target, round.number, round.start + round.length,
                         std::move(direction), std::move(detail)});
}

std::vector<Event> TargetWatch::on_round(const RoundResult& round) {
  if (!round.tried) {
    return {};  // nothing is known anew: the state stays as the last round that was tried left it
  }
  Told told{round, {}};
  follow_state(told);
  if (round.server_restarted) {
    ++server_restarts_;
    told.add(EventKind::server_restarted, {}, "the server was started anew");
  }
  // Rounds overlap: a step may be in two of them.
  if (round.server_clock_stepped && !server_stepped_) {
    told.add(EventKind::clock_stepped, {}, "the server's clock was set during the round");
  }
  server_stepped_ = round.server_clock_stepped;
  follow_loss(told);
  follow_limits(told);
  follow_way(told, round.up, "up", up_);
  follow_way(told, round.down, "down", down_);
  for (Event& event : told.events) {
    event.at = after_last(event.at);
  }
  return std::move(told.events);
}

/// Rounds overlap, and changes come one after the other. What is long before the last one is by a
/// clock that was set back meanwhile.
UnixTime TargetWatch::after_last(UnixTime at) const {
  constexpr Duration kOverlap = std::chrono::minutes{1};
  return at < changed_at_ && changed_at_ - at < kOverlap ? changed_at_ : at;
}

/// Who was away while a round ran is told apart by who answers now.
const char* TargetWatch::back_again(const RoundResult& round, TargetState before) const {
  if (before != TargetState::down) {
    return "is measured again";
  }
  if (round.server_restarted) {
    return "answers again: the server was started anew";
  }
  return same_server_
             ? "answers again: the server is the same, so the path was out or it stood still"
             : "answers again";
}

void TargetWatch::follow_state(Told& told) {
  const RoundResult& round = told.round;
  // Who says no is there, and measured nothing.
  const bool unknown = round.status == RoundStatus::not_measured ||
                       round.status == RoundStatus::failed || round.status == RoundStatus::refused;
  const TargetState next = answered(round) ? TargetState::up
                           : unknown       ? TargetState::not_measured
                                           : TargetState::down;
  failures_ = next == TargetState::up ? 0 : failures_ + (failures_ < UINT32_MAX ? 1U : 0U);
  same_server_ = same_server_ && !round.server_restarted;
  if (next == state_) {
    return;
  }
  const TargetState before = state_ == TargetState::unknown ? recalled_ : state_;
  state_ = next;
  since_ = round.start;
  const std::string reason = round.error ? round.error->message() : std::string{};
  switch (next) {
    case TargetState::up:
      if (before != TargetState::unknown && before != TargetState::up) {
        told.add(EventKind::up, {}, back_again(round, before));
      }
      break;
    case TargetState::down:
      same_server_ = round.fell_silent && !round.server_restarted;
      told.add(EventKind::down, {}, reason.empty() ? "nothing comes back" : reason);
      break;
    case TargetState::not_measured:
      told.add(EventKind::not_measured, {}, reason.empty() ? "this host did not measure" : reason);
      // From there on nobody knows; rounds overlap, and changes come one after the other.
      told.events.back().at = std::max(round.start, changed_at_);
      break;
    case TargetState::unknown:
      break;
  }
  changed_at_ = told.events.empty() ? changed_at_ : after_last(told.events.back().at);
}

void TargetWatch::follow_loss(Told& told) {
  const auto loss = worst_loss(told.round);
  if (!limits_.loss_ratio || !loss) {
    return;  // what was not measured changes nothing
  }
  const bool high = *loss > *limits_.loss_ratio;
  if (high == loss_high_) {
    return;
  }
  loss_high_ = high;
  const bool of_up = loss_of(told.round.up) == loss;
  told.add(high ? EventKind::loss_high : EventKind::loss_normal, of_up ? "up" : "down",
           share_text(*loss) + " lost, accepted are " + share_text(*limits_.loss_ratio));
}

/// Loss has words of its own. What was not measured changes nothing.
void TargetWatch::follow_limits(Told& told) {
  if (told.round.status != RoundStatus::complete) {
    return;  // half a round has half a rate
  }
  for (LimitFinding& found : judge_limits(limits_, told.round)) {
    if (found.limit == Limit::loss || !found.kept) {
      continue;
    }
    std::string& missed = missed_.at(static_cast<std::size_t>(found.limit));
    const bool was_kept = missed.empty();
    missed = *found.kept ? std::string{} : found.sentence;
    if (was_kept != *found.kept) {
      told.add(*found.kept ? EventKind::threshold_met : EventKind::threshold_missed, {},
               std::move(found.sentence));
    }
  }
}

void TargetWatch::set_limits(const Limits& limits) {
  limits_ = limits;
  loss_high_ = loss_high_ && limits.loss_ratio;
  for (const auto& [limit, wanted] : {std::pair{Limit::rate, limits.goodput_bps.has_value()},
                                      std::pair{Limit::rtt, limits.rtt_p99.has_value()},
                                      std::pair{Limit::mos, limits.mos.has_value()}}) {
    if (!wanted) {
      missed_.at(static_cast<std::size_t>(limit)).clear();
    }
  }
}

std::vector<std::string> TargetWatch::missed() const {
  std::vector<std::string> sentences;
  std::copy_if(missed_.begin(), missed_.end(), std::back_inserter(sentences),
               [](const std::string& sentence) { return !sentence.empty(); });
  return sentences;
}

void TargetWatch::follow_way(Told& told, const std::optional<RoundWay>& way, const char* direction,
                             Seen& seen) {
  if (!way) {
    return;
  }
  if (way->hops) {
    if (seen.hops && *seen.hops != *way->hops) {
      told.add(EventKind::route_length_changed, direction,
               std::to_string(*seen.hops) + " hops before, " + std::to_string(*way->hops) + " now");
    }
    seen.hops = way->hops;
  }
  if (way->payload_bytes) {
    if (seen.payload_bytes && *seen.payload_bytes != *way->payload_bytes) {
      told.add(EventKind::mtu_changed, direction,
               std::to_string(*seen.payload_bytes) + " bytes of payload crossed before, " +
                   std::to_string(*way->payload_bytes) + " now");
    }
    seen.payload_bytes = way->payload_bytes;
  }
}

}  // namespace udperf::monitor
