#pragma once

#include <string>

namespace udperf::report {

/// Lines of "label  value" with the values in one column. A value that is too long goes on in the
/// next line, below itself.
class Block {
 public:
  /// `width`: columns of a line; 0 = any number.
  explicit Block(int width) : width_(width) {}

  void line(const std::string& label, const std::string& value) { line(label, value, {}); }
  /// `paint`: an SGR parameter for the value such as "32", empty for none.
  void line(const std::string& label, const std::string& value, const std::string& paint);
  /// A line of its own, "" for an empty one.
  void heading(const std::string& text, const std::string& paint);

  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  int width_;
  std::string text_;
};

}  // namespace udperf::report
