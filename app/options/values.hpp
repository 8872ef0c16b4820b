#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "app/cli.hpp"
#include "app/options/option.hpp"
#include "base/result.hpp"

namespace udperf::app {

template <typename T, typename Target>
[[nodiscard]] Problem store(const Result<T>& parsed, Target& target) {
  if (!parsed) {
    return parsed.error().what;
  }
  target = *parsed;
  return std::nullopt;
}

/// A whole number of [low, high]; both fit the target's type.
template <typename Target>
[[nodiscard]] Problem store_integer(std::string_view text, std::uint64_t low, std::uint64_t high,
                                    Target& target) {
  const auto parsed = parse_integer(text, low, high);
  if (!parsed) {
    return parsed.error().what;
  }
  target = static_cast<Target>(*parsed);
  return std::nullopt;
}

[[nodiscard]] inline Problem store_text(const std::string& text, std::string_view noun,
                                        std::optional<std::string>& target) {
  if (text.empty()) {
    return "a " + std::string{noun} + " is needed";
  }
  target = text;
  return std::nullopt;
}

template <typename Value>
using Choice = std::pair<std::string_view, Value>;

/// One of a few words.
template <typename Value, std::size_t size>
[[nodiscard]] Problem store_choice(std::string_view text,
                                   const std::array<Choice<Value>, size>& choices, Value& target) {
  std::string accepted;
  for (const auto& [word, value] : choices) {
    if (word == text) {
      target = value;
      return std::nullopt;
    }
    accepted += (accepted.empty() ? "" : ", ") + std::string{word};
  }
  return "accepted is one of " + accepted;
}

/// Socket buffers: above zero, and what the kernel can be asked for.
[[nodiscard]] Problem store_buffer(std::string_view text, std::optional<std::uint32_t>& target);
/// A name that a network interface can have; whether one has it shows when it is used.
[[nodiscard]] Problem store_device(const std::string& text, std::string& target);
/// A rate in bit/s; packets or "unlimited" make no sense here.
[[nodiscard]] Problem store_bit_rate(std::string_view text, std::optional<BitRate>& target);
/// The bounds of a duration, and how they are written.
struct DurationRange {
  Duration low;
  Duration high;
  std::string_view text;  ///< "10ms..1h"
};
[[nodiscard]] Problem store_duration(std::string_view text, const DurationRange& range,
                                     Duration& target);
/// "1472", or lengths with weights, "64:7,570:4,1472:1"; without one the weight is 1.
[[nodiscard]] Problem store_size_mix(std::string_view text,
                                     std::array<SizeShare, kMostSizes>& target);
/// "127.0.0.1:9555", "[::1]:9555" or ":9555" (all addresses); port 0 is any.
[[nodiscard]] Problem store_listen(std::string_view text, Endpoint& target);
/// Turns a switch on; a flag has no value to be wrong.
[[nodiscard]] inline Problem turn_on(bool& target) {
  target = true;
  return std::nullopt;
}
/// What a setter of a flag stores, which cannot be wrong either.
template <typename T, typename Target>
[[nodiscard]] Problem put(T value, Target& target) {
  target = value;
  return std::nullopt;
}

/// Class selectors (RFC 2474), assured and expedited forwarding (RFC 2597, RFC 3246), voice-admit
/// (RFC 5865) and lower effort (RFC 8622), in any case.
[[nodiscard]] std::optional<std::uint8_t> dscp_by_name(std::string name);

}  // namespace udperf::app
