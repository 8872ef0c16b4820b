#pragma once

#include <string>
#include <string_view>

namespace udperf::crypto {

/// SHA-256 of the text in base64 with padding, as a Content-Security-Policy has it ("sha256-" is
/// left to the caller).
[[nodiscard]] std::string sha256_base64(std::string_view text);

}  // namespace udperf::crypto
