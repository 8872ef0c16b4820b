#include "base/utf8.hpp"

#include <cstddef>

namespace udperf {
namespace {

/// What may follow a first byte: how many bytes, and the bounds of the first of them, which keep
/// out longer forms than needed, surrogates and what is beyond U+10FFFF (RFC 3629 section 4).
struct Tail {
  std::size_t bytes = 0;
  unsigned char least = 0x80;
  unsigned char most = 0xBF;
  bool possible = true;
};

Tail tail_of(unsigned char first) {
  if (first < 0x80) {
    return {};
  }
  if (first >= 0xC2 && first <= 0xDF) {
    return {1};
  }
  if (first >= 0xE0 && first <= 0xEF) {
    const auto least = static_cast<unsigned char>(first == 0xE0 ? 0xA0 : 0x80);
    return {2, least, static_cast<unsigned char>(first == 0xED ? 0x9F : 0xBF)};
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const auto least = static_cast<unsigned char>(first == 0xF0 ? 0x90 : 0x80);
    return {3, least, static_cast<unsigned char>(first == 0xF4 ? 0x8F : 0xBF)};
  }
  return {0, 0, 0, false};
}

/// Of the character that `text` begins with; 0: none that is well-formed.
std::size_t length_of_first(std::string_view text) {
  const Tail tail = tail_of(static_cast<unsigned char>(text.front()));
  if (!tail.possible || text.size() <= tail.bytes) {
    return 0;
  }
  unsigned char least = tail.least;
  unsigned char most = tail.most;
  for (const char c : text.substr(1, tail.bytes)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < least || byte > most) {
      return 0;
    }
    least = 0x80;
    most = 0xBF;
  }
  return 1 + tail.bytes;
}

}  // namespace

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = length_of_first(text);
    if (length == 0) {
      return false;
    }
    text.remove_prefix(length);
  }
  return true;
}

std::string as_utf8(std::string_view text) {
  constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const std::size_t length = length_of_first(text);
    out += length != 0 ? text.substr(0, length) : kReplacement;
    text.remove_prefix(length != 0 ? length : 1);
  }
  return out;
}

}  // namespace udperf
