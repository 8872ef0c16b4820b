#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>

#include "base/token_bucket.hpp"

namespace udperf::session {

/// What a server may send to one session beside DATA, in bytes of UDP payload: a multiple of what
/// has come from that address, and never faster than a pace of its own and one for all sessions
/// together. Any thread may use it.
class ControlBudget {
 public:
  static constexpr std::uint64_t kMultiple = 3;
  static constexpr std::uint64_t kFeedbackMultiple = 2;  ///< so that a report is never eaten up
  static constexpr std::uint64_t kBytesPerSecond = 2'500'000;
  static constexpr std::uint64_t kBurst = 262'144;
  static constexpr std::uint64_t kBytesPerSecondOfAll = 16'000'000;
  static constexpr std::uint64_t kBurstOfAll = 4'194'304;

  /// `all`: shared by the sessions, and lives longer.
  explicit ControlBudget(TokenBucket& all) : all_(all) {}

  enum class Kind : std::uint8_t { answer, feedback };

  void received(std::uint64_t bytes) { received_.fetch_add(bytes, std::memory_order_relaxed); }
  /// Of that: a message of the session that was authentic and new.
  void opened(std::uint64_t bytes) { opened_.fetch_add(bytes, std::memory_order_relaxed); }
  /// All else that has come: DATA, copies of it, what is damaged or of no session, and what of
  /// control messages came faster than our own go, in the mean since the last look. Without a key
  /// anybody can call anything one. For one thread, at times that do not go back.
  [[nodiscard]] std::uint64_t beside_talk(MonoTime now);
  /// Before there was a session: sent whatever the budget says.
  void sent(std::uint64_t bytes) { sent_.fetch_add(bytes, std::memory_order_relaxed); }
  /// True: it may be sent, and is accounted for.
  [[nodiscard]] bool take(std::uint64_t bytes, Kind kind, MonoTime now);
  /// When pace alone would let so many bytes go; `now` or earlier: at once.
  [[nodiscard]] MonoTime due(std::uint64_t bytes) const {
    return std::max(own_.due(bytes), all_.due(bytes));
  }
  /// What may be sent now, but for the pace.
  [[nodiscard]] std::uint64_t affordable() const;

 private:
  TokenBucket& all_;
  TokenBucket own_{kBytesPerSecond, kBurst};
  std::atomic<std::uint64_t> received_{0};
  std::atomic<std::uint64_t> opened_{0};
  std::atomic<std::uint64_t> sent_{0};
  struct Talk {
    MonoTime looked{};         ///< last
    std::uint64_t opened = 0;  ///< by then
    std::uint64_t bytes = 0;   ///< of that as fast as talk may be
  };
  Talk talk_;
};

}  // namespace udperf::session
