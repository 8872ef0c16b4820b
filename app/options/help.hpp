#pragma once

#include <string>

#include "app/options/option.hpp"

namespace udperf::app {

/// One screen (`-h`) or everything (`--help`).
enum class HelpDepth : std::uint8_t { brief, full };

/// What `udperf` alone prints: what it is, three examples, the commands; in full also every option
/// by group, with the commands that have it.
[[nodiscard]] std::string program_help(HelpDepth depth);
/// What `udperf <command> -h` and `--help` print: usage, three examples, options by group; in brief
/// those that most people use, on a screen of 24 lines of 80 columns.
[[nodiscard]] std::string command_help(Command command, HelpDepth depth);
/// The options of a command by group, all of them.
[[nodiscard]] std::string options_help(Command command);

}  // namespace udperf::app
