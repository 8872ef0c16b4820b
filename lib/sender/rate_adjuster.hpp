#pragma once

#include <optional>

#include "base/endpoint.hpp"
#include "base/time.hpp"
#include "base/units.hpp"
#include "model/test_params.hpp"
#include "pacing/load_adjustment.hpp"
#include "wire/messages.hpp"

namespace udperf::sender {

/// The load adjustment of one stream: reads the receiver's FEEDBACK for it and says the payload
/// rate. Each stream has one of its own (RFC 9097 s4, F). Pure.
class RateAdjuster {
 public:
  /// Precondition: the rate of `way` is adjusted.
  RateAdjuster(const TestParams& params, Way way, IpFamily family);

  /// A FEEDBACK newer than those before. `rtt`: of the DATA that it echoes.
  void on_feedback(const wire::Feedback& feedback, std::optional<Duration> rtt, MonoTime now);
  void on_timer(MonoTime now);

  /// What the stream is to send now, in payload bits.
  [[nodiscard]] BitRate payload_rate() const;

 private:
  double payload_share_;                              ///< of what an IP packet has
  BitRate most_;                                      ///< IP layer
  std::optional<pacing::LoadAdjustment> adjustment_;  ///< from the first FEEDBACK on
  wire::Feedback last_;
  std::optional<Duration> least_rtt_;
};

}  // namespace udperf::sender
