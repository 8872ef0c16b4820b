#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace udperf::app {

enum class LogLevel : std::uint8_t { error, warning, info, debug };
enum class LogFormat : std::uint8_t { text, json };

struct LogOptions {
  LogLevel level = LogLevel::warning;
  LogFormat format = LogFormat::text;
  std::optional<std::string> file;  ///< absent: stderr
};

}  // namespace udperf::app
