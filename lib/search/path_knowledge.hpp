#pragma once

#include <optional>

#include "search/answer.hpp"
#include "search/bracket.hpp"
#include "search/goal.hpp"
#include "search/overloads.hpp"
#include "search/time_budget.hpp"
#include "search/trial.hpp"

namespace udperf::search {

/// What a search has learned of the path and its two hosts: whatever outlives the state it is in.
struct PathKnowledge {
  explicit PathKnowledge(const Goal& wanted);

  /// Not above what was wanted and what the server allows.
  [[nodiscard]] double cap(double rate) const;
  /// Nothing faster may be tried.
  [[nodiscard]] bool fastest(double rate) const;
  /// A little less than what the bottleneck was seen to carry.
  [[nodiscard]] double below(double ceiling) const;
  [[nodiscard]] Duration for_packets(double packets, double rate) const;
  /// Of a trial that is no longer than so many packets need.
  [[nodiscard]] Duration short_trial(double packets, double rate) const;
  /// As many datagrams as lose some where as large a share is lost as at the rate that failed.
  [[nodiscard]] double packets_to_lose() const;
  [[nodiscard]] std::optional<double> best_passed() const { return bracket.low(answer.trials); }
  /// Another overload like the last one, and a confirmation after it.
  [[nodiscard]] bool time_for_overload() const;

  /// A trial and what it came to.
  void note(const Trial& trial, const Observation& seen, Verdict verdict);
  /// No answer may be above this.
  void take_ceiling(const LateRate& late);
  void set_answer(double payload_bps);
  void refresh_bracket();
  /// The answer is final. Without a confirmed one what the bottleneck was measured to carry stands
  /// in, and is said not to be confirmed. What passed a short trial is no answer: a token bucket
  /// may have carried it.
  void conclude(Limit limit);

  Goal goal;
  Answer answer;
  IpFamily family = IpFamily::v4;
  TimeBudget time;
  Bracket bracket;
  Overloads overloads;
  std::optional<double> server_cap_bps;
  bool single = false;  ///< trials are made without segmentation offload from now on
  bool host_is_limit = false;
  bool held_up = false;       ///< the sender could not hold a rate that the path had carried
  bool remeasured = false;    ///< after a confirmation in which the queue grew
  bool loss_checked = false;  ///< a trial far below has been asked whether the path loses anyway
  int changes = 0;            ///< how often the bottleneck turned out to have another rate
};

}  // namespace udperf::search
