#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <variant>
#include <vector>

#include "base/endpoint.hpp"
#include "base/source_meter.hpp"
#include "base/token_bucket.hpp"
#include "session/client_handshake.hpp"
#include "session/cookie.hpp"
#include "session/hello_log.hpp"
#include "session/sealer.hpp"
#include "wire/messages.hpp"

namespace udperf::session {

/// What arrived at the server's port from an address that has no session, and what to do about it.
/// Keeps nothing about anyone but who has proven to hold the key; an answer is never larger than
/// what provoked it, and there is a limit to the answers a second, in all and to one source.
class HandshakeResponder {
 public:
  static constexpr std::uint32_t kAnswersPerSecond = 2000;
  /// Of these, to one source: each stream of each of its clients says HELLO.
  static constexpr std::uint32_t kAnswersPerSource = 1000;
  /// So many REQUESTs and JOINs with a cookie of its own are looked at of one source: what they
  /// cost beyond the cookie is limited by that.
  static constexpr std::uint32_t kProvenPerSource = 1000;
  /// Orders of lengths (cost_of_orders()) are drawn for them that cost so much in a second, and so
  /// much at once: eight usual tests of all streams and both ways.
  static constexpr std::uint32_t kOrdersPerSource = 800;
  static constexpr std::uint32_t kOrdersPerSecond = 2000;
  static constexpr std::uint32_t kOrdersAtOnce = 2048;
  static constexpr std::uint32_t kOrdersOfAllAtOnce = 4096;
  /// With a key: so many seals of HELLOs are looked at in a second, of all sources together.
  static constexpr std::uint32_t kSealsPerSecond = 20'000;

  struct Settings {
    std::optional<crypto::Key> key;
    std::vector<IpPrefix> allow;  ///< empty: everyone
    std::vector<IpPrefix> deny;
  };

  HandshakeResponder(Settings settings, RandomSource& random, MonoTime now);

  /// Why a datagram got no answer.
  enum class Drop : std::uint8_t {
    malformed,
    bad_cookie,
    expired_cookie,
    denied,
    unauthenticated,
    rate_limited,
    unknown_session,
  };
  struct Reply {
    std::vector<std::byte> bytes;
    bool refusal = false;
  };
  /// A proven address asks for a test.
  struct Admission {
    wire::Request request;
    Sealer sealer;  ///< for stream 0 of the session to be
  };
  /// A proven address brings a stream to a session.
  struct Joining {
    wire::Join join;
    std::uint64_t session = 0;
    std::uint8_t stream = 0;
    Sealer sealer;
  };
  using Decision = std::variant<Drop, Reply, Admission, Joining>;

  [[nodiscard]] Decision on_datagram(std::span<const std::byte> datagram, const Endpoint& from,
                                     const Endpoint& to, MonoTime now);

  /// A REJECT for the answer to `request`, sealed as its sender expects.
  [[nodiscard]] static std::vector<std::byte> refusal(const wire::Nonce& nonce, Sealer& sealer,
                                                      wire::Reject reject);

  [[nodiscard]] const std::optional<crypto::Key>& key() const { return settings_.key; }

 private:
  Decision on_hello(std::span<const std::byte> datagram, std::uint8_t version,
                    const CookieJar::Subject& subject, MonoTime now);
  Decision on_request(std::span<const std::byte> datagram, CookieJar::Subject subject,
                      MonoTime now);
  Decision on_join(std::span<const std::byte> datagram, const wire::CommonHeader& header,
                   CookieJar::Subject subject, MonoTime now);
  /// Why a HELLO that may be answered is refused.
  [[nodiscard]] std::optional<wire::RejectReason> not_welcome(std::uint8_t version,
                                                              const IpAddress& client) const;
  [[nodiscard]] std::optional<Drop> check_bearer(std::span<const std::byte> datagram,
                                                 CookieJar::Subject& bearer, MonoTime now);
  [[nodiscard]] bool may_draw(const TestParams& params, const IpAddress& client, MonoTime now);
  [[nodiscard]] std::optional<Drop> check_cookie(std::span<const std::byte> datagram,
                                                 const CookieJar::Subject& subject, MonoTime now);
  [[nodiscard]] std::vector<std::byte> challenge_to(const wire::Hello& hello,
                                                    const CookieJar::Subject& subject,
                                                    Sealer& sealer, MonoTime now);
  [[nodiscard]] bool welcome(const IpAddress& address) const;

  Settings settings_;
  CookieJar jar_;
  SourceMeter sources_;
  SourceMeter proven_;
  SourceMeter orders_;
  HelloLog said_;  ///< with a key
  // Of all sources together.
  TokenBucket answers_{kAnswersPerSecond, kAnswersPerSecond};
  TokenBucket orders_of_all_{kOrdersPerSecond, kOrdersOfAllAtOnce};
  TokenBucket seals_{kSealsPerSecond, kSealsPerSecond / 10};
};

}  // namespace udperf::session
