#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace udperf::monitor {

/// How many characters of UTF-8 there are between two places of a text, found in the same short
/// time wherever these are.
class CharacterCount {
 public:
  CharacterCount() = default;
  explicit CharacterCount(std::string text);

  /// Of the bytes from `begin` on and before `end`; what is behind the text is a character a byte.
  [[nodiscard]] std::size_t between(std::size_t begin, std::size_t end) const;

 private:
  [[nodiscard]] std::size_t before(std::size_t at) const;

  std::string text_;
  std::vector<std::size_t> before_;  ///< how many begin before each of the text's blocks
};

}  // namespace udperf::monitor
