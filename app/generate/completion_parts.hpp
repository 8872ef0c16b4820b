#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "app/options/commands.hpp"
#include "app/options/table.hpp"

namespace udperf::app {

/// What may follow an option, as far as a shell can help with it.
enum class ValueKind : std::uint8_t { none, free, choice, file, fields };

[[nodiscard]] inline ValueKind value_kind(const OptionSpec& option) {
  if (option.value.empty() || option.takes_bare()) {  // no word of its own follows
    return ValueKind::none;
  }
  if (!option.choices.empty()) {
    return ValueKind::choice;
  }
  if (option.value == "FILE") {
    return ValueKind::file;
  }
  return option.value == "FIELDS" ? ValueKind::fields : ValueKind::free;
}

/// What the word is that a command takes besides options.
[[nodiscard]] inline bool takes_host(const CommandSpec& command) {
  return command.words == WordKind::host;
}
[[nodiscard]] inline bool takes_file(const CommandSpec& command) {
  return command.words == WordKind::file;
}

[[nodiscard]] inline std::vector<const OptionSpec*> options_of(const CommandSpec& command) {
  std::vector<const OptionSpec*> options;
  for (const OptionGroup& group : option_groups(command.command)) {
    for (const OptionSpec& option : group.rows) {
      if (option.belongs_to(command.command)) {
        options.push_back(&option);
      }
    }
  }
  return options;
}

/// Within single quotes of a POSIX shell.
[[nodiscard]] inline std::string shell_quoted(std::string_view text) {
  std::string result = "'";
  for (const char c : text) {
    result += c == '\'' ? std::string{"'\\''"} : std::string{c};
  }
  return result + "'";
}

[[nodiscard]] inline std::string joined(std::span<const std::string> words) {
  std::string result;
  for (const std::string& word : words) {
    result += (result.empty() ? "" : " ") + word;
  }
  return result;
}

}  // namespace udperf::app
