// The small words of a configuration: targets, labels, times of day.
#include <algorithm>
#include <array>

#include "base/units.hpp"
#include "monitor/config.hpp"

namespace udperf::monitor {
namespace {

constexpr std::size_t kMostName = 255;  // RFC 1035 s2.3.4

bool is_host(std::string_view host) {
  return !host.empty() && host.size() <= kMostName &&
         std::all_of(host.begin(), host.end(), [](char c) { return c > ' ' && c < 127; }) &&
         host.find_first_of("/@?#\"'<>\\[]") == std::string_view::npos;
}

std::optional<TargetAddress> with_port(std::string_view host, std::string_view port) {
  const auto number = parse_integer(port, 1, UINT16_MAX);
  if (!number || !is_host(host)) {
    return std::nullopt;
  }
  return TargetAddress{std::string{host}, static_cast<std::uint16_t>(*number)};
}

}  // namespace

std::string ConfigError::text(std::string_view file) const {
  return std::string{file} + ":" + std::to_string(place.line) + ":" + std::to_string(place.column) +
         ": " + message;
}

std::optional<TargetAddress> parse_target(std::string_view text) {
  if (!text.empty() && text.front() == '[') {
    const auto close = text.find(']');
    if (close == std::string_view::npos || !parse_ip_address(text.substr(1, close - 1))) {
      return std::nullopt;
    }
    const std::string_view host = text.substr(1, close - 1);
    const std::string_view rest = text.substr(close + 1);
    if (rest.empty()) {
      return TargetAddress{std::string{host}, std::nullopt};
    }
    return rest.front() == ':' ? with_port(host, rest.substr(1)) : std::nullopt;
  }
  const auto colons = std::count(text.begin(), text.end(), ':');
  if (colons == 1) {
    return with_port(text.substr(0, text.find(':')), text.substr(text.find(':') + 1));
  }
  if (!is_host(text) || (colons > 1 && !parse_ip_address(text))) {
    return std::nullopt;
  }
  return TargetAddress{std::string{text}, std::nullopt};
}

bool is_name(std::string_view name) {
  return !name.empty() && name.size() <= 255 && std::all_of(name.begin(), name.end(), [](char c) {
    const auto u = static_cast<unsigned char>(c);
    return u > ' ' && u != 127;
  });
}

bool is_own_label(std::string_view name) {
  constexpr std::array<std::string_view, 8> kOurs{"target", "module", "direction", "where",
                                                  "le",     "status", "job",       "instance"};
  return name.starts_with("__") || std::find(kOurs.begin(), kOurs.end(), name) != kOurs.end();
}

bool is_label_name(std::string_view name) {
  const auto good = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), good) &&
         !(name.front() >= '0' && name.front() <= '9') && !is_own_label(name);
}

std::optional<Duration> parse_time_of_day(std::string_view text) {
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  if (text.size() != 5 || text[2] != ':' || !digit(text[0]) || !digit(text[1]) || !digit(text[3]) ||
      !digit(text[4])) {
    return std::nullopt;
  }
  const int hours = (text[0] - '0') * 10 + (text[1] - '0');
  const int minutes = (text[3] - '0') * 10 + (text[4] - '0');
  if (hours > 23 || minutes > 59) {
    return std::nullopt;
  }
  return std::chrono::hours{hours} + std::chrono::minutes{minutes};
}

}  // namespace udperf::monitor
