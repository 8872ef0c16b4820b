#include "base/nearest_word.hpp"

#include <algorithm>
#include <array>
#include <vector>

namespace udperf {
namespace {

/// What is longer is no slip of the finger, and the work grows with the product of the lengths.
constexpr std::size_t kLongest = 64;
constexpr std::size_t kShortestPrefix = 3;

std::optional<std::string_view> only_one_beginning_with(
    std::string_view word, std::span<const std::string_view> candidates) {
  std::optional<std::string_view> found;
  for (const std::string_view candidate : candidates) {
    if (!candidate.starts_with(word) || word.size() < kShortestPrefix) {
      continue;
    }
    if (found) {
      return std::nullopt;
    }
    found = candidate;
  }
  return found;
}

}  // namespace

std::size_t edit_distance(std::string_view a, std::string_view b) {
  // Rows of the table for the first i-2, i-1 and i letters of a.
  std::array<std::vector<std::size_t>, 3> rows;
  rows.fill(std::vector<std::size_t>(b.size() + 1));
  for (std::size_t j = 0; j <= b.size(); ++j) {
    rows[0][j] = j;
  }
  for (std::size_t i = 1; i <= a.size(); ++i) {
    auto& now = rows[i % 3];
    const auto& before = rows[(i + 2) % 3];
    const auto& two_before = rows[(i + 1) % 3];
    now[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = before[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      now[j] = std::min({before[j] + 1, now[j - 1] + 1, replaced});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        now[j] = std::min(now[j], two_before[j - 2] + 1);
      }
    }
  }
  return rows[a.size() % 3][b.size()];
}

std::optional<std::string_view> nearest_word(std::string_view word,
                                             std::span<const std::string_view> candidates) {
  if (word.size() > kLongest) {
    return std::nullopt;
  }
  if (const auto begun = only_one_beginning_with(word, candidates)) {
    return begun;
  }
  std::size_t least = std::min<std::size_t>(3, (word.size() + 2) / 3) + 1;
  std::optional<std::string_view> nearest;
  for (const std::string_view candidate : candidates) {
    const std::size_t distance = edit_distance(word, candidate);
    if (distance < least && distance < candidate.size()) {
      least = distance;
      nearest = candidate;
    }
  }
  return nearest;
}

}  // namespace udperf
