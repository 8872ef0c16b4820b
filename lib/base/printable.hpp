#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace udperf {

/// Whether a text has lines of its own.
enum class Lines : std::uint8_t { one, several };

/// A stranger's text with all that could forge a line or steer a terminal as \xNN: control
/// characters, those of Unicode's second set too, and bytes that are no UTF-8. `several`: ends of
/// lines and tabs stay.
[[nodiscard]] std::string printable(std::string_view text, Lines lines = Lines::one);

}  // namespace udperf
