#pragma once

#include <cstddef>
#include <string>

namespace udperf::report {

/// Lines of "label  value" with the values in one column. A value that is too long goes on in the
/// next line, below itself.
class Block {
 public:
  /// `width`: columns of a line; 0 = any number.
  explicit Block(int width);

  void line(const std::string& label, const std::string& value) { line(label, value, {}); }
  /// `paint`: an SGR parameter for the value such as "32", empty for none.
  void line(const std::string& label, const std::string& value, const std::string& paint);
  /// A line of its own, "" for an empty one.
  void heading(const std::string& text, const std::string& paint);

  /// A line that is not broken, whose text has at most value_columns() columns, if not bytes.
  void drawing(const std::string& label, const std::string& text);
  /// Columns that a value has.
  [[nodiscard]] std::size_t value_columns() const;

  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  /// Writes a label that has no room beside its value; returns what stands before the value.
  [[nodiscard]] std::string begin(const std::string& label);

  std::size_t width_;
  std::size_t label_columns_;
  std::string text_;
};

}  // namespace udperf::report
