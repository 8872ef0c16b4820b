#pragma once

#include <cstdint>

#include "base/seeded_bits.hpp"
#include "base/time.hpp"
#include "model/frame_cycle.hpp"
#include "model/traffic_shape.hpp"
#include "pacing/packet_period.hpp"
#include "traffic/trace.hpp"

namespace udperf::traffic {

/// When each datagram of a stream is due, counted from its start, one after the other. Pure: the
/// same shape, period and seed give the same times.
class Deadlines {
 public:
  /// `period`: the mean one, not zero.
  Deadlines(const TrafficShape& shape, const pacing::PacketPeriod& period, std::uint64_t seed);
  /// Of a trace, from its beginning again after its turn, played `stretch` times as slowly. The
  /// trace has to outlive this.
  Deadlines(const Trace& trace, const pacing::PacketPeriod& period, double stretch);
  /// Of frames: all of one are due when it is.
  Deadlines(const TrafficShape& shape, const pacing::PacketPeriod& period, FrameCycle frames);

  /// Of the datagram that next() numbers; 0 for the first.
  [[nodiscard]] Duration due() const { return due_; }
  [[nodiscard]] std::uint64_t next() const { return next_; }
  void advance();
  [[nodiscard]] const pacing::PacketPeriod& period() const { return period_; }
  /// Longer than the plan itself ever leaves between two: a gap to be looked into.
  [[nodiscard]] Duration longest_gap() const;

 private:
  [[nodiscard]] Duration frame_time(std::uint64_t frame) const;
  [[nodiscard]] Duration trace_time(std::uint64_t packet) const;

  TrafficShape shape_;
  pacing::PacketPeriod period_;
  SeededBits bits_;
  FrameCycle frames_;
  const Trace* trace_ = nullptr;
  double stretch_ = 1;
  std::uint64_t frame_ = 0;
  std::uint64_t frame_end_ = 0;  // the first datagram of the next one
  double drawn_ns_ = 0;          // the sum of the gaps so far
  Duration due_{0};
  std::uint64_t next_ = 0;
};

}  // namespace udperf::traffic
