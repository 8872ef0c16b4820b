#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "app/options/option.hpp"

namespace udperf::app {

/// What a manual page says besides the option table. Paragraphs are separated by an empty line.
[[nodiscard]] std::string_view program_prose();

/// A row of a list: what is explained, and how.
struct Explained {
  std::string_view what;
  std::string_view text;
};

/// Of the text output.
[[nodiscard]] std::span<const Explained> output_lines();
[[nodiscard]] std::span<const Explained> exit_statuses();
/// Those that this command can end with.
[[nodiscard]] std::span<const Explained> exit_statuses(Command command);
/// All that the program reads.
[[nodiscard]] std::vector<Explained> environment_variables();
/// Those that this command reads; may be none.
[[nodiscard]] std::vector<Explained> environment_variables(Command command);
[[nodiscard]] std::span<const Explained> installed_files();

}  // namespace udperf::app
