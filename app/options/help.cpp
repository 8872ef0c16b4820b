#include "app/options/help.hpp"

#include "app/options/commands.hpp"
#include "app/options/table.hpp"

namespace udperf::app {
namespace {

/// "-s, --size N", the letter's place kept free where there is none.
std::string names_of(const OptionSpec& option) {
  std::string names =
      option.letter != 0 ? std::string{'-', option.letter, ',', ' '} : std::string(4, ' ');
  names += "--" + std::string{option.name};
  if (!option.value.empty()) {
    const std::string value{option.value};
    names += option.takes_bare() ? "[=" + value + "]" : " " + value;
  }
  return names;
}

/// A line of two columns; the second begins at `column` where the first is short enough.
std::string row(const std::string& left, std::size_t column, std::string_view right) {
  std::string line = "  " + left;
  line.append(line.size() + 2 > column ? 2 : column - line.size(), ' ');
  return line + std::string{right} + "\n";
}

std::string example_lines(std::span<const std::string_view> examples) {
  std::string lines;
  for (const std::string_view example : examples) {
    lines += "  " + std::string{example} + "\n";
  }
  return lines;
}

/// Those that most people use.
std::string brief_options(Command command) {
  std::string lines;
  for (const OptionSpec& option : option_table()) {
    if (option.belongs_to(command) && !option.brief.empty()) {
      lines += row(names_of(option), 29, option.brief);
    }
  }
  return lines.empty() ? lines : "Options that most people use:\n" + lines;
}

/// "client, loopback: ", or nothing where it is all who have options.
std::string owners(const OptionSpec& option) {
  std::string names;
  for (const CommandSpec& spec : command_table()) {
    if (option.belongs_to(spec.command)) {
      names += (names.empty() ? "" : ", ") + std::string{spec.name};
    }
  }
  return option.of_parser ? "" : names + ": ";
}

std::string every_option() {
  std::string text = "\nOptions, with the commands that have them\n";
  for (const OptionGroup& group : option_groups()) {
    text += "\n" + std::string{group.heading} + ":\n";
    for (const OptionSpec& option : group.rows) {
      text += row(names_of(option), 30, owners(option) + help_text(option));
    }
  }
  return text;
}

}  // namespace

std::string options_help(Command command) {
  std::string text;
  for (const OptionGroup& group : option_groups(command)) {
    std::string lines;
    for (const OptionSpec& option : group.rows) {
      if (option.belongs_to(command)) {
        lines += row(names_of(option), 30, help_text(option));
      }
    }
    text += lines.empty() ? lines : std::string{group.heading} + ":\n" + lines;
  }
  return text;
}

std::string program_help(HelpDepth depth) {
  constexpr auto kExamples =
      std::to_array<std::string_view>({"udperf server", "udperf client server.example --size 25",
                                       "udperf loopback --duration 2s --json"});
  std::string text =
      "udperf measures what a network does to UDP, exactly.\n\n"
      "Usage: udperf COMMAND [options]\n\nExamples:\n" +
      example_lines(kExamples) + "\nCommands:\n";
  for (const CommandSpec& spec : command_table()) {
    text += row(std::string{spec.name}, 12, spec.summary);
  }
  if (depth == HelpDepth::full) {
    return text + every_option();
  }
  return text +
         "\nudperf COMMAND -h shows a command's usual options, --help all of them;\n"
         "udperf --help lists those of all commands, udperf --version says what this is.\n";
}

std::string command_help(Command command, HelpDepth depth) {
  const CommandSpec& spec = spec_of(command);
  std::string text = "Usage: " + std::string{spec.usage} + "\n" + std::string{spec.summary} +
                     "\nExamples:\n" + example_lines(spec.examples);
  if (depth == HelpDepth::full) {
    return text + options_help(command);
  }
  return text + brief_options(command) + "All options: udperf " + std::string{spec.name} +
         " --help\n";
}

}  // namespace udperf::app
