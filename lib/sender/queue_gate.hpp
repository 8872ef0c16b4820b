#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>

#include "base/time.hpp"
#include "model/reports.hpp"
#include "pacing/governor.hpp"

namespace udperf::sender {

/// Lets a sender without a rate pass as far as the receiver's socket has room. on_report() may be
/// called from any thread, everything else belongs to that of the transmit loop.
class QueueGate {
 public:
  /// What the receiver has told of its queue, and when that came.
  struct Report {
    pacing::Governor::Report queue;
    MonoTime came{};
  };

  explicit QueueGate(const pacing::Governor::Start& start) : governor_(start) {}

  /// Newer than those before.
  void on_report(const Report& report);
  /// The receiver spoke, but not of its queue. From any thread.
  void on_untold() { untold_.store(true, std::memory_order_relaxed); }

  /// Reads what on_report() has left; `next`: datagrams sent so far.
  void take_report(std::uint64_t next);

  /// How many of `wanted` datagrams may leave now: all, or fewer where that is worth a call, or
  /// none while more room is soon to come. `left`: that the test still has.
  [[nodiscard]] std::uint64_t admit(std::uint64_t next, std::uint64_t wanted, std::uint64_t left,
                                    MonoTime now);

  /// After admit() of none: when to ask again where no report comes.
  [[nodiscard]] MonoTime ask_again(std::uint64_t next, MonoTime now);

  /// How long it has held the sender back in all by `now`, since its warm-up where there was one.
  [[nodiscard]] Duration held(MonoTime now) const {
    return held_ + (held_since_ == kNever ? Duration{0} : now - held_since_);
  }
  /// How long of that the receiver's socket had room, but word of it was still on its way.
  [[nodiscard]] Duration held_by_path(MonoTime now) const {
    const bool path = held_since_ != kNever && !governor_.receiver_lags();
    return by_path_ + (path ? now - judged_until_ : Duration{0});
  }
  void end_warm_up(MonoTime now) {
    held_ = by_path_ = Duration{0};
    held_since_ = held_since_ == kNever ? kNever : now;
    judged_until_ = now;
  }
  /// Adds both to the report of a sender that ends `now`, `wall` after it began.
  void fill(MonoTime now, Duration wall, TxReport& report) const;
  /// Why it holds the sender back, as far as that is known: the receiver's socket was full, or
  /// nothing has been heard of it for too long. Else the next report is on its way.
  [[nodiscard]] bool receiver_is_full() const { return governor_.full() && !governor_.trickles(); }
  [[nodiscard]] bool receiver_is_silent() const { return governor_.trickles(); }
  /// It has gone on without a receiver that does not tell, and has heard nothing since.
  [[nodiscard]] bool gave_up() const { return gave_up_; }

 private:
  /// Finds out whose the time was in which the sender has been held since last asked.
  void judge_hold(MonoTime until);

  pacing::Governor governor_;
  MonoTime held_since_ = kNever;
  MonoTime judged_until_{};  ///< where held
  Duration held_{0};
  Duration by_path_{0};
  bool gave_up_ = false;
  std::mutex mutex_;
  Report report_;
  std::atomic<bool> news_{false};
  std::atomic<bool> untold_{false};  ///< by the latest word of the receiver
};

}  // namespace udperf::sender
