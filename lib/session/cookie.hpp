#pragma once

#include <array>
#include <cstdint>

#include "base/endpoint.hpp"
#include "base/random.hpp"
#include "base/time.hpp"
#include "crypto/crypto.hpp"
#include "wire/messages.hpp"

namespace udperf::session {

/// Makes and checks the cookie of CHALLENGE: proof, without memory of anyone, that whoever returns
/// it receives at the address it was sent to (RFC 9147 s5.1, RFC 7296 s2.6). It is bound to both
/// addresses and ports, the client's nonce and its parameters, and lives 10 s. The key is replaced
/// every 60 s; the one before stays valid.
///
/// It has two tags: one over all but the parameters, and one over all. Who checks the first one
/// first need not work out the fingerprint of the parameters for whoever has no cookie.
class CookieJar {
 public:
  static constexpr Duration kLifetime = std::chrono::seconds{10};
  static constexpr Duration kKeyLifetime = std::chrono::seconds{60};

  CookieJar(RandomSource& random, MonoTime now);

  /// What a cookie speaks for.
  struct Subject {
    Endpoint client;
    Endpoint server;
    wire::Nonce nonce{};
    wire::Digest params_hash{};
  };

  [[nodiscard]] wire::CookieBytes make(const Subject& subject, MonoTime now);

  enum class Verdict : std::uint8_t { good, forged, expired };
  /// Whether the cookie was made for who brings it, whatever it asks for: `params_hash` is not
  /// looked at.
  [[nodiscard]] Verdict check_bearer(const wire::CookieBytes& cookie, const Subject& bearer,
                                     MonoTime now);
  /// The same, and for what it asks for.
  [[nodiscard]] Verdict check(const wire::CookieBytes& cookie, const Subject& subject,
                              MonoTime now);

 private:
  void rotate(MonoTime now);
  [[nodiscard]] crypto::Tag bearer_tag(const wire::CookieBytes& cookie,
                                       const Subject& subject) const;
  [[nodiscard]] crypto::Tag full_tag(const wire::CookieBytes& cookie, const Subject& subject) const;

  RandomSource& random_;
  MonoTime start_;
  MonoTime key_made_;
  std::uint8_t epoch_ = 0;
  std::array<crypto::Key, 2> keys_{};  ///< by the epoch's lowest bit
};

}  // namespace udperf::session
