#include "session/cookie.hpp"

#include <algorithm>
#include <span>

#include "base/network_order.hpp"

namespace udperf::session {
namespace {

// Layout: version, epoch, two zero bytes, seconds (u32), 16 bytes of tag over all, 8 bytes of tag
// over the bearer.
constexpr std::uint8_t kCookieVersion = 1;
constexpr std::size_t kHeadBytes = 8;
constexpr std::size_t kSecondsAt = 4;
constexpr std::size_t kTagAt = kHeadBytes;
constexpr std::size_t kBearerTagAt = 24;
constexpr std::size_t kBearerTagBytes = 8;  // cut: who guesses it gains a dearer refusal
static_assert(kBearerTagAt + kBearerTagBytes == std::tuple_size_v<wire::CookieBytes>);

/// What a tag is for, so that one is never taken for the other.
enum class Purpose : std::uint8_t { all = 1, bearer = 2 };

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

namespace {

/// All that a tag speaks for but the parameters.
Text text_of(Purpose purpose, const wire::CookieBytes& cookie, const CookieJar::Subject& subject) {
  Text text;
  text.byte(static_cast<std::uint8_t>(purpose));
  for (std::size_t i = 0; i < kHeadBytes; ++i) {
    text.byte(std::to_integer<std::uint8_t>(cookie[i]));
  }
  text.endpoint(subject.client);
  text.endpoint(subject.server);
  text.bytes(subject.nonce);
  return text;
}

const crypto::Key& key_of(const std::array<crypto::Key, 2>& keys, const wire::CookieBytes& cookie) {
  return keys[std::to_integer<std::size_t>(cookie[1]) % keys.size()];
}

}  // namespace

crypto::Tag CookieJar::bearer_tag(const wire::CookieBytes& cookie, const Subject& subject) const {
  crypto::Tag tag =
      crypto::quick_tag(key_of(keys_, cookie), text_of(Purpose::bearer, cookie, subject).all());
  std::fill(tag.begin() + kBearerTagBytes, tag.end(), std::byte{0});
  return tag;
}

crypto::Tag CookieJar::full_tag(const wire::CookieBytes& cookie, const Subject& subject) const {
  Text text = text_of(Purpose::all, cookie, subject);
  text.bytes(subject.params_hash);
  return crypto::quick_tag(key_of(keys_, cookie), text.all());
}

wire::CookieBytes CookieJar::make(const Subject& subject, MonoTime now) {
  rotate(now);
  const auto seconds = static_cast<std::uint32_t>((now - start_) / std::chrono::seconds{1});
  wire::CookieBytes cookie{};
  cookie[0] = std::byte{kCookieVersion};
  cookie[1] = std::byte{epoch_};
  store_network_order(cookie.data() + kSecondsAt, seconds);
  const crypto::Tag all = full_tag(cookie, subject);
  std::copy(all.begin(), all.end(), cookie.begin() + kTagAt);
  const crypto::Tag bearer = bearer_tag(cookie, subject);
  std::copy_n(bearer.begin(), kBearerTagBytes, cookie.begin() + kBearerTagAt);
  return cookie;
}

CookieJar::Verdict CookieJar::check_bearer(const wire::CookieBytes& cookie, const Subject& bearer,
                                           MonoTime now) {
  rotate(now);
  const auto epoch = std::to_integer<std::uint8_t>(cookie[1]);
  // Epochs are counted modulo 256. Before the first change of keys nobody has a cookie of the one
  // before: its key was never used.
  const bool known_epoch = epoch == epoch_ || epoch == static_cast<std::uint8_t>(epoch_ - 1U);
  if (cookie[0] != std::byte{kCookieVersion} || !known_epoch) {
    return Verdict::forged;
  }
  crypto::Tag given{};
  std::copy_n(cookie.begin() + kBearerTagAt, kBearerTagBytes, given.begin());
  if (!crypto::equal(given, bearer_tag(cookie, bearer))) {
    return Verdict::forged;
  }
  const auto seconds = load_network_order<std::uint32_t>(cookie.data() + kSecondsAt);
  const Duration age = now - start_ - std::chrono::seconds{seconds};
  return age > kLifetime ? Verdict::expired : Verdict::good;
}

CookieJar::Verdict CookieJar::check(const wire::CookieBytes& cookie, const Subject& subject,
                                    MonoTime now) {
  const Verdict bearer = check_bearer(cookie, subject, now);
  if (bearer != Verdict::good) {
    return bearer;
  }
  crypto::Tag given{};
  std::copy_n(cookie.begin() + kTagAt, given.size(), given.begin());
  return crypto::equal(given, full_tag(cookie, subject)) ? Verdict::good : Verdict::forged;
}

}  // namespace udperf::session
