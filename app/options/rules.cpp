#include "app/options/rules.hpp"

#include <algorithm>

namespace udperf::app {
namespace {

/// Whether one of the named ones is given.
bool any_given(std::string_view names, std::span<const GivenOption> given) {
  return std::any_of(given.begin(), given.end(),
                     [names](const GivenOption& option) { return has_word(names, option.name); });
}

std::string with_dashes(std::string_view names) {
  std::string text = "--";
  for (const char c : names) {
    text += c == ' ' ? std::string{", --"} : std::string{c};
  }
  return text;
}

}  // namespace

std::string option_problem(const GivenOption& option, std::string_view sentence) {
  std::string text = "--" + option.name;
  if (option.value != "true") {
    text += " " + option.value;
  }
  return text + ": " + std::string{sentence};
}

bool is_given(std::span<const GivenOption> given, std::string_view name) {
  return any_given(name, given);
}

Problem check_alternatives(Command command, std::span<const GivenOption> given) {
  for (std::size_t i = 1; i < given.size(); ++i) {
    const OptionSpec* const row = find_option(command, given[i].name);
    for (std::size_t k = 0; row != nullptr && k < i; ++k) {
      if (given[k].name != given[i].name && has_word(row->one_of, given[k].name)) {
        return option_problem(given[i], "cannot be combined with --" + given[k].name +
                                            "; give only one of " + with_dashes(row->one_of));
      }
    }
  }
  return std::nullopt;
}

Problem check_company(Command command, const GivenOption& option,
                      std::span<const GivenOption> given) {
  const OptionSpec* const row = find_option(command, option.name);
  if (row == nullptr) {
    return std::nullopt;
  }
  if (!row->needs.empty() && !is_given(given, row->needs)) {
    return "needs --" + std::string{row->needs};
  }
  for (const GivenOption& other : given) {
    const OptionSpec* const reason = find_option(command, other.name);
    const bool same_anyhow = !row->harmless.empty() && option.value == row->harmless;
    if (reason == nullptr || same_anyhow || !has_word(row->not_with, other.name)) {
      continue;
    }
    return "does not go with --" + other.name +
           (reason->excluding.empty() ? "" : ", " + std::string{reason->excluding});
  }
  return std::nullopt;
}

std::vector<GivenOption> defaults(Command command, std::span<const GivenOption> given) {
  std::vector<GivenOption> result;
  for (const OptionSpec& row : option_table()) {
    const bool possible = !is_given(given, row.name) && !any_given(row.one_of, given) &&
                          !any_given(row.not_with, given) &&
                          (row.needs.empty() || is_given(given, row.needs));
    if (row.belongs_to(command) && !row.fallback.empty() && possible) {
      result.push_back({std::string{row.name}, std::string{row.fallback}});
    }
  }
  return result;
}

}  // namespace udperf::app
