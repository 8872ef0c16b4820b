#include "session/cookie.hpp"

#include <algorithm>

namespace udperf::session {
namespace {

// Layout: version, epoch, two zero bytes, seconds (u32), 16 bytes of tag, 8 zero bytes.
constexpr std::uint8_t kCookieVersion = 1;
constexpr std::size_t kSecondsAt = 4;
constexpr std::size_t kTagAt = 8;

void put_endpoint(std::vector<std::byte>& out, const Endpoint& endpoint) {
  out.push_back(static_cast<std::byte>(endpoint.address.family));
  for (const std::uint8_t byte : endpoint.address.bytes) {
    out.push_back(std::byte{byte});
  }
  out.push_back(static_cast<std::byte>(endpoint.port >> 8U));
  out.push_back(static_cast<std::byte>(endpoint.port & 0xFFU));
}

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
  std::vector<std::byte> text;
  text.reserve(96);
  text.push_back(std::byte{kCookieVersion});
  text.push_back(std::byte{epoch});
  for (int shift = 24; shift >= 0; shift -= 8) {
    text.push_back(static_cast<std::byte>((seconds >> static_cast<unsigned>(shift)) & 0xFFU));
  }
  put_endpoint(text, subject.client);
  put_endpoint(text, subject.server);
  return crypto::authenticate(keys_[epoch % 2], {text, subject.nonce, subject.params_hash});
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
  const bool known_epoch =
      epoch == epoch_ || (epoch_ > 0 && epoch == static_cast<std::uint8_t>(epoch_ - 1));
  crypto::Tag given{};
  std::copy_n(cookie.begin() + kTagAt, given.size(), given.begin());
  const bool authentic = crypto::equal(given, tag(epoch, seconds, subject));
  if (cookie[0] != std::byte{kCookieVersion} || !known_epoch || !authentic) {
    return Verdict::forged;
  }
  const Duration age = now - start_ - std::chrono::seconds{seconds};
  return age > kLifetime ? Verdict::expired : Verdict::good;
}

}  // namespace udperf::session
