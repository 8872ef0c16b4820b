#pragma once

#include <optional>

#include "search/answer.hpp"
#include "search/trial.hpp"

namespace udperf::search {

/// What is measured by RFC 9097.
struct CapacityGoal {
  Way way = Way::up;
  /// Share that may be lost in a sub-interval for it to count (PM of s5.4); 1: all of them count.
  double max_loss = 1;
  std::optional<double> max_rate_bps;                 ///< payload
  Duration test_interval = std::chrono::seconds{10};  ///< I of s4, 5 s and more
  Duration time = std::chrono::seconds{15};           ///< with the verification
};

/// The Maximum IP-Layer Capacity (RFC 9097 s5) by the load adjustment of s8.1: one test whose
/// sender follows the receiver's feedback, of which the best whole second counts; then one at 99 %
/// of that, to verify it (s8.2). The same use as RateSearch; pure.
class CapacitySearch {
 public:
  static constexpr Duration kSubInterval = std::chrono::seconds{1};  ///< dt of s4

  explicit CapacitySearch(const CapacityGoal& goal);

  /// The test to run now, or nothing when both are done. `elapsed`: since it began.
  [[nodiscard]] std::optional<Trial> next(Duration elapsed);
  /// What the test that next() named came to. Returns the verdict.
  Verdict finished(const Observation& seen, Duration elapsed);
  [[nodiscard]] const Answer& answer() const { return answer_; }

 private:
  Verdict after_adjustment(const Observation& seen);
  void find_maximum(const Observation& seen);
  [[nodiscard]] Limit limit_of(const Observation& seen) const;

  CapacityGoal goal_;
  Answer answer_;
  Trial trial_;
  bool verifying_ = false;
  bool done_ = false;
};

/// Whether the load met a limit of the network or the queues filled: without such a sign the
/// maximum is the sender's and likely too low (RFC 9097 s6.5).
[[nodiscard]] bool shows_congestion(const Observation& seen);

}  // namespace udperf::search
