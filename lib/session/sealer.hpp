#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/network_order.hpp"
#include "crypto/crypto.hpp"
#include "wire/messages.hpp"

namespace udperf::session {

/// Which end of the session this is.
enum class Role : std::uint8_t { client, server };

/// Authenticates control datagrams with a shared key: a counter and a tag at the end, a key for
/// each direction so that nothing can be reflected, and a window against replay (RFC 6479's idea).
/// Without a key it passes everything through. Nothing is encrypted.
class Sealer {
 public:
  /// No key: datagrams go out as they are, and come in as they are when they carry no trailer.
  Sealer() = default;

  /// For HELLO and CHALLENGE: all that both ends know then is the client's nonce.
  static Sealer for_handshake(const std::optional<crypto::Key>& key, Role role,
                              const wire::Nonce& nonce);
  /// Whether a HELLO is of who has the key. Cheap for what does not even say so.
  [[nodiscard]] static bool is_hello_of(const crypto::Key& key, const wire::Nonce& nonce,
                                        std::span<const std::byte> datagram);
  /// Whether it says that it carries a trailer.
  [[nodiscard]] static bool flagged(std::span<const std::byte> datagram);
  /// From REQUEST on: the server's cookie makes the keys fresh, so no clock is needed. Each stream
  /// has keys of its own.
  static Sealer for_session(const std::optional<crypto::Key>& key, Role role,
                            const wire::Nonce& nonce, const wire::CookieBytes& cookie,
                            std::uint8_t stream);

  [[nodiscard]] bool keyed() const { return keys_.has_value(); }

  /// Appends counter and tag and sets the flag; nothing without a key.
  void seal(std::vector<std::byte>& datagram);

  /// The counter of a datagram that open() has found to be authentic and sealed.
  [[nodiscard]] static std::uint64_t counter_of(std::span<const std::byte> datagram) {
    return load_network_order<std::uint64_t>(datagram.data() + datagram.size() -
                                             wire::kTrailerBytes);
  }

  enum class Replay : std::uint8_t { refused, accepted };
  /// The datagram without its trailer, or nothing when it is not authentic or was seen before.
  /// `replay` accepted is for handshake messages, which are idempotent.
  [[nodiscard]] std::optional<std::span<const std::byte>> open(std::span<const std::byte> datagram,
                                                               Replay replay);

 private:
  struct Keys {
    crypto::Key send;
    crypto::Key receive;
  };

  [[nodiscard]] bool fresh(std::uint64_t counter);

  std::optional<Keys> keys_;
  std::uint64_t next_ = 1;
  std::uint64_t highest_ = 0;
  std::uint64_t window_ = 0;  ///< bit i: highest_ - i has been seen
};

}  // namespace udperf::session
