#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "app/iperf3/command.hpp"
#include "app/options/table.hpp"

namespace udperf::app {

/// One of iperf3's options: whose it is, and what it does with its value, or what is wrong with it.
struct Iperf3Row {
  enum class Value : std::uint8_t { none, needed, optional };
  enum class Side : std::uint8_t { any, client, server };

  char letter = 0;
  std::string_view name;
  Value value = Value::none;
  Side side = Side::any;
  std::string_view value_name;
  std::string_view help;  ///< empty: no part of the help
  std::optional<std::string> (*apply)(const std::string& value, Iperf3Command& command) = nullptr;
};

[[nodiscard]] std::span<const Iperf3Row> iperf3_rows();

/// The same as the help, the manual page and completions need them.
[[nodiscard]] std::span<const OptionGroup> iperf3_groups();

}  // namespace udperf::app
