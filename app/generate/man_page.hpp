#pragma once

#include <string>
#include <string_view>

#include "app/options/option.hpp"

namespace udperf::app {

/// What the head of a manual page says of the program; both stand there as they are given.
struct ManHead {
  std::string date;     ///< "2026-11-23"
  std::string version;  ///< "0.1.0"
};

/// udperf(1): the program, its commands, exit statuses, files and environment, in man(7).
[[nodiscard]] std::string program_man_page(const ManHead& head);

/// udperf-client(1) and its sisters: `--help` of one command and what it has no room for.
[[nodiscard]] std::string command_man_page(Command command, const ManHead& head);

/// Text as man(7) takes it: what roff would read as a command, an escape or a typographic sign is
/// written so that it is printed as it is typed.
[[nodiscard]] std::string roff(std::string_view text);

}  // namespace udperf::app
