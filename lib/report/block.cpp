#include "report/block.hpp"

#include <algorithm>
#include <vector>

namespace udperf::report {
namespace {

constexpr std::size_t kLabelColumns = 24;
/// Where the terminal is narrow: short labels stay beside their values, long ones go above.
constexpr std::size_t kNarrowLabel = 12;
constexpr std::size_t kIndent = 4;
/// A narrower column of values than this is hard to read.
constexpr std::size_t kLeastColumns = 26;

std::string painted(const std::string& text, const std::string& paint) {
  return paint.empty() || text.empty() ? text : "\x1b[" + paint + "m" + text + "\x1b[0m";
}

/// Breaks at spaces; a word that is longer than a line is cut.
std::vector<std::string> wrap(const std::string& text, std::size_t columns) {
  std::vector<std::string> lines;
  std::size_t start = 0;
  while (text.size() - start > columns) {
    const std::size_t space = text.rfind(' ', start + columns);
    const bool broken = space == std::string::npos || space <= start;
    const std::size_t end = broken ? start + columns : space;
    lines.push_back(text.substr(start, end - start));
    start = broken ? end : space + 1;
  }
  lines.push_back(text.substr(start));
  return lines;
}

}  // namespace

Block::Block(int width)
    : width_(width > 0 ? static_cast<std::size_t>(width) : std::string::npos),
      label_columns_(kLabelColumns) {
  for (const std::size_t narrower : {kNarrowLabel, kIndent}) {
    if (value_columns() < kLeastColumns) {
      label_columns_ = narrower;
    }
  }
}

std::size_t Block::value_columns() const {
  return width_ == std::string::npos ? width_
                                     : std::max(width_, label_columns_ + 1) - label_columns_;
}

std::string Block::begin(const std::string& label) {
  if (label_columns_ < kLabelColumns && label.size() >= label_columns_) {
    text_ += label + "\n";  // beside it there is no room
    return std::string(label_columns_, ' ');
  }
  std::string left = label;
  left.resize(std::max(label.size() + 1, label_columns_), ' ');
  return left;
}

void Block::line(const std::string& label, const std::string& value, const std::string& paint) {
  std::string left = begin(label);
  const std::size_t columns =
      width_ == std::string::npos ? width_ : std::max(width_, left.size() + 1) - left.size();
  for (const std::string& part : wrap(value, columns)) {
    text_ += left + painted(part, paint) + "\n";
    left.assign(left.size(), ' ');
  }
}

void Block::drawing(const std::string& label, const std::string& text) {
  const std::string left = begin(label);
  text_ += left + text + "\n";
}

void Block::heading(const std::string& text, const std::string& paint) {
  text_ += painted(text, paint) + "\n";
}

}  // namespace udperf::report
