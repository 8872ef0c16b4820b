#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "base/result.hpp"
#include "session/backoff.hpp"
#include "session/refusal.hpp"
#include "session/sealer.hpp"
#include "wire/messages.hpp"

namespace udperf::session {

/// The client's way from HELLO to a session: bytes and time in, bytes and deadlines out. Every
/// message is repeated until answered; every answer may come twice or out of order.
class ClientHandshake {
 public:
  struct Settings {
    TestParams params;
    std::optional<crypto::Key> key;
    Duration timeout = std::chrono::seconds{5};
    /// What the user was told of it, for messages; absent: the same.
    std::optional<Duration> told_timeout = std::nullopt;
    /// For another stream of a session that exists: JOIN takes REQUEST's place.
    struct Joining {
      std::uint64_t session = 0;
      std::uint8_t stream = 0;
      wire::Nonce server_nonce{};
    };
    std::optional<Joining> joining;
    std::uint32_t capabilities = 0;  ///< to be told beside what every client has
  };

  ClientHandshake(const Settings& settings, RandomSource& random, MonoTime now);

  void on_datagram(std::span<const std::byte> datagram, MonoTime now);
  void on_timer(MonoTime now);
  /// ICMP said that nothing listens there. Of a server that has answered, or has a session already,
  /// one such message is not believed: see kGoneAfter.
  void on_refused();
  /// A router, or this host, says why nothing gets there.
  void on_unreachable(const std::string& why);
  /// This host did not let a message out, for that errno: which says nothing of the server.
  void on_no_network(int os_error);
  [[nodiscard]] MonoTime next_timeout() const;
  /// The next datagram to send, if any.
  [[nodiscard]] std::optional<std::vector<std::byte>> poll_transmit();

  [[nodiscard]] bool done() const { return stage_ == Stage::done; }
  [[nodiscard]] bool failed() const { return error_.has_value(); }
  /// Preconditions of the five below: done(), failed(), failed(), done(), done().
  [[nodiscard]] const wire::Accept& accept() const { return *accept_; }
  [[nodiscard]] const Error& error() const { return *error_; }
  [[nodiscard]] Obstacle obstacle() const { return obstacle_; }
  [[nodiscard]] std::uint64_t session() const { return session_; }
  [[nodiscard]] const Sealer& sealer() const { return session_sealer_; }

  [[nodiscard]] std::optional<std::uint32_t> retry_after_ms() const { return retry_after_ms_; }
  [[nodiscard]] MonoTime begun() const { return begun_; }
  /// A server that answers nothing else, and is silent for so long, is gone.
  static constexpr std::uint32_t kGoneAfter = 3;
  static constexpr Duration kGoneSilence = std::chrono::milliseconds{500};
  /// Whether the server answered at all; for telling a dead server from a silent one.
  [[nodiscard]] bool heard() const { return signs_.heard; }

 private:
  enum class Stage : std::uint8_t { hello, request, done };

  void send_hello();
  void send_request();
  void on_challenge(std::span<const std::byte> datagram, MonoTime now);
  [[nodiscard]] std::optional<std::span<const std::byte>> open_answer(
      std::span<const std::byte> datagram);
  void on_accept(std::span<const std::byte> datagram, std::uint64_t session);
  void on_join_ack(std::span<const std::byte> datagram, std::uint64_t session);
  void on_reject(std::span<const std::byte> datagram);
  void on_silence();
  void on_gone();
  [[nodiscard]] bool is_there() const { return signs_.heard || settings_.joining; }
  [[nodiscard]] std::string silence_text() const;
  void fail(ErrorCode code, Obstacle obstacle, std::string text);
  [[nodiscard]] wire::Digest params_hash() const;

  Settings settings_;
  wire::Nonce nonce_{};
  wire::CookieBytes cookie_{};
  Sealer handshake_sealer_;
  Sealer session_sealer_;
  std::optional<Sealer> earlier_sealer_;  ///< of the cookie before this one
  Stage stage_ = Stage::hello;
  Backoff backoff_;
  MonoTime begun_;
  MonoTime deadline_;
  MonoTime cookie_at_{};
  std::optional<Duration> first_answer_;  ///< how long it took
  std::optional<std::vector<std::byte>> out_;
  std::optional<wire::Accept> accept_;
  std::optional<Error> error_;
  Obstacle obstacle_ = Obstacle::other;
  std::optional<std::uint32_t> retry_after_ms_;
  std::uint64_t session_ = 0;
  /// What there is to tell of the server, and of the way to it.
  struct Signs {
    bool heard = false;
    MonoTime last_heard;         ///< or when this began
    std::uint32_t refusals = 0;  ///< since then
    int no_network = 0;          ///< errno of the last message, where this host did not let it out
    bool server_needs_key = false;
  };
  Signs signs_;
};

/// What a JOIN's cookie is bound to in place of parameters.
[[nodiscard]] wire::Digest join_hash(std::uint64_t session, std::uint8_t stream);

}  // namespace udperf::session
