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

}  // namespace

bool is_utf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const Tail tail = tail_of(static_cast<unsigned char>(text[at]));
    if (!tail.possible || text.size() - at <= tail.bytes) {
      return false;
    }
    unsigned char least = tail.least;
    unsigned char most = tail.most;
    for (const char c : text.substr(at + 1, tail.bytes)) {
      const auto byte = static_cast<unsigned char>(c);
      if (byte < least || byte > most) {
        return false;
      }
      least = 0x80;
      most = 0xBF;
    }
    at += 1 + tail.bytes;
  }
  return true;
}

}  // namespace udperf
