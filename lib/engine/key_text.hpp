#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>

#include "crypto/crypto.hpp"

namespace udperf::engine {

/// The key that the options' text is, cut or filled up with zeros to a key's length.
[[nodiscard]] inline std::optional<crypto::Key> key_of(const std::optional<std::string>& text) {
  if (!text) {
    return std::nullopt;
  }
  crypto::Key key{};
  std::transform(text->begin(),
                 text->begin() + static_cast<std::ptrdiff_t>(std::min(text->size(), key.size())),
                 key.begin(), [](char c) { return static_cast<std::byte>(c); });
  return key;
}

}  // namespace udperf::engine
