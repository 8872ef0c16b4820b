#include "base/printable.hpp"

#include "base/utf8.hpp"

namespace udperf {
namespace {

/// U+0080 to U+009F in UTF-8: terminals take some for the beginning of a command.
bool is_second_control(std::string_view text, std::size_t at) {
  if (at + 1 >= text.size() || text[at] != '\xC2') {
    return false;
  }
  const auto next = static_cast<unsigned char>(text[at + 1]);
  return next >= 0x80 && next <= 0x9F;
}

void put_escaped(char c, std::string& out) {
  constexpr std::string_view kHex = "0123456789abcdef";
  const auto byte = static_cast<unsigned char>(c);
  out += {'\\', 'x', kHex[byte >> 4U], kHex[byte & 0xFU]};
}

}  // namespace

std::string printable(std::string_view text, Lines lines) {
  const bool plain = !is_utf8(text);
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const auto byte = static_cast<unsigned char>(c);
    const bool stays = lines == Lines::several && (c == '\n' || c == '\t');
    if (is_second_control(text, i)) {
      put_escaped(c, out);
      put_escaped(text[++i], out);
    } else if (!stays && (byte < 0x20 || byte == 0x7F || (plain && byte > 0x7F))) {
      put_escaped(c, out);
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace udperf
