#include "report/flows_text.hpp"

#include <algorithm>
#include <string>

#include "base/units.hpp"

namespace udperf::report {
namespace {

std::string group_text(const result::FlowGroupPart& group) {
  std::string text = std::to_string(group.flows.size()) + " flows";
  if (group.hops) {
    text += ", " + std::to_string(*group.hops) + (*group.hops == 1 ? " hop" : " hops");
  }
  if (group.least_delay_ns && group.median_delay_ns) {
    text += ", least delay +" + format_duration(Duration{*group.least_delay_ns}) + ", median +" +
            format_duration(Duration{*group.median_delay_ns});
  }
  return text + ", lost " + std::to_string(group.lost) + " of " + std::to_string(group.packets);
}

}  // namespace

void flow_lines(const result::FlowsPart& flows, Block& block) {
  block.line("flows", flows.verdict);
  for (const std::string direction : {"up", "down"}) {
    const auto count = std::count_if(
        flows.groups.begin(), flows.groups.end(),
        [&](const result::FlowGroupPart& group) { return group.direction == direction; });
    std::size_t number = 0;
    for (const result::FlowGroupPart& group : flows.groups) {
      if (group.direction == direction && count > 1) {
        block.line("  " + direction + " " + std::to_string(++number), group_text(group));
      }
    }
  }
}

}  // namespace udperf::report
