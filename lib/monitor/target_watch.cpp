#include "monitor/target_watch.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <utility>

#include "base/units.hpp"
#include "monitor/ratio.hpp"

namespace udperf::monitor {
namespace {

constexpr std::array<const char*, 9> kEventKinds{"up",
                                                 "down",
                                                 "not_measured",
                                                 "loss_high",
                                                 "loss_normal",
                                                 "mtu_changed",
                                                 "route_length_changed",
                                                 "clock_stepped",
                                                 "server_restarted"};

std::string percent(double ratio) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.3g %%", 100 * ratio);
  return text.data();
}

std::optional<double> loss_of(const std::optional<RoundWay>& way) {
  return way ? ratio_of(way->lost, way->sent) : std::nullopt;
}

/// The worse way's.
std::optional<double> worst_loss(const RoundResult& round) {
  const auto up = loss_of(round.up);
  const auto down = loss_of(round.down);
  return up && down ? std::max(up, down) : up ? up : down;
}

/// What a search found, or else what arrived in a second.
std::optional<double> rate_of(const std::optional<RoundWay>& way) {
  return !way ? std::nullopt : way->found_bps ? way->found_bps : way->goodput_bps;
}

std::optional<double> goodput_of(const RoundResult& round) {
  std::optional<double> sum;
  for (const auto* way : {&round.up, &round.down}) {
    if (const auto rate = rate_of(*way)) {
      sum = sum.value_or(0) + *rate;
    }
  }
  return sum;
}

/// The worse way's; nothing where a way that was measured has none.
std::optional<double> worst_mos(const RoundResult& round) {
  std::optional<double> worst;
  for (const auto* way : {&round.up, &round.down}) {
    if (*way && (!(*way)->voice || !(*way)->voice->mos)) {
      return std::nullopt;
    }
    if (*way) {
      worst = std::min(worst.value_or(5), *(*way)->voice->mos);
    }
  }
  return worst;
}

/// Rounded down: what misses a limit does not read like it.
std::string score(double mos) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.2f", std::floor(100 * mos + 1e-6) / 100);
  return text.data();
}

}  // namespace

const char* to_string(EventKind kind) {
  return kEventKinds.at(static_cast<std::size_t>(kind));
}

std::optional<EventKind> parse_event_kind(std::string_view name) {
  const auto* const found = std::find(kEventKinds.begin(), kEventKinds.end(), name);
  return found != kEventKinds.end()
             ? std::optional{static_cast<EventKind>(found - kEventKinds.begin())}
             : std::nullopt;
}

const char* to_string(TargetState state) {
  constexpr std::array<const char*, 4> kNames{"unknown", "up", "down", "not_measured"};
  return kNames.at(static_cast<std::size_t>(state));
}

std::vector<std::string> missed_limits(const Limits& limits, const RoundResult& round) {
  std::vector<std::string> missed;
  if (limits.loss_ratio) {
    const auto loss = worst_loss(round);
    if (!loss) {
      missed.emplace_back("the loss could not be measured");
    } else if (*loss > *limits.loss_ratio) {
      missed.push_back(percent(*loss) + " were lost, accepted are " + percent(*limits.loss_ratio));
    }
  }
  if (limits.goodput_bps) {
    const auto goodput = goodput_of(round);
    if (!goodput) {
      missed.emplace_back("the rate could not be measured");
    } else if (*goodput < *limits.goodput_bps) {
      missed.push_back(format_bit_rate(*goodput) + " arrived, wanted are " +
                       format_bit_rate(*limits.goodput_bps));
    }
  }
  if (limits.rtt_p99) {
    const auto p99 = round.rtt ? round.rtt->times.percentile(0.99) : std::nullopt;
    if (!p99) {
      missed.emplace_back("the round trip was not measured");
    } else if (*p99 > *limits.rtt_p99) {
      missed.push_back("the 99th percentile of round trips was " + format_duration(*p99) +
                       ", accepted are " + format_duration(*limits.rtt_p99));
    }
  }
  if (limits.mos) {
    const auto mos = worst_mos(round);
    if (!mos) {
      missed.emplace_back("how a call would sound could not be measured");
    } else if (*mos < *limits.mos) {
      missed.push_back("a call would sound like MOS " + score(*mos) + ", wanted is " +
                       score(*limits.mos));
    }
  }
  return missed;
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
  if (round.clock_stepped) {
    told.add(EventKind::clock_stepped, {}, "a wall clock was set during the round");
  }
  follow_loss(told);
  follow_way(told, round.up, "up", up_);
  follow_way(told, round.down, "down", down_);
  return std::move(told.events);
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
  const bool ours =
      round.status == RoundStatus::not_measured || round.status == RoundStatus::failed;
  const TargetState next = answered(round) ? TargetState::up
                           : ours          ? TargetState::not_measured
                                           : TargetState::down;
  failures_ = next == TargetState::up ? 0 : failures_ + (failures_ < UINT32_MAX ? 1U : 0U);
  same_server_ = same_server_ && !round.server_restarted;
  if (next == state_) {
    return;
  }
  const TargetState before = state_;
  state_ = next;
  since_ = round.start;
  const std::string reason = round.error ? round.error->message() : std::string{};
  switch (next) {
    case TargetState::up:
      if (before != TargetState::unknown) {
        told.add(EventKind::up, {}, back_again(round, before));
      }
      break;
    case TargetState::down:
      same_server_ = round.fell_silent && !round.server_restarted;
      told.add(EventKind::down, {}, reason.empty() ? "nothing comes back" : reason);
      break;
    case TargetState::not_measured:
      told.add(EventKind::not_measured, {}, reason.empty() ? "this host did not measure" : reason);
      break;
    case TargetState::unknown:
      break;
  }
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
           percent(*loss) + " lost, accepted are " + percent(*limits_.loss_ratio));
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
