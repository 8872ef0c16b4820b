#include "report/block.hpp"

#include <algorithm>
#include <vector>

namespace udperf::report {
namespace {

constexpr std::size_t kLabelColumns = 24;
/// A narrower column of values is harder to read than a line that is too long.
constexpr std::size_t kLeastColumns = 30;

std::string painted(const std::string& text, const std::string& paint) {
  return paint.empty() || text.empty() ? text : "\x1b[" + paint + "m" + text + "\x1b[0m";
}

/// Breaks at spaces; a word that is longer than a line stays whole.
std::vector<std::string> wrap(const std::string& text, std::size_t columns) {
  std::vector<std::string> lines;
  std::size_t start = 0;
  while (text.size() - start > columns) {
    std::size_t space = text.rfind(' ', start + columns);
    if (space == std::string::npos || space <= start) {
      space = text.find(' ', start + columns);
    }
    if (space == std::string::npos) {
      break;
    }
    lines.push_back(text.substr(start, space - start));
    start = space + 1;
  }
  lines.push_back(text.substr(start));
  return lines;
}

}  // namespace

void Block::line(const std::string& label, const std::string& value, const std::string& paint) {
  std::string left = label;
  left.resize(std::max(label.size() + 1, kLabelColumns), ' ');
  const std::size_t width = width_ > 0 ? static_cast<std::size_t>(width_) : 0;
  const std::size_t columns =
      width == 0 ? std::string::npos
                 : std::max(width > left.size() ? width - left.size() : 0, kLeastColumns);
  for (const std::string& part : wrap(value, columns)) {
    text_ += left + painted(part, paint) + "\n";
    left.assign(left.size(), ' ');
  }
}

void Block::heading(const std::string& text, const std::string& paint) {
  text_ += painted(text, paint) + "\n";
}

}  // namespace udperf::report
