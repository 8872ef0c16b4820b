#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "app/iperf3_command.hpp"

namespace udperf::app {

/// One of iperf3's options: whose it is, and what it does with its value, or what is wrong with it.
struct Iperf3Row {
  enum class Value : std::uint8_t { none, needed, optional };
  enum class Side : std::uint8_t { any, client, server };

  char letter = 0;
  std::string_view name;
  Value value = Value::none;
  Side side = Side::any;
  std::optional<std::string> (*apply)(const std::string& value, Iperf3Command& command) = nullptr;
};

[[nodiscard]] std::span<const Iperf3Row> iperf3_rows();

}  // namespace udperf::app
