#include "app/generate/completion.hpp"
#include "app/generate/completion_parts.hpp"

namespace udperf::app {
namespace {

/// "client:--port | client:-p", the pattern of a case on command and option.
std::string pattern(const CommandSpec& command, const OptionSpec& option) {
  const std::string start = std::string{command.name} + ":-";
  std::string text = start + "-" + std::string{option.name};
  if (option.letter != 0) {
    text += " | " + start + option.letter;
  }
  return text;
}

std::string value_arm(const CommandSpec& command, const OptionSpec& option) {
  const std::string start = "    " + pattern(command, option) + ")\n      ";
  switch (value_kind(option)) {
    case ValueKind::none:
      return {};
    case ValueKind::free:
      return start + "return ;;\n";
    case ValueKind::choice:
      return start + "_udperf_words " + shell_quoted(option.choices) + " && return ;;\n";
    case ValueKind::file:
      return start + "_udperf_files && return ;;\n";
    case ValueKind::fields:
      return start + "_udperf_fields && return ;;\n";
  }
  return {};
}

std::string word_arm(const CommandSpec& command) {
  std::string words;
  for (const OptionSpec* const option : options_of(command)) {
    words += (words.empty() ? "--" : " --") + std::string{option->name};
    if (option->letter != 0) {
      words += std::string{" -"} + option->letter;
    }
  }
  std::string text = "    " + std::string{command.name} +
                     ")\n      case $cur in\n        -*) _udperf_words " + shell_quoted(words) +
                     " ;;\n";
  if (takes_host(command)) {
    text += "        *) mapfile -t COMPREPLY < <(compgen -A hostname -- \"$cur\") ;;\n";
  } else if (takes_file(command)) {
    text += "        *) _udperf_files ;;\n";
  } else {
    text += "        '') _udperf_words " + shell_quoted(words) + " ;;\n";
  }
  return text + "      esac ;;\n";
}

constexpr std::string_view kHelpers = R"(
_udperf_words() {
  mapfile -t COMPREPLY < <(compgen -W "$1" -- "$cur")
}

_udperf_files() {
  compopt -o filenames 2>/dev/null
  mapfile -t COMPREPLY < <(compgen -f -- "$cur")
}

# A list with commas: its last element is completed.
_udperf_fields() {
  local head=''
  [[ $cur == *,* ]] && head=${cur%,*},
  compopt -o nospace 2>/dev/null
  mapfile -t COMPREPLY < <(compgen -P "$head" -W "$_udperf_field_names" -- "${cur##*,}")
}

_udperf() {
  local cur=${COMP_WORDS[COMP_CWORD]} prev=''
  COMPREPLY=()
  if ((COMP_CWORD < 2)); then
    _udperf_words "$_udperf_commands --help --version"
    return
  fi
  prev=${COMP_WORDS[COMP_CWORD - 1]}
  if [[ $cur == = ]]; then # --option=, which bash takes for two words
    cur=''
  elif [[ $prev == = ]]; then
    prev=${COMP_WORDS[COMP_CWORD - 2]}
  fi
)";

}  // namespace

std::string bash_completion(std::span<const std::string> fields) {
  std::string commands;
  std::string values = "  case ${COMP_WORDS[1]}:$prev in\n";
  std::string words = "  case ${COMP_WORDS[1]} in\n";
  for (const CommandSpec& command : command_table()) {
    commands += (commands.empty() ? "" : " ") + std::string{command.name};
    for (const OptionSpec* const option : options_of(command)) {
      values += value_arm(command, *option);
    }
    words += word_arm(command);
  }
  return "# bash completion for udperf(1)  -*- shell-script -*-\n"
         "# Generated from the option table of udperf; changes here are lost.\n\n"
         "_udperf_commands=" +
         shell_quoted(commands) + "\n_udperf_field_names=" + shell_quoted(joined(fields)) + "\n" +
         std::string{kHelpers} + values + "  esac\n" + words +
         "  esac\n}\n\ncomplete -F _udperf udperf\n";
}

}  // namespace udperf::app
