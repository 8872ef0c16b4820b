#pragma once

#include <optional>

#include "search/answer.hpp"
#include "search/bracket.hpp"
#include "search/loss_check.hpp"
#include "search/overloads.hpp"
#include "search/time_budget.hpp"
#include "search/trial.hpp"

namespace udperf::search {

/// What is looked for.
struct Goal {
  Way way = Way::up;
  double max_loss = 0;  ///< 0..1: more than this share lost, and a rate has failed
  std::optional<double> max_rate_bps;
  std::optional<double> min_rate_bps;
  Duration time = std::chrono::seconds{15};
  double resolution = 0.01;  ///< of the answer
  std::uint32_t payload_bytes = kAutoPayloadV4;
};

/// Searches the highest payload rate that a path carries with no more loss than asked for. Says
/// which trial is next and is told what it came to; pure, and done within the goal's time when
/// trials take no longer than the ones before them did.
///
/// The rate is raised in large steps until more goes in than comes out. Then the path is overloaded
/// once: the rate at which data comes out at the end is the bottleneck's, however much its queue
/// takes or a token bucket had saved up, and no answer may be above it. A rate just below has to
/// pass for three seconds. Where it does not, the answer is bisected between what passed and what
/// failed, and confirmed again. Method and reasons: docs/search.md.
class RateSearch {
 public:
  explicit RateSearch(const Goal& goal);

  /// The trial to run now, or nothing when the search is over. `elapsed`: since it began.
  [[nodiscard]] std::optional<Trial> next(Duration elapsed);

  /// What the trial that next() named came to. Returns the verdict.
  Verdict finished(const Observation& seen, Duration elapsed);

  /// What is known by now; final when next() gave nothing.
  [[nodiscard]] const Answer& answer() const { return answer_; }

 private:
  enum class State : std::uint8_t { approach, overload, host, loss_check, bisect, confirm, done };

  void follow(const Observation& seen, Verdict verdict);
  void after_approach(const Observation& seen, Verdict verdict);
  void after_overload(const Observation& seen, Verdict verdict);
  void after_full_overload(const Observation& seen);
  void after_short_overload(const Observation& seen, bool short_of);
  void after_host(const Observation& seen, Verdict verdict);
  void after_loss_check(const Observation& seen, Verdict verdict);
  void after_bisect(const Observation& seen, Verdict verdict);
  void after_confirm(const Observation& seen, Verdict verdict);
  void after_unusable();

  void confirm_passed(const Observation& seen);
  void confirm_short(const Observation& seen);
  void confirm_lost(const Observation& seen);
  void confirm_congested(const Observation& seen);
  void below_hosts(double managed_bps);
  void after_saturation(const LateRate& late);
  [[nodiscard]] bool may_count_buffers(const Observation& seen) const;
  void take_ceiling(const LateRate& late);
  void overload_again(double rough_bps);
  void start_confirm(double rate);
  void start_bisect();
  void end(Limit limit);
  void end_of_time();
  void set_answer(double payload_bps);

  [[nodiscard]] Trial make_trial() const;
  [[nodiscard]] Duration duration_of_state() const;
  [[nodiscard]] double packets_to_lose() const;
  [[nodiscard]] Duration for_packets(double packets, double rate) const;
  void settle_for_time();
  [[nodiscard]] std::optional<double> best_passed() const { return bracket_.low(answer_.trials); }
  [[nodiscard]] double cap(double rate) const;
  [[nodiscard]] double below(double ceiling) const;
  void note(const Observation& seen, Verdict verdict);
  void refresh_bracket();

  Goal goal_;
  Answer answer_;
  IpFamily family_ = IpFamily::v4;
  State state_ = State::approach;
  double rate_ = 0;  ///< of the next trial
  Trial trial_;      ///< the last one
  TimeBudget time_;
  Bracket bracket_;
  Overloads overloads_;
  LossCheck loss_check_;
  bool single_ = false;  ///< trials are made without segmentation offload from now on
  std::optional<LateRate> merged_late_;  ///< what the overload with it came to
  std::optional<double> server_cap_bps_;
  bool repeated_ = false;  ///< the last trial was the second try of a rate that failed
  bool host_is_limit_ = false;
  bool held_up_ = false;  ///< the sender could not hold a rate that the path had carried
  double most_offered_bps_ = 0;
  bool remeasured_ = false;  ///< after a confirmation in which the queue grew
  int changes_ = 0;          ///< how often the bottleneck turned out to have another rate
  int unusable_ = 0;
};

}  // namespace udperf::search
