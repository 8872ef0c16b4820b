#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "iperf3/protocol.hpp"

namespace udperf::iperf3 {

/// The bytes that have come over a control connection, taken item by item: nothing in them says
/// where one ends, the reader knows what comes next. Never holds more than the item in question and
/// kMostAhead bytes.
class Inbox {
 public:
  static constexpr std::size_t kMostAhead = 65'536;

  void append(std::span<const std::byte> bytes) {
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
  }
  [[nodiscard]] std::size_t size() const { return bytes_.size() - at_; }
  void clear();

  [[nodiscard]] std::optional<Cookie> take_cookie();
  [[nodiscard]] std::optional<std::int8_t> take_state();
  /// The same, and leaves it there.
  [[nodiscard]] std::optional<std::int8_t> next_state() const;
  [[nodiscard]] std::optional<std::uint32_t> take_number();

  /// A length and so many bytes of text.
  struct Text {
    enum class Status : std::uint8_t { incomplete, ready, refused } status = Status::incomplete;
    std::string text;
  };
  /// `refused`: the length is 0 or above `most`. What has come of a long text is kept until all of
  /// it is there.
  [[nodiscard]] Text take_text(std::size_t most);

 private:
  [[nodiscard]] std::span<const std::byte> peek() const { return std::span{bytes_}.subspan(at_); }
  void drop(std::size_t n);

  std::vector<std::byte> bytes_;
  std::size_t at_ = 0;
};

/// What is to be sent on a control connection.
class Outbox {
 public:
  void put_state(State state) { bytes_.push_back(static_cast<std::byte>(state)); }
  void put_number(std::uint32_t number);
  void put_text(std::string_view text);
  void put_cookie(const Cookie& cookie) {
    bytes_.insert(bytes_.end(), cookie.begin(), cookie.end());
  }
  /// All of it, once.
  [[nodiscard]] std::vector<std::byte> take() { return std::exchange(bytes_, {}); }

 private:
  std::vector<std::byte> bytes_;
};

}  // namespace udperf::iperf3
