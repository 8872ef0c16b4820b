#include "stats/flow_verdict.hpp"

#include <algorithm>

#include "stats/binomial.hpp"
#include "stats/flow_groups.hpp"

namespace udperf::stats {
namespace {

struct Sums {
  std::uint64_t sent = 0;
  std::uint64_t lost = 0;
};

/// Looks for the flows that lose more than the rest.
class LossTest {
 public:
  explicit LossTest(std::span<const FlowBooks> flows) : flows_(flows), place_(flows.size()) {}

  [[nodiscard]] std::vector<FlowOutlier> run() && {
    while (round(Place::bad)) {
    }
    // Where most of them are bad, the good ones stand out before these do.
    bool some_good = false;
    while (round(Place::good)) {
      some_good = true;
    }
    if (some_good) {
      hold_against_good();
    }
    const Sums rest = sums_of([](Place place) { return place != Place::bad; });
    for (FlowOutlier& outlier : outliers_) {
      outlier.rest_sent = rest.sent;
      outlier.rest_lost = rest.lost;
    }
    return std::move(outliers_);
  }

 private:
  enum class Place : std::uint8_t { rest, bad, good };
  struct Chance {
    double p;
    std::size_t flow;
  };
  using Chances = std::vector<Chance>;

  [[nodiscard]] std::uint64_t lost(std::size_t flow) const {
    return std::min(flows_[flow].lost, flows_[flow].sent);
  }

  template <typename Take>
  [[nodiscard]] Sums sums_of(const Take& take) const {
    Sums sums;
    for (std::size_t i = 0; i < flows_.size(); ++i) {
      sums.sent += take(place_[i]) ? flows_[i].sent : 0;
      sums.lost += take(place_[i]) ? lost(i) : 0;
    }
    return sums;
  }

  /// Chance that of so many losses so many, or more, or so few, fall on this flow.
  [[nodiscard]] double chance(std::size_t flow, const Sums& all, Place of) const {
    const double share = static_cast<double>(flows_[flow].sent) / static_cast<double>(all.sent);
    return of == Place::bad ? binomial_at_least(lost(flow), all.lost, share)
                            : binomial_at_least(all.lost - lost(flow), all.lost, 1 - share);
  }

  /// Puts into `place` those whose chance is too small, corrected by Holm for the number of tests
  /// and for the two sides; the first `most` at most.
  bool take(Chances tests, Place place, std::size_t most) {
    constexpr double kSides = 2;
    std::stable_sort(tests.begin(), tests.end(),
                     [](const Chance& a, const Chance& b) { return a.p < b.p; });
    double adjusted = 0;
    bool found = false;
    for (std::size_t i = 0; i < std::min(most, tests.size()); ++i) {
      const auto factor = kSides * static_cast<double>(tests.size() - i);
      adjusted = std::min(std::max(adjusted, factor * tests[i].p), 1.0);
      if (adjusted > kFlowErrors) {
        break;
      }
      found = true;
      place_[tests[i].flow] = place;
      if (place == Place::bad) {
        outliers_.push_back({tests[i].flow, FlowSign::loss, adjusted, 0, 0, 0});
      }
    }
    return found;
  }

  /// True where some were found, which then are no longer part of the rest.
  bool round(Place place) {
    const Sums all = sums_of([](Place of) { return of == Place::rest; });
    Chances tests;
    for (std::size_t i = 0; i < flows_.size(); ++i) {
      if (place_[i] == Place::rest && flows_[i].sent > 0) {
        tests.push_back({chance(i, all, place), i});
      }
    }
    const std::size_t count = tests.size();
    return count > 1 && take(std::move(tests), place, count - 1);  // one has to remain
  }

  /// Each flow that is left against the good ones together.
  void hold_against_good() {
    const Sums good = sums_of([](Place of) { return of == Place::good; });
    Chances tests;
    for (std::size_t i = 0; i < flows_.size(); ++i) {
      if (place_[i] == Place::rest && flows_[i].sent > 0) {
        const Sums both{good.sent + flows_[i].sent, good.lost + lost(i)};
        tests.push_back({chance(i, both, Place::bad), i});
      }
    }
    const std::size_t count = tests.size();
    take(std::move(tests), Place::bad, count);
  }

  std::span<const FlowBooks> flows_;
  std::vector<Place> place_;
  std::vector<FlowOutlier> outliers_;
};

}  // namespace

FlowVerdict judge_flows(std::span<const FlowBooks> flows) {
  FlowVerdict verdict;
  if (flows.empty()) {
    return verdict;
  }
  FlowGrouping grouping = group_flows(flows);
  verdict.groups = std::move(grouping.groups);
  verdict.outliers = LossTest{flows}.run();
  verdict.outliers.insert(verdict.outliers.end(), grouping.slow.begin(), grouping.slow.end());
  std::stable_sort(verdict.outliers.begin(), verdict.outliers.end(),
                   [](const FlowOutlier& a, const FlowOutlier& b) { return a.flow < b.flow; });
  return verdict;
}

}  // namespace udperf::stats
