#pragma once

#include <cstdint>
#include <string>

namespace udperf {

/// The session id as it is written everywhere: 16 hexadecimal digits.
[[nodiscard]] std::string session_text(std::uint64_t session);

}  // namespace udperf
