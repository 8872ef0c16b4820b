#pragma once

#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>

#include "app/iperf3/command.hpp"
#include "app/options/option.hpp"

/// How the values of iperf3's options are read, and what is wrong with them.
namespace udperf::app::iperf3_values {

[[nodiscard]] Problem bad(const std::string& value);

template <typename T>
[[nodiscard]] Problem put_number(std::optional<std::uint64_t> number, const std::string& value,
                                 std::uint64_t most, T& out) {
  if (!number || *number > most) {
    return bad(value);
  }
  out = static_cast<T>(*number);
  return std::nullopt;
}

/// A count or bytes, with a unit.
template <typename T>
[[nodiscard]] Problem whole(const std::string& value, std::uint64_t most, T& out) {
  return put_number(iperf3_number(value, 1024), value, most, out);
}

/// What has no units: seconds, ports, streams.
template <typename T>
[[nodiscard]] Problem plain(const std::string& value, std::uint64_t most, T& out) {
  return put_number(iperf3_integer(value), value, most, out);
}

template <typename T>
[[nodiscard]] Problem from_one(const std::string& value, std::uint64_t most, T& out) {
  Problem problem = plain(value, most, out);
  return problem || out == 0 ? "must be 1.." + std::to_string(most) + ": " + value : Problem{};
}

/// Decimal, 0x hexadecimal or 0 octal.
template <typename T>
[[nodiscard]] Problem prefixed(const std::string& value, long least, long most, T& out) {
  char* end = nullptr;
  const long number = std::strtol(value.c_str(), &end, 0);
  if (value.empty() || *end != '\0' || number < least || number > most) {
    return "must be " + std::to_string(least) + ".." + std::to_string(most) + ": " + value;
  }
  out = static_cast<T>(number);
  return std::nullopt;
}

[[nodiscard]] Problem set_iperf3_rate(const std::string& value, std::uint64_t& rate);
[[nodiscard]] Problem set_bitrate(const std::string& value, Iperf3Command& c);
[[nodiscard]] Problem set_seconds(const std::string& value, Duration& out, double least,
                                  double most);
[[nodiscard]] Problem set_milliseconds(const std::string& value, Duration& out);
[[nodiscard]] Problem set_connect_timeout(const std::string& value, Iperf3Command& c);
[[nodiscard]] Problem set_receive_timeout(const std::string& value, Iperf3Command& c);
[[nodiscard]] Problem set_limit(const std::string& value, Iperf3Command& c);
[[nodiscard]] Problem set_max_duration(const std::string& value, Iperf3Command& c);
[[nodiscard]] Problem set_iperf3_dscp(const std::string& value, Iperf3Command& c);
[[nodiscard]] Problem set_bind(const std::string& value, Iperf3Command& c);
[[nodiscard]] Problem set_debug(const std::string& value, Iperf3Command& c);
[[nodiscard]] Problem set_affinity(const std::string& value, Iperf3Command& c);
[[nodiscard]] Problem set_keep_alive(const std::string& value, Iperf3Command& c);
[[nodiscard]] Problem set_unit(const std::string& value, Iperf3Command& c);
[[nodiscard]] Problem set_role(Iperf3Command& c, Iperf3Command::Role role);
[[nodiscard]] Problem set_client(const std::string& value, Iperf3Command& c);
[[nodiscard]] Problem set_version(const std::string& value, Iperf3Command& c);

}  // namespace udperf::app::iperf3_values
