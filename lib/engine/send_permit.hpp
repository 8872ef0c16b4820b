#pragma once

#include <cstdint>
#include <deque>

#include "base/time.hpp"

namespace udperf::engine {

/// Whether a stream may go on sending: FEEDBACK is what permits it. A client may be told to end
/// without it; a server pauses, and ends in the end, so that nobody is flooded who does not listen.
/// Pure: takes the time as an argument.
class SendPermit {
 public:
  struct Settings {
    bool sparse_control = false;  ///< FEEDBACK comes as seldom as session/light.hpp says
    /// A client ends after so long without FEEDBACK; 0 = never.
    Duration patience{0};
    /// What is sent so slowly may go so long without an echo of recent DATA.
    Duration echo_patience{0};
  };
  /// What it depends on beside FEEDBACK.
  struct Peer {
    Duration round_trip{0};
    Duration unproven{0};  ///< how long ago the peer last proved that it receives
  };
  enum class Verdict : std::uint8_t { go_on, wait, give_up };

  SendPermit() = default;
  /// `heard`: the last sign of life, with which the first permit begins.
  SendPermit(const Settings& settings, MonoTime heard)
      : settings_(settings), fed_back_(heard), echoed_(heard), permitted_(heard) {}

  /// Whether FEEDBACK of that number tells anything new.
  [[nodiscard]] bool is_news(std::uint64_t number) const { return number > seen_; }
  /// Whether a batch of that number (modulo 2^32) was sent in the last two seconds or so, where
  /// `batches` have been sent by now.
  [[nodiscard]] bool is_recent(std::uint32_t batch, std::uint64_t batches) const;
  /// FEEDBACK that is_news(); `echoes`: it echoes recent DATA, or there was none to echo.
  void on_feedback(std::uint64_t number, bool echoes, MonoTime now);

  /// Notes how far the sender is; not while it waits, as what it sent last stays what can be
  /// echoed.
  void mark(std::uint64_t batches, Duration round_trip, MonoTime now);

  /// Whether a client has waited for FEEDBACK as long as it was told to.
  [[nodiscard]] bool out_of_patience(MonoTime now) const {
    return settings_.patience > Duration{0} && now - fed_back_ > settings_.patience;
  }
  /// Of a server.
  [[nodiscard]] Verdict judge(const Peer& peer, MonoTime now);
  /// When a server has to wait where nothing more comes: just later than judge() allows.
  [[nodiscard]] MonoTime end(const Peer& peer, MonoTime now) const;

 private:
  [[nodiscard]] Duration length() const;
  [[nodiscard]] Duration length_by_feedback(Duration round_trip) const;
  [[nodiscard]] Duration length_by_echo(Duration round_trip) const;

  struct Mark {
    MonoTime at;
    std::uint64_t batches;
  };

  Settings settings_;
  std::uint64_t seen_ = 0;  ///< number of the latest FEEDBACK
  MonoTime fed_back_{};     ///< latest FEEDBACK
  MonoTime echoed_{};       ///< latest FEEDBACK that echoed recent DATA
  MonoTime permitted_{};    ///< latest time at which a server was allowed to send
  std::deque<Mark> marks_;  ///< how far the sender was in the last two seconds
};

/// How long a server sends without FEEDBACK at most.
inline constexpr Duration kPermit = std::chrono::seconds{1};

}  // namespace udperf::engine
