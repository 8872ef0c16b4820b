#include "session/sealer.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "base/network_order.hpp"

namespace udperf::session {
namespace {

constexpr std::size_t kTagBytes = std::tuple_size_v<crypto::Tag>;

}  // namespace

Sealer Sealer::for_handshake(const std::optional<crypto::Key>& key, Role role,
                             const wire::Nonce& nonce) {
  Sealer sealer;
  if (key) {
    const auto up = crypto::derive(*key, "udperf v1 handshake c2s", {nonce});
    const auto down = crypto::derive(*key, "udperf v1 handshake s2c", {nonce});
    sealer.keys_ = role == Role::client ? Keys{up, down} : Keys{down, up};
  }
  return sealer;
}

bool Sealer::flagged(std::span<const std::byte> datagram) {
  return datagram.size() >= wire::kCommonHeaderBytes &&
         (datagram[wire::kFlagsOffset] & std::byte{wire::kFlagAuthenticated}) != std::byte{0};
}

bool Sealer::is_hello_of(const crypto::Key& key, const wire::Nonce& nonce,
                         std::span<const std::byte> datagram) {
  if (!flagged(datagram)) {
    return false;
  }
  Sealer listener;  // that never speaks: strangers are worth no second key
  listener.keys_ = Keys{{}, crypto::derive(key, "udperf v1 handshake c2s", {nonce})};
  return listener.open(datagram, Replay::accepted).has_value();
}

Sealer Sealer::for_session(const std::optional<crypto::Key>& key, Role role,
                           const wire::Nonce& nonce, const wire::CookieBytes& cookie,
                           std::uint8_t stream) {
  Sealer sealer;
  if (key) {
    const std::array<std::byte, 1> number{std::byte{stream}};
    const auto up = crypto::derive(*key, "udperf v1 session c2s", {nonce, cookie, number});
    const auto down = crypto::derive(*key, "udperf v1 session s2c", {nonce, cookie, number});
    sealer.keys_ = role == Role::client ? Keys{up, down} : Keys{down, up};
  }
  return sealer;
}

void Sealer::seal(std::vector<std::byte>& datagram) {
  if (!keys_) {
    return;
  }
  datagram[wire::kFlagsOffset] |= std::byte{wire::kFlagAuthenticated};
  const std::size_t counter_at = datagram.size();
  datagram.resize(counter_at + wire::kTrailerBytes);
  store_network_order(datagram.data() + counter_at, next_++);
  const auto covered = std::span{datagram}.first(counter_at + 8);
  const crypto::Tag tag = crypto::authenticate(keys_->send, {covered});
  std::copy(tag.begin(), tag.end(), datagram.end() - kTagBytes);
}

std::optional<std::span<const std::byte>> Sealer::open(std::span<const std::byte> datagram,
                                                       Replay replay) {
  const bool sealed = flagged(datagram);
  if (!keys_) {
    return sealed ? std::nullopt : std::optional{datagram};
  }
  if (!sealed || datagram.size() < wire::kCommonHeaderBytes + wire::kTrailerBytes) {
    return std::nullopt;
  }
  crypto::Tag given{};
  std::copy_n(datagram.end() - kTagBytes, kTagBytes, given.begin());
  const auto covered = datagram.first(datagram.size() - kTagBytes);
  if (!crypto::equal(given, crypto::authenticate(keys_->receive, {covered}))) {
    return std::nullopt;
  }
  const std::size_t content = datagram.size() - wire::kTrailerBytes;
  const auto counter = load_network_order<std::uint64_t>(datagram.data() + content);
  if (replay == Replay::refused && !fresh(counter)) {
    return std::nullopt;
  }
  return datagram.first(content);
}

bool Sealer::fresh(std::uint64_t counter) {
  constexpr std::uint64_t kWindow = 64;
  if (counter == 0) {
    return false;
  }
  if (counter > highest_) {
    const std::uint64_t step = counter - highest_;
    window_ = step >= kWindow ? 1 : (window_ << step) | 1U;
    highest_ = counter;
    return true;
  }
  const std::uint64_t age = highest_ - counter;
  if (age >= kWindow || ((window_ >> age) & 1U) != 0) {
    return false;
  }
  window_ |= std::uint64_t{1} << age;
  return true;
}

}  // namespace udperf::session
