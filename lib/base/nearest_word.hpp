#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace udperf {

/// How many letters have to be inserted, left out, replaced or swapped with their neighbour to make
/// one word of the other (optimal string alignment).
[[nodiscard]] std::size_t edit_distance(std::string_view a, std::string_view b);

/// The candidate that was most likely meant: the only one that begins with the word, or the nearest
/// one by edit distance, the first of equals; nothing where none is near (a third of the letters
/// and at most three).
[[nodiscard]] std::optional<std::string_view> nearest_word(
    std::string_view word, std::span<const std::string_view> candidates);

}  // namespace udperf
