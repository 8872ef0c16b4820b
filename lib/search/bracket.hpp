#pragma once

#include <optional>
#include <span>

#include "search/answer.hpp"
#include "search/trial.hpp"

namespace udperf::search {

/// Between which payload rates the answer lies, as far as the trials have shown. Pure.
class Bracket {
 public:
  /// The first idea of what the bottleneck carries, bit/s.
  void guess(double bps) { rough_bps_ = bps; }
  /// What came out of the bottleneck while more went in: no answer may be above it.
  void saturated(const LateRate& late) { ceiling_ = late; }
  /// A trial at this rate failed; `forget_failed`: the path is another one now.
  void failed(double bps);
  void forget_failed() { failed_bps_.reset(); }
  /// The share that was lost where it failed.
  void lost(double ratio) { failed_ratio_ = ratio; }

  [[nodiscard]] const std::optional<double>& rough_bps() const { return rough_bps_; }
  [[nodiscard]] const std::optional<LateRate>& ceiling() const { return ceiling_; }
  [[nodiscard]] const std::optional<double>& failed_bps() const { return failed_bps_; }
  [[nodiscard]] double failed_ratio() const { return failed_ratio_; }

  /// The lowest rate that is known to be too much.
  [[nodiscard]] std::optional<double> high() const;
  /// The highest that passed one of `trials` and that nothing learned since speaks against.
  [[nodiscard]] std::optional<double> low(std::span<const TrialPart> trials) const;

 private:
  std::optional<double> rough_bps_;
  std::optional<LateRate> ceiling_;
  std::optional<double> failed_bps_;
  double failed_ratio_ = 0;
};

}  // namespace udperf::search
