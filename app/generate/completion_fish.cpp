#include "app/generate/completion.hpp"
#include "app/generate/completion_parts.hpp"

namespace udperf::app {
namespace {

/// Within single quotes of fish, where a backslash escapes.
std::string fish_quoted(std::string_view text) {
  std::string result = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') {
      result += '\\';
    }
    result += c;
  }
  return result + "'";
}

std::string value_part(const OptionSpec& option) {
  switch (value_kind(option)) {
    case ValueKind::none:
      return {};
    case ValueKind::free:
      return " -x";
    case ValueKind::choice:
      return " -x -a " + fish_quoted(option.choices);
    case ValueKind::file:
      return " -r -F";
    case ValueKind::fields:
      return " -x -a '(__udperf_fields)'";
  }
  return {};
}

std::string start_of(const CommandSpec& command) {
  return "complete -c udperf -n '__udperf_command " + std::string{command.name} + "'";
}

std::string command_lines(const CommandSpec& command) {
  std::string text = "complete -c udperf -n __udperf_no_command -a " + std::string{command.name} +
                     " -d " + fish_quoted(command.summary) + "\n";
  for (const OptionSpec* const option : options_of(command)) {
    text += start_of(command);
    if (option->letter != 0) {
      text += std::string{" -s "} + option->letter;
    }
    text += " -l " + std::string{option->name} + value_part(*option) + " -d " +
            fish_quoted(help_text(*option)) + "\n";
  }
  if (takes_host(command)) {
    text += start_of(command) + " -a '(__fish_print_hostnames)'\n";
  } else if (takes_file(command)) {
    text += start_of(command) + " -F\n";
  }
  return text;
}

constexpr std::string_view kHelpers = R"(
function __udperf_no_command
  test (count (commandline -opc)) -eq 1
end

function __udperf_command
  set -l words (commandline -opc)
  test (count $words) -ge 2; and test $words[2] = $argv[1]
end

# A list with commas: its last element is completed.
function __udperf_fields
  set -l head (commandline -ct | string replace -r '^--print=' '' | string match -r '.*,')
  for field in $__udperf_field_names
    echo $head$field
  end
end

complete -c udperf -f
complete -c udperf -n __udperf_no_command -l help -d 'list the commands'
complete -c udperf -n __udperf_no_command -l version -d 'print version, commit, compiler and kernel features'
)";

}  // namespace

std::string fish_completion(std::span<const std::string> fields) {
  std::string text =
      "# fish completion for udperf(1)\n"
      "# Generated from the option table of udperf; changes here are lost.\n\n"
      "set -g __udperf_field_names " +
      joined(fields) + "\n" + std::string{kHelpers};
  for (const CommandSpec& command : command_table()) {
    text += command_lines(command);
  }
  return text;
}

}  // namespace udperf::app
