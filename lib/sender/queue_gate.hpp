#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>

#include "base/time.hpp"
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

  /// Reads what on_report() has left; `next`: datagrams sent so far.
  void take_report(std::uint64_t next);

  /// How many of `wanted` datagrams may leave now: all, or fewer where that is worth a call, or
  /// none while more room is soon to come. `left`: that the test still has.
  [[nodiscard]] std::uint64_t admit(std::uint64_t next, std::uint64_t wanted, std::uint64_t left,
                                    MonoTime now);

  /// After admit() of none: when to ask again where no report comes.
  [[nodiscard]] MonoTime ask_again(MonoTime now);

  /// How long it has held the sender back in all, since its warm-up where there was one.
  [[nodiscard]] Duration held() const { return held_; }
  void end_warm_up() { held_ = Duration{0}; }

 private:
  pacing::Governor governor_;
  MonoTime held_since_ = kNever;
  Duration held_{0};
  std::mutex mutex_;
  Report report_;
  std::atomic<bool> news_{false};
};

}  // namespace udperf::sender
