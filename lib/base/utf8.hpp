#pragma once

#include <string>
#include <string_view>

namespace udperf {

/// Whether all of it is well-formed UTF-8 (RFC 3629): the shortest form of each character, no
/// surrogates, nothing beyond U+10FFFF. Empty text is.
[[nodiscard]] bool is_utf8(std::string_view text);

/// The text with U+FFFD in place of each byte that belongs to no character of UTF-8.
[[nodiscard]] std::string as_utf8(std::string_view text);

}  // namespace udperf
