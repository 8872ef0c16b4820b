#include "model/session_text.hpp"

#include <string_view>

namespace udperf {

std::string session_text(std::uint64_t session) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string text(16, '0');
  for (std::size_t i = text.size(); i-- > 0; session >>= 4U) {
    text[i] = kHex[session & 0xFU];
  }
  return text;
}

}  // namespace udperf
