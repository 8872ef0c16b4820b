#include "iperf3/inbox.hpp"

#include <algorithm>

#include "base/network_order.hpp"

namespace udperf::iperf3 {
namespace {

constexpr std::size_t kNumberBytes = 4;

}  // namespace

void Inbox::clear() {
  bytes_.clear();
  at_ = 0;
}

void Inbox::drop(std::size_t n) {
  at_ += n;
  if (at_ == bytes_.size()) {
    clear();
  } else if (at_ > kMostAhead) {
    bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(at_));
    at_ = 0;
  }
}

std::optional<Cookie> Inbox::take_cookie() {
  if (size() < kCookieBytes) {
    return std::nullopt;
  }
  Cookie cookie{};
  std::copy_n(peek().begin(), kCookieBytes, cookie.begin());
  drop(kCookieBytes);
  return cookie;
}

std::optional<std::int8_t> Inbox::next_state() const {
  return size() == 0 ? std::nullopt : std::optional{static_cast<std::int8_t>(peek().front())};
}

std::optional<std::int8_t> Inbox::take_state() {
  const auto state = next_state();
  if (state) {
    drop(1);
  }
  return state;
}

std::optional<std::uint32_t> Inbox::take_number() {
  if (size() < kNumberBytes) {
    return std::nullopt;
  }
  const auto number = load_network_order<std::uint32_t>(peek().data());
  drop(kNumberBytes);
  return number;
}

Inbox::Text Inbox::take_text(std::size_t most) {
  Text out;
  if (size() < kNumberBytes) {
    return out;
  }
  const std::size_t length = load_network_order<std::uint32_t>(peek().data());
  if (length == 0 || length > most) {
    out.status = Text::Status::refused;
    return out;
  }
  if (size() < kNumberBytes + length) {
    return out;
  }
  const auto body = peek().subspan(kNumberBytes, length);
  out.text.resize(length);
  std::transform(body.begin(), body.end(), out.text.begin(),
                 [](std::byte b) { return static_cast<char>(b); });
  out.status = Text::Status::ready;
  drop(kNumberBytes + length);
  return out;
}

void Outbox::put_number(std::uint32_t number) {
  std::array<std::byte, kNumberBytes> bytes{};
  store_network_order(bytes.data(), number);
  bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
}

void Outbox::put_text(std::string_view text) {
  put_number(static_cast<std::uint32_t>(text.size()));
  const auto bytes = std::as_bytes(std::span{text});
  bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
}

}  // namespace udperf::iperf3
