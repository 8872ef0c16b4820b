#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/time.hpp"
#include "model/reports.hpp"

namespace udperf::sender {

/// The times in which a stream's sender got nothing out although something was due, and why, as a
/// list of at most kMostSendPauses. Neighbours of one cause are joined, so a filter that drops one
/// datagram in a hundred is one entry. Pure.
class PauseLog {
 public:
  /// What is shorter is flow control, or a busy host; unless a datagram was refused in it.
  static constexpr Duration kShortest = std::chrono::milliseconds{100};

  void begin(MonoTime now) { begun_ = last_sent_ = now; }
  /// Time between datagrams at the rate that was asked for; 0 = as fast as it goes.
  void plan(Duration gap) { planned_ = gap; }

  void sent(MonoTime now) {
    if (open_) {
      close(now);
    }
    refusals_ = 0;
    note_silence(now);
  }
  /// Nothing went out for this reason (as SendPause::os_error has it); `refused` datagrams
  /// were given up.
  void stopped(MonoTime now, std::uint32_t os_error, std::uint64_t refused);
  /// Sending is over; `all_sent`: the last datagram was its end, nothing was due after it.
  void finish(MonoTime now, bool all_sent);

  /// Times in a row that datagrams were refused.
  [[nodiscard]] std::uint32_t refusals() const { return refusals_; }
  /// Window and final errno are the sender's to fill in.
  [[nodiscard]] SendTime result() const;

 private:
  void close(MonoTime now);
  void note_silence(MonoTime now);
  [[nodiscard]] SendPause* joinable(const SendPause& pause);

  MonoTime begun_{};
  MonoTime last_sent_{};
  Duration planned_{0};
  Duration silent_{0};
  Duration tail_{0};
  std::uint32_t refusals_ = 0;
  std::optional<SendPause> open_;
  std::vector<SendPause> list_;
};

}  // namespace udperf::sender
