#include <array>

#include "report/fields/parts.hpp"
#include "report/json_tree.hpp"

namespace udperf::report {

const char* step_name(search::Step step) {
  constexpr std::array kNames{"approach", "overload", "host",  "loss_check",
                              "bisect",   "confirm",  "adjust"};
  return kNames[static_cast<std::size_t>(step)];
}

Json trial_event(const search::TrialPart& trial, Way way) {
  Json tree{{"direction", way == Way::up ? "up" : "down"}};
  tree.update(tree_of(trial_fields(), trial));
  return tree;
}

std::vector<Described> trial_event_fields() {
  constexpr About kDirection{"Which direction.", "", "", "", "up down"};
  std::vector<Described> fields{{"direction", {FieldKind::text}, kDirection, {}}};
  for (Described& field : describe(trial_fields())) {
    fields.push_back(std::move(field));
  }
  return fields;
}

std::optional<std::int64_t> added_delay(const search::Answer& answer) {
  if (!answer.rtt_idle_p50_ns || !answer.rtt_loaded_p50_ns) {
    return std::nullopt;
  }
  return *answer.rtt_loaded_p50_ns - *answer.rtt_idle_p50_ns;
}

}  // namespace udperf::report
