#include "app/generate/completion.hpp"
#include "app/generate/completion_parts.hpp"

namespace udperf::app {
namespace {

/// Text as _arguments takes it between brackets or colons.
std::string escaped(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c == ':' || c == '[' || c == ']' || c == '\\') {
      result += '\\';
    }
    result += c;
  }
  return result;
}

std::string value_part(const OptionSpec& option) {
  const std::string start = ":" + escaped(option.value) + ":";
  if (option.takes_bare()) {
    return ":" + start + "(" + std::string{option.choices} + ")";
  }
  switch (value_kind(option)) {
    case ValueKind::none:
      return {};
    case ValueKind::free:
      return start + " ";
    case ValueKind::choice:
      return start + "(" + std::string{option.choices} + ")";
    case ValueKind::file:
      return start + "_files";
    case ValueKind::fields:
      return start + "_udperf_fields";
  }
  return {};
}

/// One option as an argument of _arguments, with its short name where it has one.
std::string option_line(const OptionSpec& option) {
  const bool has_value = value_kind(option) != ValueKind::none;
  const std::string name = "--" + std::string{option.name};
  const std::string text =
      shell_quoted("[" + escaped(help_text(option)) + "]" + value_part(option));
  // "=-": a value only in the same word.
  const std::string long_form = name + (option.takes_bare() ? "=-" : has_value ? "=" : "");
  const std::string repeat = option.repeatable ? "'*'" : "";
  if (option.letter == 0) {
    return "        " + repeat + long_form + text + " \\\n";
  }
  const std::string letter{'-', option.letter};
  return "        " + (option.repeatable ? repeat : shell_quoted("(" + letter + " " + name + ")")) +
         "{" + letter + (has_value ? "+" : "") + "," + long_form + "}" + text + " \\\n";
}

std::string command_arm(const CommandSpec& command) {
  std::string text = "    " + std::string{command.name} + ")\n      _arguments -s -S \\\n";
  for (const OptionSpec* const option : options_of(command)) {
    text += option_line(*option);
  }
  if (takes_host(command)) {
    return text + "        '1:HOST:_hosts'\n      ;;\n";
  }
  return text + (takes_file(command) ? "        '1:FILE:_files'" : "        && return") +
         "\n      ;;\n";
}

}  // namespace

std::string zsh_completion(std::span<const std::string> fields) {
  std::string commands;
  std::string arms;
  for (const CommandSpec& command : command_table()) {
    commands +=
        "      " + shell_quoted(std::string{command.name} + ":" + escaped(command.summary)) + "\n";
    arms += command_arm(command);
  }
  return "#compdef udperf\n"
         "# Generated from the option table of udperf; changes here are lost.\n\n"
         "_udperf_fields() {\n  local -a fields=(" +
         joined(fields) +
         ")\n  _values -s , field $fields\n}\n\n"
         "_udperf() {\n"
         "  local curcontext=$curcontext\n"
         "  if ((CURRENT == 2)); then\n"
         "    local -a commands=(\n" +
         commands +
         "      '--help:list the commands'\n"
         "      '--version:print version, commit, compiler and kernel features'\n"
         "    )\n"
         "    _describe command commands\n"
         "    return\n"
         "  fi\n"
         "  shift words\n"
         "  ((CURRENT--))\n"
         "  case $words[1] in\n" +
         arms + "  esac\n}\n\n_udperf \"$@\"\n";
}

}  // namespace udperf::app
