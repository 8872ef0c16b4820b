#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

namespace udperf::iperf3 {

/// An object that a peer sent: nothing when it is no JSON object or is nested deeper than
/// kMostDepth. What is not UTF-8 in it becomes U+FFFD. Of a key that comes twice the last value
/// counts (iperf3 writes some keys twice).
inline constexpr std::size_t kMostDepth = 32;
[[nodiscard]] std::optional<nlohmann::json> read_object(std::string_view text);

// The value of a key, as far as it has the type; else nothing. A peer's numbers may be of any size
// and kind, so each reader says what it makes of those that do not fit.

/// A number that is not negative, cut to a whole one and to 2^64-1.
[[nodiscard]] std::optional<std::uint64_t> find_count(const nlohmann::json& object,
                                                      const char* key);
/// Any finite number.
[[nodiscard]] std::optional<double> find_number(const nlohmann::json& object, const char* key);
[[nodiscard]] bool find_true(const nlohmann::json& object, const char* key);
/// At most `most` bytes of a string.
inline constexpr std::size_t kMostText = std::size_t{1} << 20U;
[[nodiscard]] std::optional<std::string> find_text(const nlohmann::json& object, const char* key,
                                                   std::size_t most = kMostText);

/// The text of an object that is a value of the outermost one of `text`, which read_object() has
/// taken: as it stands there, with its keys in their order. Nothing where the key's value is no
/// object, or an object in it has more than kMostMembers members: what keeps their order takes
/// time with the square of them.
inline constexpr std::size_t kMostMembers = 200;
[[nodiscard]] std::optional<std::string> find_object_text(std::string_view text,
                                                          std::string_view key);

}  // namespace udperf::iperf3
