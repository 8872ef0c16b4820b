#include <array>

#include "pacing/load_adjustment.hpp"
#include "report/json_tree.hpp"

namespace udperf::report {
namespace {

Json trial_tree(const search::TrialPart& trial) {
  return Json{{"step", step_name(trial.step)},           {"rate_bps", trial.rate_bps},
              {"duration_s", trial.duration_s},          {"offered_bps", value(trial.offered_bps)},
              {"goodput_bps", value(trial.goodput_bps)}, {"loss_ratio", value(trial.loss_ratio)},
              {"rtt_p50_ns", value(trial.rtt_p50_ns)},   {"verdict", verdict_name(trial.verdict)}};
}

Json sub_interval_tree(const search::SubInterval& part) {
  return Json{{"start_s", part.start_s},
              {"ip_bps", part.ip_bps},
              {"offered_ip_bps", part.offered_ip_bps},
              {"loss_ratio", part.loss_ratio},
              {"rtt_min_ns", value(part.rtt_min_ns)},
              {"rtt_max_ns", value(part.rtt_max_ns)}};
}

/// What RFC 9097 s9 wants to be reported: the maximum with what else was measured then, and the
/// parameters of the method.
Json capacity_tree(const std::optional<search::Capacity>& capacity) {
  using pacing::LoadAdjustment;
  if (!capacity) {
    return nullptr;
  }
  Json parts = Json::array();
  for (const search::SubInterval& part : capacity->sub_intervals) {
    parts.push_back(sub_interval_tree(part));
  }
  Json maximum = nullptr;
  if (capacity->maximum) {
    maximum = sub_interval_tree(capacity->sub_intervals.at(*capacity->maximum));
  }
  return Json{{"maximum", maximum},
              {"flows", capacity->flows},
              {"payload_bytes", capacity->payload_bytes},
              {"test_interval_s", capacity->test_interval_s},
              {"sub_interval_s", capacity->sub_interval_s},
              {"feedback_interval_ns", LoadAdjustment::kFeedbackInterval.count()},
              {"feedback_timeout_ns", LoadAdjustment::kFeedbackTimeout.count()},
              {"low_delay_ns", LoadAdjustment::kLowDelay.count()},
              {"high_delay_ns", LoadAdjustment::kHighDelay.count()},
              {"sequence_errors", LoadAdjustment::kSequenceErrors},
              {"confirmations", LoadAdjustment::kConfirmations},
              {"fast_increase_rows", LoadAdjustment::kFastIncrease},
              {"fast_decrease_rows", LoadAdjustment::kFastDecrease},
              {"sub_intervals", parts}};
}

}  // namespace

const char* step_name(search::Step step) {
  constexpr std::array kNames{"approach", "overload", "host",  "loss_check",
                              "bisect",   "confirm",  "adjust"};
  return kNames[static_cast<std::size_t>(step)];
}

Json trial_event(const search::TrialPart& trial, Way way) {
  Json tree{{"direction", way == Way::up ? "up" : "down"}};
  tree.update(trial_tree(trial));
  return tree;
}

Json search_tree(const std::optional<search::Answer>& answer) {
  if (!answer) {
    return nullptr;
  }
  const auto added = added_delay(*answer);
  Json trials = Json::array();
  for (const search::TrialPart& trial : answer->trials) {
    trials.push_back(trial_tree(trial));
  }
  return Json{{"algorithm", search::algorithm_name(answer->algorithm)},
              {"direction", answer->way == Way::up ? "up" : "down"},
              {"max_loss", answer->max_loss},
              {"answer_bps", value(answer->answer_bps)},
              {"answer_ip_bps", value(answer->answer_ip_bps)},
              {"confirmed", answer->confirmed},
              {"bracket_low_bps", value(answer->bracket_low_bps)},
              {"bracket_high_bps", value(answer->bracket_high_bps)},
              {"limited_by",
               answer->limited_by ? Json(search::limit_name(*answer->limited_by)) : Json(nullptr)},
              {"underestimate_likely", answer->underestimate_likely},
              {"shaper_suspected", answer->shaper_suspected},
              {"bottleneck_bps", value(answer->bottleneck_bps)},
              {"rtt_idle_p50_ns", value(answer->rtt_idle_p50_ns)},
              {"rtt_loaded_p50_ns", value(answer->rtt_loaded_p50_ns)},
              {"bloat_grade", added ? Json(result::bloat_grade(*added)) : Json(nullptr)},
              {"duration_s", answer->duration_s},
              {"trials", trials},
              {"capacity", capacity_tree(answer->capacity)}};
}

std::optional<std::int64_t> added_delay(const search::Answer& answer) {
  if (!answer.rtt_idle_p50_ns || !answer.rtt_loaded_p50_ns) {
    return std::nullopt;
  }
  return *answer.rtt_loaded_p50_ns - *answer.rtt_idle_p50_ns;
}

}  // namespace udperf::report
