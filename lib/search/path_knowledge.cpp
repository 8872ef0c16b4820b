#include "search/path_knowledge.hpp"

#include <algorithm>

#include "search/shared.hpp"

namespace udperf::search {

PathKnowledge::PathKnowledge(const Goal& wanted) : goal(wanted), time(wanted.time) {
  answer.way = wanted.way;
  answer.max_loss = wanted.max_loss;
}

double PathKnowledge::cap(double rate) const {
  const double most =
      std::min(goal.max_rate_bps.value_or(kMostBps), server_cap_bps.value_or(kMostBps));
  return std::min(rate, most);
}

bool PathKnowledge::fastest(double rate) const {
  return rate >= cap(kMostBps) * 0.999;
}

double PathKnowledge::below(double ceiling) const {
  constexpr double kShare = 0.3;
  return cap(ceiling * (1 - kShare * goal.resolution));
}

Duration PathKnowledge::for_packets(double packets, double rate) const {
  const double needed =
      std::min(packets * 8.0 * goal.payload_bytes / std::max(rate, kLeastBps), 60.0);
  return Duration{static_cast<std::int64_t>(needed * 1e9)};
}

Duration PathKnowledge::short_trial(double packets, double rate) const {
  constexpr Duration kShortest = std::chrono::milliseconds{600};
  return std::clamp<Duration>(for_packets(packets, rate), kShortest, kLongestShort);
}

double PathKnowledge::packets_to_lose() const {
  constexpr double kExpectedLosses = 8;
  constexpr double kLeastRatio = 1e-6;
  return std::max(kShortPackets, kExpectedLosses / std::max(bracket.failed_ratio(), kLeastRatio));
}

bool PathKnowledge::time_for_overload() const {
  return time.fits(overloads.duration() + time.overhead() + kConfirm);
}

void PathKnowledge::note(const Trial& trial, const Observation& seen, Verdict verdict) {
  answer.trials.push_back(part_of(trial, seen, verdict));
  time.note_loaded_rtt(Duration{seen.rtt_loaded_p50_ns.value_or(0)});
  if (seen.rtt_idle_p50_ns) {
    answer.rtt_idle_p50_ns =
        std::min(answer.rtt_idle_p50_ns.value_or(INT64_MAX), *seen.rtt_idle_p50_ns);
  }
}

void PathKnowledge::take_ceiling(const LateRate& late) {
  constexpr double kBurstSeconds = 0.1;
  constexpr double kBurstPackets = 20;
  constexpr double kAbove = 1.25;
  bracket.saturated(late);
  answer.bottleneck_bps = late.low_bps;
  const double burst = late.burst_bytes;
  const bool bucket =
      burst > kBurstSeconds * late.high_bps / 8 && burst > kBurstPackets * goal.payload_bytes;
  const bool passed_above =
      std::any_of(answer.trials.begin(), answer.trials.end(), [&](const TrialPart& t) {
        return t.verdict == Verdict::passed && t.rate_bps > kAbove * late.high_bps;
      });
  answer.shaper_suspected = answer.shaper_suspected || bucket || passed_above;
}

void PathKnowledge::set_answer(double payload_bps) {
  const double headers = ip_udp_header_bytes(family);
  answer.answer_bps = payload_bps;
  answer.answer_ip_bps = payload_bps * (goal.payload_bytes + headers) / goal.payload_bytes;
}

void PathKnowledge::refresh_bracket() {
  answer.bracket_low_bps = best_passed();
  if (answer.confirmed) {  // whatever was thought of the path before
    answer.bracket_low_bps =
        std::max(answer.bracket_low_bps.value_or(0), answer.answer_bps.value_or(0));
  }
  answer.bracket_high_bps = bracket.high();
}

void PathKnowledge::conclude(Limit limit) {
  answer.limited_by = limit;
  answer.duration_s = seconds(time.now());
  refresh_bracket();
  const bool no_answer = limit == Limit::path_loss || limit == Limit::below_min_rate;
  if (answer.confirmed || no_answer) {
    return;
  }
  answer.underestimate_likely = true;
  if (const auto& ceiling = bracket.ceiling()) {
    set_answer(std::min(below(ceiling->low_bps), bracket.failed_bps().value_or(kMostBps)));
  } else if (host_is_limit && best_passed()) {
    set_answer(*best_passed());
  }
}

}  // namespace udperf::search
