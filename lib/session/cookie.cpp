#include "session/cookie.hpp"

#include <algorithm>
#include <span>

namespace udperf::session {
namespace {

// Layout: version, epoch, two zero bytes, seconds (u32), 16 bytes of tag, 8 zero bytes.
constexpr std::uint8_t kCookieVersion = 1;
constexpr std::size_t kSecondsAt = 4;
constexpr std::size_t kTagAt = 8;

/// What the tag speaks for, put together without an allocation: a cookie costs little to check, so
/// that bad ones cost no more than data.
class Text {
 public:
  void byte(std::uint8_t value) { bytes_[size_++] = std::byte{value}; }
  template <std::size_t N>
  void bytes(const std::array<std::byte, N>& value) {
    std::copy(value.begin(), value.end(), bytes_.begin() + static_cast<std::ptrdiff_t>(size_));
    size_ += N;
  }
  void endpoint(const Endpoint& endpoint) {
    byte(static_cast<std::uint8_t>(endpoint.address.family));
    for (const std::uint8_t value : endpoint.address.bytes) {
      byte(value);
    }
    byte(static_cast<std::uint8_t>(endpoint.port >> 8U));
    byte(static_cast<std::uint8_t>(endpoint.port & 0xFFU));
  }
  [[nodiscard]] std::span<const std::byte> all() const { return std::span{bytes_}.first(size_); }

 private:
  std::array<std::byte, 96> bytes_{};
  std::size_t size_ = 0;
};

}  // namespace

CookieJar::CookieJar(RandomSource& random, MonoTime now)
    : random_(random), start_(now), key_made_(now) {
  for (crypto::Key& key : keys_) {
    random_.fill(key);
  }
}

void CookieJar::rotate(MonoTime now) {
  // After a long pause both keys are old: each turn of the loop replaces one.
  for (int i = 0; i < 2 && now - key_made_ >= kKeyLifetime; ++i) {
    ++epoch_;
    random_.fill(keys_[epoch_ % 2]);
    key_made_ = now - key_made_ >= 2 * kKeyLifetime ? now - kKeyLifetime : now;
  }
}

crypto::Tag CookieJar::tag(std::uint8_t epoch, std::uint32_t seconds,
                           const Subject& subject) const {
  Text text;
  text.byte(kCookieVersion);
  text.byte(epoch);
  for (unsigned shift = 32; shift != 0; shift -= 8) {
    text.byte(static_cast<std::uint8_t>((seconds >> (shift - 8)) & 0xFFU));
  }
  text.endpoint(subject.client);
  text.endpoint(subject.server);
  text.bytes(subject.nonce);
  text.bytes(subject.params_hash);
  return crypto::quick_tag(keys_[epoch % 2], text.all());
}

wire::CookieBytes CookieJar::make(const Subject& subject, MonoTime now) {
  rotate(now);
  const auto seconds = static_cast<std::uint32_t>((now - start_) / std::chrono::seconds{1});
  wire::CookieBytes cookie{};
  cookie[0] = std::byte{kCookieVersion};
  cookie[1] = std::byte{epoch_};
  wire::detail::store(cookie.data() + kSecondsAt, seconds);
  const crypto::Tag mac = tag(epoch_, seconds, subject);
  std::copy(mac.begin(), mac.end(), cookie.begin() + kTagAt);
  return cookie;
}

CookieJar::Verdict CookieJar::check(const wire::CookieBytes& cookie, const Subject& subject,
                                    MonoTime now) {
  rotate(now);
  const auto epoch = std::to_integer<std::uint8_t>(cookie[1]);
  const auto seconds = wire::detail::load<std::uint32_t>(cookie.data() + kSecondsAt);
  // Epochs are counted modulo 256. Before the first change of keys nobody has a cookie of the one
  // before: its key was never used.
  const bool known_epoch = epoch == epoch_ || epoch == static_cast<std::uint8_t>(epoch_ - 1U);
  if (cookie[0] != std::byte{kCookieVersion} || !known_epoch) {
    return Verdict::forged;
  }
  crypto::Tag given{};
  std::copy_n(cookie.begin() + kTagAt, given.size(), given.begin());
  if (!crypto::equal(given, tag(epoch, seconds, subject))) {
    return Verdict::forged;
  }
  const Duration age = now - start_ - std::chrono::seconds{seconds};
  return age > kLifetime ? Verdict::expired : Verdict::good;
}

}  // namespace udperf::session
