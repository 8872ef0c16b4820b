#pragma once

#include <optional>
#include <variant>

#include "search/answer.hpp"
#include "search/goal.hpp"
#include "search/path_knowledge.hpp"
#include "search/states.hpp"
#include "search/trial.hpp"

namespace udperf::search {

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
  [[nodiscard]] const Answer& answer() const { return known_.answer; }

 private:
  [[nodiscard]] bool over() const { return std::holds_alternative<Done>(state_); }
  [[nodiscard]] Trial make_trial() const;
  void after_unusable();
  void settle_for_time();
  void end_of_time();

  PathKnowledge known_;
  State state_;
  Trial trial_;  ///< the last one
  int unusable_ = 0;
};

}  // namespace udperf::search
