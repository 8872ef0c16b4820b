#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "app/options/option.hpp"

namespace udperf::app {

/// Options under one heading of the help, each group in a file of its own (rows_*.cpp).
struct OptionGroup {
  std::string_view heading;
  std::span<const OptionSpec> rows;
};

/// Every group, in the order of the help.
[[nodiscard]] std::span<const OptionGroup> option_groups();
/// Those with options of this command. iperf3's are a table of their own, as another program says
/// what they are.
[[nodiscard]] std::span<const OptionGroup> option_groups(Command command);

[[nodiscard]] std::span<const OptionSpec> amount_rows();
[[nodiscard]] std::span<const OptionSpec> traffic_rows();
[[nodiscard]] std::span<const OptionSpec> shape_rows();
[[nodiscard]] std::span<const OptionSpec> connection_rows();
[[nodiscard]] std::span<const OptionSpec> policy_rows();
[[nodiscard]] std::span<const OptionSpec> monitor_rows();
[[nodiscard]] std::span<const OptionSpec> output_rows();
[[nodiscard]] std::span<const OptionSpec> logging_rows();

/// Every option of every command. A name may be there twice where it means something else for
/// another command, never twice for one command.
[[nodiscard]] std::span<const OptionSpec> option_table();

/// The option of this command with this long name, or nullptr.
[[nodiscard]] const OptionSpec* find_option(Command command, std::string_view name);

/// The sentence of the help with the default: "parallel streams, 1..128 (default 1)".
[[nodiscard]] std::string help_text(const OptionSpec& option);

/// Whether a list with spaces between has the word.
[[nodiscard]] bool has_word(std::string_view list, std::string_view word);

}  // namespace udperf::app
