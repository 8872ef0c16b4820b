#pragma once

#include <cstdint>
#include <optional>
#include <variant>

#include "search/path_knowledge.hpp"
#include "search/trial.hpp"

namespace udperf::search {

// What a search is doing. A state holds what matters to itself alone, so that nothing of it is left
// over when the search comes by again; what outlives it is in PathKnowledge. Each but the last has
// the rate of its next trial, how long that is, and what follows from it.

struct Approach;
struct Overload;
struct BelowHosts;
struct LossProbe;
struct Bisect;
struct Confirm;
struct Done;
using State = std::variant<Approach, Overload, BelowHosts, LossProbe, Bisect, Confirm, Done>;

/// A trial and what it came to. Its rate is what the server allowed where that is less than was
/// asked for.
struct Tried {
  const Trial& trial;
  const Observation& seen;
  Verdict verdict;

  /// The sender was slower than it was told to be.
  [[nodiscard]] bool short_of() const;
  /// More went in than came out at the end: less than `share` of it.
  [[nodiscard]] bool less_out(double share) const;
  /// The first idea of what the bottleneck carries.
  [[nodiscard]] double rough_bps() const;
};

/// Ever faster, until something gives way.
struct Approach {
  static constexpr Step kStep = Step::approach;
  double rate = 0;
  double most_offered = 0;
  bool repeated = false;  ///< asked for more after the hosts had fallen short

  [[nodiscard]] Duration duration(const PathKnowledge& known) const;
  [[nodiscard]] State after(const Tried& tried, PathKnowledge& known) const;
};

/// Faster than the bottleneck: what comes out then is the bottleneck's rate.
struct Overload {
  static constexpr Step kStep = Step::overload;
  double rate = 0;
  /// What it came to with segmentation offload, while it is made again without.
  std::optional<LateRate> merged;
  bool repeated = false;  ///< this is the second try after the sender fell short

  [[nodiscard]] Duration duration(const PathKnowledge& known) const;
  [[nodiscard]] State after(const Tried& tried, PathKnowledge& known) const;

 private:
  [[nodiscard]] State after_full(const Tried& tried, PathKnowledge& known) const;
  [[nodiscard]] State after_short(const Tried& tried, PathKnowledge& known) const;
  [[nodiscard]] State saturated(const LateRate& late, PathKnowledge& known) const;
};

/// Down from what these two hosts manage.
struct BelowHosts {
  static constexpr Step kStep = Step::host;
  double rate = 0;

  [[nodiscard]] Duration duration(const PathKnowledge& known) const;
  [[nodiscard]] State after(const Tried& tried, PathKnowledge& known) const;
};

/// Far below a confirmation that lost: does the path lose whatever the rate?
struct LossProbe {
  static constexpr Step kStep = Step::loss_check;
  double rate = 0;
  double lost_bps = 0;       ///< the confirmation's rate
  std::uint64_t losses = 0;  ///< of the path, not of its hosts
  bool repeated = false;

  [[nodiscard]] Duration duration(const PathKnowledge& known) const;
  [[nodiscard]] State after(const Tried& tried, PathKnowledge& known) const;
};

/// Between a rate that passed and one that failed.
struct Bisect {
  static constexpr Step kStep = Step::bisect;
  double rate = 0;
  bool repeated = false;

  [[nodiscard]] Duration duration(const PathKnowledge& known) const;
  [[nodiscard]] State after(const Tried& tried, PathKnowledge& known) const;
};

/// The answer, for three seconds.
struct Confirm {
  static constexpr Step kStep = Step::confirm;
  double rate = 0;
  bool repeated = false;

  [[nodiscard]] Duration duration(const PathKnowledge& known) const;
  [[nodiscard]] State after(const Tried& tried, PathKnowledge& known) const;

 private:
  [[nodiscard]] State passed(const Tried& tried, PathKnowledge& known) const;
  [[nodiscard]] State fell_short(const Tried& tried, PathKnowledge& known) const;
  [[nodiscard]] State lost(const Tried& tried, PathKnowledge& known) const;
};

struct Done {};

}  // namespace udperf::search
