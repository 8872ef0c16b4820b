#include "app/options/table.hpp"

#include <algorithm>
#include <array>

#include "app/iperf3/rows.hpp"

namespace udperf::app {

std::span<const OptionGroup> option_groups() {
  static const std::array<OptionGroup, 8> groups{{{"What to send (one of)", amount_rows()},
                                                  {"How to send", traffic_rows()},
                                                  {"Sizes and times", shape_rows()},
                                                  {"Connection", connection_rows()},
                                                  {"Who is served", policy_rows()},
                                                  {"Monitoring", monitor_rows()},
                                                  {"Output", output_rows()},
                                                  {"Log and help", logging_rows()}}};
  return groups;
}

std::span<const OptionGroup> option_groups(Command command) {
  return command == Command::iperf3 ? iperf3_groups() : option_groups();
}

std::span<const OptionSpec> option_table() {
  static const std::vector<OptionSpec> table = [] {
    std::vector<OptionSpec> all;
    for (const OptionGroup& group : option_groups()) {
      all.insert(all.end(), group.rows.begin(), group.rows.end());
    }
    return all;
  }();
  return table;
}

const OptionSpec* find_option(Command command, std::string_view name) {
  const auto table = option_table();
  const auto found = std::find_if(table.begin(), table.end(), [&](const OptionSpec& option) {
    return option.name == name && option.belongs_to(command);
  });
  return found != table.end() ? &*found : nullptr;
}

std::string help_text(const OptionSpec& option) {
  std::string text{option.help};
  const std::string_view value = option.fallback.empty() ? option.fallback_text : option.fallback;
  if (!value.empty()) {
    text += " (default " + std::string{value} + ")";
  }
  return text;
}

bool has_word(std::string_view list, std::string_view word) {
  for (std::size_t start = 0; start < list.size();) {
    const auto end = std::min(list.find(' ', start), list.size());
    if (list.substr(start, end - start) == word) {
      return true;
    }
    start = end + 1;
  }
  return false;
}

}  // namespace udperf::app
