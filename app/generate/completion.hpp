#pragma once

#include <span>
#include <string>

namespace udperf::app {

// Shell completion from the option table: commands, the options of each, the accepted words where
// a value is one of a few, files where it is a file, and the given field paths for --print.

[[nodiscard]] std::string bash_completion(std::span<const std::string> fields);
[[nodiscard]] std::string zsh_completion(std::span<const std::string> fields);
[[nodiscard]] std::string fish_completion(std::span<const std::string> fields);

}  // namespace udperf::app
