#include "stats/flow_groups.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>

#include "base/rank.hpp"
#include "stats/fisher.hpp"

namespace udperf::stats {
namespace {

using Ids = std::vector<std::size_t>;

/// Less is no other path: hosts treat the first and the last flow of a turn that differently.
constexpr double kLeastStepNs = 100'000;
/// A gap in the order of the flows is one between groups where it is so much wider than the figures
/// are sure, and than they scatter below it.
constexpr double kNoises = 6;
constexpr double kScatters = 4;

/// The delays of one flow in short.
struct Delays {
  std::uint64_t n = 0;
  double least = 0;
  double low = 0;  ///< not exceeded by a tenth
  double median = 0;
  double median_noise = 0;  ///< standard error
  double tail = 0;          ///< not exceeded by nine tenths
  double tail_noise = 0;
};

/// Reports may hold any number.
std::int64_t whole_ns(double ns) {
  return std::llround(std::clamp(ns, -9e18, 9e18));
}

std::uint64_t count_of(const FlowBooks& flow) {
  return std::accumulate(flow.delays.begin(), flow.delays.end(), std::uint64_t{0},
                         [](std::uint64_t sum, const DelayBin& bin) { return sum + bin.count; });
}

double quantile(const FlowBooks& flow, std::uint64_t n, double share) {
  const std::uint64_t rank = nearest_rank(share, n);
  std::uint64_t seen = 0;
  for (const DelayBin& bin : flow.delays) {
    seen += bin.count;
    if (seen >= rank) {
      return static_cast<double>(bin.value_ns);
    }
  }
  return static_cast<double>(flow.delays.back().value_ns);
}

Delays delays_of(const FlowBooks& flow) {
  Delays out;
  out.n = count_of(flow);
  if (out.n == 0) {
    return out;
  }
  out.least = static_cast<double>(flow.delays.front().value_ns);
  out.low = quantile(flow, out.n, 0.1);
  out.median = quantile(flow, out.n, 0.5);
  const double quartiles = quantile(flow, out.n, 0.75) - quantile(flow, out.n, 0.25);
  // Of a median: sqrt(pi / 2) standard deviations over sqrt(n), and 1.35 of these between
  // quartiles.
  const double root = std::sqrt(static_cast<double>(out.n));
  out.median_noise = 1.2533 / 1.349 * quartiles / root;
  // Of a quantile: sqrt(share * (1 - share)) over the density there, and over sqrt(n).
  out.tail = quantile(flow, out.n, 0.9);
  out.tail_noise = 0.3 * (quantile(flow, out.n, 0.95) - quantile(flow, out.n, 0.85)) / 0.1 / root;
  return out;
}

/// By what flows are told apart: a longer way shows in the least delay, a full queue in the median,
/// one that fills by bursts, in which some flows come first, in the tail.
enum class Measure : std::uint8_t { least, median, tail };

class Grouper {
 public:
  explicit Grouper(std::span<const FlowBooks> flows) : flows_(flows) {
    std::transform(flows.begin(), flows.end(), std::back_inserter(delays_), delays_of);
  }

  [[nodiscard]] FlowGrouping run() const {
    FlowGrouping out;
    for (const Ids& same_hops : by_hops()) {
      for (const Ids& same_least : by_delay(same_hops, Measure::least)) {
        for (const Ids& same_median : by_delay(same_least, Measure::median)) {
          for (const Ids& group : by_delay(same_median, Measure::tail)) {
            out.groups.push_back(make_group(group));
          }
        }
      }
    }
    std::stable_sort(out.groups.begin(), out.groups.end(),
                     [](const FlowGroup& a, const FlowGroup& b) { return order(a) < order(b); });
    out.slow = slow_flows(out.groups);
    return out;
  }

 private:
  static std::int64_t order(const FlowGroup& group) {
    return group.median_ns.value_or(std::numeric_limits<std::int64_t>::max());
  }

  [[nodiscard]] double at(std::size_t flow, Measure measure) const {
    const Delays& of = delays_[flow];
    return measure == Measure::least ? of.least : measure == Measure::median ? of.median : of.tail;
  }
  /// How far the figure may be from what more datagrams would tell.
  [[nodiscard]] double noise(std::size_t flow, Measure measure) const {
    const Delays& of = delays_[flow];
    return measure == Measure::least    ? (of.low - of.least) / 3
           : measure == Measure::median ? of.median_noise
                                        : of.tail_noise;
  }

  /// Of flows of which it is not known, it is taken to be the usual one.
  [[nodiscard]] std::vector<Ids> by_hops() const {
    std::map<int, Ids> groups;
    constexpr int kUnknown = -1;
    for (std::size_t i = 0; i < flows_.size(); ++i) {
      groups[flows_[i].ttl ? *flows_[i].ttl : kUnknown].push_back(i);
    }
    if (const auto unknown = groups.find(kUnknown); unknown != groups.end() && groups.size() > 1) {
      const Ids ids = unknown->second;
      groups.erase(unknown);
      Ids& usual = std::max_element(groups.begin(), groups.end(), [](const auto& a, const auto& b) {
                     return a.second.size() < b.second.size();
                   })->second;
      usual.insert(usual.end(), ids.begin(), ids.end());
    }
    std::vector<Ids> out;
    for (auto& [ttl, ids] : groups) {
      out.push_back(std::move(ids));
    }
    return out;
  }

  /// The flows in the order of the figure, cut where they fall apart; those of which no delay is
  /// known are a group of their own.
  [[nodiscard]] std::vector<Ids> by_delay(Ids ids, Measure measure) const {
    const auto known = std::stable_partition(
        ids.begin(), ids.end(), [this](std::size_t flow) { return delays_[flow].n > 0; });
    std::vector<Ids> out;
    if (known != ids.end()) {
      out.emplace_back(known, ids.end());
    }
    ids.erase(known, ids.end());
    std::stable_sort(ids.begin(), ids.end(),
                     [&](std::size_t a, std::size_t b) { return at(a, measure) < at(b, measure); });
    std::vector<Ids> pending;
    if (!ids.empty()) {
      pending.push_back(std::move(ids));
    }
    while (!pending.empty()) {
      const Ids one = std::move(pending.back());
      pending.pop_back();
      const std::size_t cut = best_cut(one, measure);
      if (cut == 0) {
        out.push_back(one);
        continue;
      }
      const auto middle = one.begin() + static_cast<std::ptrdiff_t>(cut);
      pending.emplace_back(one.begin(), middle);
      pending.emplace_back(middle, one.end());
    }
    return out;
  }

  /// Number of flows before the widest gap that is one; 0 where there is none.
  [[nodiscard]] std::size_t best_cut(const Ids& ordered, Measure measure) const {
    std::vector<std::size_t> cuts(ordered.size() - 1);
    std::iota(cuts.begin(), cuts.end(), std::size_t{1});
    const auto gap = [&](std::size_t cut) {
      return at(ordered[cut], measure) - at(ordered[cut - 1], measure);
    };
    std::stable_sort(cuts.begin(), cuts.end(),
                     [&](std::size_t a, std::size_t b) { return gap(a) > gap(b); });
    for (const std::size_t cut : cuts) {
      if (gap(cut) < kLeastStepNs) {
        break;
      }
      const std::span all{ordered};
      if (chance_of_cut(all.first(cut), all.subspan(cut), measure) <= kFlowErrors) {
        return cut;
      }
    }
    return 0;
  }

  /// Chance that alike flows would fall apart like that, corrected for all cuts that there are; 1
  /// where the gap is not wide enough. Both in the order of the figure.
  [[nodiscard]] double chance_of_cut(std::span<const std::size_t> below,
                                     std::span<const std::size_t> above, Measure measure) const {
    const double low = at(below.back(), measure);
    const double high = at(above.front(), measure);
    // Slow flows may well differ among themselves; those that are not must be alike, and enough to
    // tell that they are.
    constexpr std::size_t kEnoughAlike = 4;
    const double few = below.size() < kEnoughAlike ? scatter(above, measure) : 0;
    const double enough =
        std::max({kLeastStepNs,
                  kNoises * std::max(noise(below.back(), measure), noise(above.front(), measure)),
                  kScatters * std::max(scatter(below, measure), few)});
    if (high - low < enough) {
      return 1;
    }
    const double limit = measure == Measure::least ? high : low + (high - low) / 2;
    const double p = fisher_exact(faster_than(limit, below), faster_than(limit, above));
    return std::min(p * static_cast<double>(below.size() + above.size() - 1), 1.0);
  }

  /// Standard deviation of the figure over the flows, by the middle one of the steps between them:
  /// a step between groups does not count. Of n normal values it is 1.8 standard deviations / n.
  [[nodiscard]] double scatter(std::span<const std::size_t> ordered, Measure measure) const {
    std::vector<double> steps;
    for (std::size_t i = 1; i < ordered.size(); ++i) {
      steps.push_back(at(ordered[i], measure) - at(ordered[i - 1], measure));
    }
    if (steps.empty()) {
      return 0;
    }
    const auto middle = steps.begin() + static_cast<std::ptrdiff_t>(steps.size() / 2);
    std::nth_element(steps.begin(), middle, steps.end());
    return *middle * static_cast<double>(ordered.size()) / 1.8;
  }

  [[nodiscard]] Share faster_than(double limit, std::span<const std::size_t> ids) const {
    Share share;
    for (const std::size_t flow : ids) {
      share.of += delays_[flow].n;
      for (const DelayBin& bin : flows_[flow].delays) {
        share.hits += static_cast<double>(bin.value_ns) < limit ? bin.count : 0;
      }
    }
    return share;
  }

  [[nodiscard]] double least_of_all() const {
    double least = HUGE_VAL;
    for (const Delays& delays : delays_) {
      least = delays.n > 0 ? std::min(least, delays.least) : least;
    }
    return least;
  }

  [[nodiscard]] FlowGroup make_group(Ids ids) const {
    FlowGroup group;
    std::sort(ids.begin(), ids.end());
    std::vector<double> medians;
    double least = HUGE_VAL;
    for (const std::size_t flow : ids) {
      group.ttl = flows_[flow].ttl ? flows_[flow].ttl : group.ttl;
      if (delays_[flow].n > 0) {
        medians.push_back(delays_[flow].median);
        least = std::min(least, delays_[flow].least);
      }
    }
    if (!medians.empty()) {
      const auto middle = medians.begin() + static_cast<std::ptrdiff_t>(medians.size() / 2);
      std::nth_element(medians.begin(), middle, medians.end());
      group.least_ns = whole_ns(least - least_of_all());
      group.median_ns = whole_ns(*middle - least_of_all());
    }
    group.flows = std::move(ids);
    return group;
  }

  [[nodiscard]] Ids ordered(const FlowGroup& group, Measure measure) const {
    Ids ids = group.flows;
    std::stable_sort(ids.begin(), ids.end(),
                     [&](std::size_t a, std::size_t b) { return at(a, measure) < at(b, measure); });
    return ids;
  }

  /// The flows of the groups that are slower than the first one.
  [[nodiscard]] std::vector<FlowOutlier> slow_flows(const std::vector<FlowGroup>& groups) const {
    std::vector<FlowOutlier> slow;
    for (std::size_t i = 1; i < groups.size() && groups[i].median_ns; ++i) {
      for (const Measure measure : {Measure::median, Measure::least, Measure::tail}) {
        const Ids fast = ordered(groups.front(), measure);
        const Ids ids = ordered(groups[i], measure);
        const double p = chance_of_cut(fast, ids, measure);
        if (p > kFlowErrors) {
          continue;
        }
        const double usual = at(fast[fast.size() / 2], measure);
        for (const std::size_t flow : groups[i].flows) {
          slow.push_back({flow, FlowSign::delay, p, 0, 0, whole_ns(at(flow, measure) - usual)});
        }
        break;
      }
    }
    std::sort(slow.begin(), slow.end(),
              [](const FlowOutlier& a, const FlowOutlier& b) { return a.flow < b.flow; });
    return slow;
  }

  std::span<const FlowBooks> flows_;
  std::vector<Delays> delays_;
};

}  // namespace

FlowGrouping group_flows(std::span<const FlowBooks> flows) {
  return Grouper{flows}.run();
}

}  // namespace udperf::stats
