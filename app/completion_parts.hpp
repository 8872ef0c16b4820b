#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "app/option_table.hpp"

namespace udperf::app {

/// What may follow an option, as far as a shell can help with it.
enum class ValueKind : std::uint8_t { none, free, choice, file, fields };

[[nodiscard]] inline ValueKind value_kind(const OptionSpec& option) {
  if (option.value_name.empty() || option.takes_bare()) {  // no word of its own follows
    return ValueKind::none;
  }
  if (!option.choices.empty()) {
    return ValueKind::choice;
  }
  if (option.value_name == "FILE") {
    return ValueKind::file;
  }
  return option.value_name == "FIELDS" ? ValueKind::fields : ValueKind::free;
}

/// What the word is that a command takes besides options.
[[nodiscard]] inline bool takes_host(const CommandText& command) {
  return command.usage.find("HOST") != std::string_view::npos;
}
[[nodiscard]] inline bool takes_file(const CommandText& command) {
  return command.usage.find("FILE") != std::string_view::npos ||
         command.usage.find("RESULT") != std::string_view::npos;
}

[[nodiscard]] inline std::vector<const OptionSpec*> options_of(const CommandText& command) {
  std::vector<const OptionSpec*> options;
  for (const OptionSpec& option : option_table()) {
    if (option.belongs_to(command.command)) {
      options.push_back(&option);
    }
  }
  return options;
}

/// Within single quotes of a POSIX shell.
[[nodiscard]] inline std::string quoted(std::string_view text) {
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
