#pragma once

#include <algorithm>
#include <span>
#include <string>

#include "app/options/option.hpp"
#include "app/options/table.hpp"

namespace udperf::app {

// What follows from the rows of the option table once the words of a command line are known.

/// "--size 500: " and then the sentence.
[[nodiscard]] std::string option_problem(const GivenOption& option, std::string_view sentence);

[[nodiscard]] bool is_given(std::span<const GivenOption> given, std::string_view name);

/// Refuses two of which only one can be given (`one_of`).
[[nodiscard]] Problem check_alternatives(Command command, std::span<const GivenOption> given);
/// Refuses what lacks another option (`needs`) or does not go with one (`not_with`).
[[nodiscard]] Problem check_company(Command command, const GivenOption& option,
                                    std::span<const GivenOption> given);
/// The defaults of what is not given and could have been, in the order of the table.
[[nodiscard]] std::vector<GivenOption> defaults(Command command,
                                                std::span<const GivenOption> given);

/// The log's options lie in a struct of their own within a command that has a log.
template <typename Target>
[[nodiscard]] Problem set_option(const OptionSpec& row, const std::string& value, Target& target) {
  if (const auto set = row.set.for_target<Target>()) {
    return set(value, target);
  }
  if constexpr (requires { target.log; }) {
    if (const auto set = row.set.for_target<LogOptions>()) {
      return set(value, target.log);
    }
  }
  return std::nullopt;
}

/// Defaults, then what is given, go into the command; then the rules are asked. Says what is wrong
/// with one option, as a sentence that names it.
template <typename Target>
[[nodiscard]] Problem apply_options(Command command, std::span<const GivenOption> given,
                                    Target& target) {
  if (Problem problem = check_alternatives(command, given)) {
    return problem;
  }
  std::vector<GivenOption> all = defaults(command, given);
  all.insert(all.end(), given.begin(), given.end());
  const auto first_given = all.end() - static_cast<std::ptrdiff_t>(given.size());
  std::stable_partition(first_given, all.end(), [command](const GivenOption& option) {
    const OptionSpec* const row = find_option(command, option.name);
    return row != nullptr && row->first;
  });
  for (const GivenOption& option : all) {
    const OptionSpec* const row = find_option(command, option.name);
    if (Problem problem = row != nullptr ? set_option(*row, option.value, target) : std::nullopt) {
      return option_problem(option, *problem);
    }
  }
  return std::nullopt;
}

/// What only the whole command shows to be impossible; asked when it is complete.
template <typename Target>
[[nodiscard]] Problem check_options(Command command, std::span<const GivenOption> given,
                                    const Target& target) {
  for (const GivenOption& option : given) {
    const OptionSpec* const row = find_option(command, option.name);
    Problem problem = check_company(command, option, given);
    if (!problem && row != nullptr && row->check.template for_target<Target>() != nullptr) {
      problem = row->check.template for_target<Target>()(option, target);
    }
    if (problem) {
      return option_problem(option, *problem);
    }
  }
  return std::nullopt;
}

}  // namespace udperf::app
