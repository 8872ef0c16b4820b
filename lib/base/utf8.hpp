#pragma once

#include <string_view>

namespace udperf {

/// Whether all of it is well-formed UTF-8 (RFC 3629): the shortest form of each character, no
/// surrogates, nothing beyond U+10FFFF. Empty text is.
[[nodiscard]] bool is_utf8(std::string_view text);

}  // namespace udperf
