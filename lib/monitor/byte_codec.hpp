#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace udperf::monitor {

/// Seven bits a byte, low ones first (as in protocol buffers).
void put_number(std::string& out, std::uint64_t value);
/// Small numbers of either sign are short ("zigzag").
void put_signed(std::string& out, std::int64_t value);

/// Reads what these put. What is cut short or too long is told by good(), and read as 0 from there.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : left_(bytes) {}

  [[nodiscard]] bool good() const { return good_; }
  [[nodiscard]] bool at_end() const { return left_.empty(); }
  [[nodiscard]] std::uint64_t number();
  [[nodiscard]] std::int64_t signed_number();
  /// So many bytes as they are; empty where there are fewer.
  [[nodiscard]] std::string_view bytes(std::size_t count);

 protected:
  void fail() {
    good_ = false;
    left_ = {};
  }

 private:
  std::string_view left_;
  bool good_ = true;
};

}  // namespace udperf::monitor
