#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <optional>
#include <random>
#include <vector>

#include "model/outcome.hpp"
#include "search/trial.hpp"

namespace udperf::test {

/// A path with one bottleneck, datagram by datagram: what a search is let loose on. Rates count
/// payload. What is not set is not there.
struct BottleneckSettings {
  double rate_bps = 100e6;
  double queue_s = 0.02;       ///< that long the bottleneck works on a full queue; 0: a policer
  double bucket_bytes = 0;     ///< that may pass at any rate after a rest
  double loss = 0;             ///< share lost before the bottleneck, independently
  double delay_s = 0.001;      ///< one way
  double sender_bps = 1e12;    ///< the sending host cannot do more
  double receiver_bps = 1e12;  ///< the receiving host loses what is beyond it
  double stall_share = 0;      ///< of the trials have a stall of the sender in them
  double stall_s = 0.02;
  double change_at_s = 1e9;  ///< of the search
  double changed_bps = 0;    ///< rate from then on
  /// The bottleneck lets so much more pass where the datagrams are merged: headers count once.
  double merged_factor = 1;
  double overhead_s = 0.25;  ///< of a trial, beside its duration and the round trips
  std::uint32_t payload = 1472;
};

class Bottleneck {
 public:
  Bottleneck(const BottleneckSettings& settings, std::uint64_t seed)
      : s_(settings), random_(seed), tokens_(settings.bucket_bytes) {}

  /// Runs the trial from `now_s` on; returns what both ends would report.
  TestOutcome run(const search::Trial& trial, Way way);
  [[nodiscard]] double now_s() const { return now_s_; }
  [[nodiscard]] double rate_at(double time_s) const {
    return factor_ * (time_s >= s_.change_at_s ? s_.changed_bps : s_.rate_bps);
  }

 private:
  class Books;
  struct Sent {
    std::uint64_t packets = 0;
    std::uint64_t socket_drop = 0;
    double last_s = 0;  ///< since the trial's start
    double longest_wait_s = 0;
  };

  Sent send(const search::Trial& trial, double start, Books& books);
  /// When the datagram leaves the bottleneck; nothing when it is dropped.
  std::optional<double> pass(double at_s);
  void refill(double at_s);

  BottleneckSettings s_;
  std::mt19937_64 random_;
  double now_s_ = 0;
  double factor_ = 1;
  double tokens_;
  double tokens_at_s_ = 0;
  double free_at_s_ = 0;  ///< when the queue will have been sent
};

}  // namespace udperf::test
