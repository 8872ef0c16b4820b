#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "base/time.hpp"
#include "crypto/crypto.hpp"
#include "wire/messages.hpp"

namespace udperf::session {

/// How often a PathValidation asks.
struct PathValidationPace {
  Duration every = std::chrono::milliseconds{250};
  /// While an answer is missing: half of the datagrams may be lost on either way.
  Duration urgent = std::chrono::milliseconds{50};
  Duration missing = std::chrono::milliseconds{500};
};
/// Of a light test.
inline constexpr PathValidationPace kLightPace{
    std::chrono::seconds{1}, std::chrono::milliseconds{100}, std::chrono::milliseconds{1500}};

/// Proof that the peer still receives where it was proven to: PROBEs whose 64-bit numbers only who
/// got them can know, and their answers. Knowing the session, or forging the peer's address, is not
/// enough. Pure.
class PathValidation {
 public:
  /// An answer that took longer proves nothing any more.
  static constexpr Duration kOldest = std::chrono::seconds{10};

  PathValidation(const crypto::Key& secret, MonoTime now, const PathValidationPace& pace = {});

  /// The peer has just proven itself in another way.
  void prove(MonoTime now) { proven_ = now; }
  /// A probe that is due.
  [[nodiscard]] std::optional<wire::Probe> poll(MonoTime now);
  [[nodiscard]] MonoTime next() const { return next_; }
  /// True when it answers one of ours.
  bool on_reply(const wire::ProbeReply& reply, MonoTime now);
  [[nodiscard]] MonoTime proven() const { return proven_; }

 private:
  static constexpr std::size_t kRemembered = 256;  ///< more than kOldest / urgent
  struct Sent {
    std::uint64_t id = 0;
    MonoTime at{};
  };

  PathValidationPace pace_;
  crypto::Key key_;
  std::uint64_t count_ = 0;
  std::array<Sent, kRemembered> sent_{};
  MonoTime next_;
  MonoTime proven_;
};

}  // namespace udperf::session
