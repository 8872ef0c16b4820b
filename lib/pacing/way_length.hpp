#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include "base/time.hpp"

namespace udperf::pacing {

/// How long the way to a receiver is: the shortest round trip, as queues only add to it.
///
/// Routes change, and streams of one test may take several. Where for long every round trip was
/// far longer than the shortest, though no more was under way than the receiver's socket takes,
/// the shortest of these is tried. A queue that the sender stands in looks the same: but letting
/// more out gets no more through it, or only past others who then wait longer, where on a long way
/// it does. So meanwhile no more than twice what gets through in a round trip may be out, and a
/// trial that gains nothing ends. Pure.
class WayLength {
 public:
  struct Sample {
    MonoTime at{};
    Duration round_trip{0};
    std::optional<Duration> of_test;  ///< the shortest of all its streams and probes
    std::uint64_t read = 0;           ///< datagrams that the receiver has read so far
    bool one_socketful = false;       ///< no more was under way, and not in the socket
  };

  static constexpr Duration kFarLonger = std::chrono::milliseconds{20};
  static constexpr Duration kForLong = std::chrono::seconds{10};  ///< doubles after a vain trial

  void note(Sample sample);

  [[nodiscard]] std::optional<Duration> shortest() const { return shortest_; }
  /// Of which something may be under way; 0 where that may as well be in the receiver's socket.
  [[nodiscard]] Duration lag() const;
  /// Datagrams that may be out at most; absent where the length is certain.
  [[nodiscard]] std::optional<double> most_out() const;

 private:
  /// A count of what was read, and since when.
  struct Mark {
    MonoTime at{};
    std::uint64_t read = 0;
    [[nodiscard]] double rate(const Sample& now) const;
  };
  struct Longer {
    Duration before{0};  ///< the shortest until then
    double rate_before = 0;
    Mark begin;
    Mark round;
    double rate = 0;    ///< datagrams a second, in the last whole round
    double waited = 0;  ///< seconds, all round trips in the trial
    std::uint64_t samples = 0;
    bool gained = false;  ///< the trial is over

    [[nodiscard]] bool gains(const Sample& now, Duration shortest) const;
  };

  void look_for_longer(const Sample& sample);
  void try_longer(const Sample& sample);
  void go_back(const Sample& sample);

  std::uint64_t samples_ = 0;
  std::optional<Duration> shortest_;
  std::optional<Duration> far_longer_;  ///< in the later half of the time since `since_`
  Mark since_;                          ///< all were far longer
  Duration for_long_ = kForLong;
  std::optional<Longer> longer_;
};

}  // namespace udperf::pacing
