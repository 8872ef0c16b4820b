#include "result/flows.hpp"

#include <algorithm>
#include <map>

#include "base/percent.hpp"
#include "base/saturating.hpp"
#include "base/units.hpp"
#include "result/aggregate.hpp"
#include "stats/flow_verdict.hpp"

namespace udperf::result {
namespace {

using stats::FlowBooks;
using stats::FlowSign;

std::optional<double> share(std::uint64_t part, std::uint64_t whole) {
  return whole > 0 ? std::optional{static_cast<double>(part) / static_cast<double>(whole)}
                   : std::nullopt;
}

/// One direction, as its receivers tell of it.
class Direction {
 public:
  Direction(const WayOutcome& way, const std::vector<std::uint16_t>& ports, std::string name)
      : ports_(ports), name_(std::move(name)) {
    for (const StreamOutcome& stream : way.streams) {
      books_.push_back(books_of(*stream.rx));
    }
    verdict_ = stats::judge_flows(books_);
    find_least();
  }

  [[nodiscard]] const std::vector<FlowBooks>& books() const { return books_; }
  [[nodiscard]] const stats::FlowVerdict& verdict() const { return verdict_; }
  [[nodiscard]] std::uint16_t port(std::size_t flow) const { return ports_.at(flow); }

  [[nodiscard]] FlowGroupPart part_of(const stats::FlowGroup& group) const {
    FlowGroupPart part;
    part.direction = name_;
    part.hops = group.ttl ? hops_of(*group.ttl) : std::nullopt;
    part.least_delay_ns = group.least_ns;
    part.median_delay_ns = group.median_ns;
    for (const std::size_t flow : group.flows) {
      part.flows.push_back(part_of(flow));
      part.packets += part.flows.back().packets;
      part.lost += part.flows.back().lost;
    }
    part.loss_ratio = share(part.lost, part.packets);
    return part;
  }

  [[nodiscard]] FlowOutlierPart part_of(const stats::FlowOutlier& outlier) const {
    FlowOutlierPart part;
    part.direction = name_;
    part.stream = outlier.flow;
    part.port = port(outlier.flow);
    part.p_value = outlier.p;
    part.loss_ratio = share(books_[outlier.flow].lost, books_[outlier.flow].sent);
    if (outlier.sign == FlowSign::loss) {
      part.sign = "loss";
      part.rest_loss_ratio = share(outlier.rest_lost, outlier.rest_sent);
    } else {
      part.sign = "delay";
      part.added_delay_ns = outlier.added_ns;
    }
    return part;
  }

 private:
  /// The report may come from the other end, and hold anything.
  static FlowBooks books_of(const RxReport& report) {
    constexpr std::uint64_t kMost = std::uint64_t{1} << 40U;
    FlowBooks books{std::min(report.sent, kMost), 0, report.ttl, {}};
    books.lost = std::min(report.lost, books.sent);
    std::uint64_t timed = 0;
    for (const DelayBin& bin : report.delay_bins) {
      timed = saturating_add(timed, bin.count);
      books.delays.push_back(
          {time_sum(bin.value_ns, report.raw_delay_min_ns.value_or(0)), bin.count});
    }
    if (!report.raw_delay_min_ns || timed == 0 || timed > kMost) {
      books.delays.clear();
    }
    std::sort(books.delays.begin(), books.delays.end(),
              [](const DelayBin& a, const DelayBin& b) { return a.value_ns < b.value_ns; });
    return books;
  }

  [[nodiscard]] FlowPart part_of(std::size_t flow) const {
    const FlowBooks& books = books_[flow];
    FlowPart part;
    part.stream = flow;
    part.port = port(flow);
    part.packets = books.sent;
    part.lost = books.lost;
    part.loss_ratio = share(books.lost, books.sent);
    if (!books.delays.empty()) {
      part.least_delay_ns = time_between(least_, books.delays.front().value_ns);
      part.median_delay_ns = time_between(least_, median_of(books));
    }
    return part;
  }

  static std::int64_t median_of(const FlowBooks& books) {
    std::uint64_t count = 0;
    for (const DelayBin& bin : books.delays) {
      count += bin.count;
    }
    std::uint64_t seen = 0;
    for (const DelayBin& bin : books.delays) {
      seen += bin.count;
      if (seen >= count - count / 2) {
        return bin.value_ns;
      }
    }
    return books.delays.back().value_ns;
  }

  void find_least() {
    bool any = false;
    for (const FlowBooks& books : books_) {
      if (!books.delays.empty()) {
        const std::int64_t value = books.delays.front().value_ns;
        least_ = any ? std::min(least_, value) : value;
        any = true;
      }
    }
  }

  const std::vector<std::uint16_t>& ports_;
  std::string name_;
  std::vector<FlowBooks> books_;
  stats::FlowVerdict verdict_;
  std::int64_t least_ = 0;
};

std::string share_lost(double ratio) {
  if (ratio <= 0) {
    return "nothing";
  }
  return ratio >= 1 ? "everything" : percent_digits(100 * ratio, 2);
}

/// "source ports 33438, 33451"; of many the first ones.
std::string port_list(const std::vector<std::uint64_t>& ports, const std::string& direction) {
  constexpr std::size_t kMost = 10;
  std::string text = direction == "down" ? "destination port" : "source port";
  text += ports.size() == 1 ? " " : "s ";
  for (std::size_t i = 0; i < std::min(ports.size(), kMost); ++i) {
    text += (i == 0 ? "" : ", ") + std::to_string(ports[i]);
  }
  return ports.size() > kMost ? text + " and " + std::to_string(ports.size() - kMost) + " more"
                              : text;
}

/// The outliers of one direction with one sign.
struct Found {
  std::vector<std::uint64_t> ports;
  std::vector<std::int64_t> added;
  std::uint64_t lost = 0;
  std::uint64_t sent = 0;
  std::optional<double> rest;
};

class Sentences {
 public:
  explicit Sentences(const FlowsPart& part) : part_(part) {}

  [[nodiscard]] std::string text(const std::vector<std::string>& directions) {
    say_silent();
    for (const std::string& direction : directions) {
      const std::string prefix = directions.size() > 1 ? direction + ": " : "";
      say_loss(prefix, direction);
      say_delay(prefix, direction);
      say_hops(prefix, direction);
    }
    return text_.empty() ? std::to_string(part_.flows) +
                               " flows fare alike: none loses more than the others, and none is "
                               "slower"
                         : text_;
  }

 private:
  void add(const std::string& sentence) { text_ += (text_.empty() ? "" : "; ") + sentence; }

  [[nodiscard]] Found find(const std::string& direction, const std::string& sign) const {
    Found found;
    for (const FlowOutlierPart& outlier : part_.outliers) {
      if (outlier.sign != sign || outlier.direction != direction) {
        continue;
      }
      found.ports.push_back(outlier.port);
      found.rest = outlier.rest_loss_ratio;
      if (outlier.added_delay_ns) {
        found.added.push_back(*outlier.added_delay_ns);
      }
      for (const FlowGroupPart& group : part_.groups) {
        for (const FlowPart& flow : group.flows) {
          const bool same = group.direction == direction && flow.stream == outlier.stream;
          found.lost += same ? flow.lost : 0;
          found.sent += same ? flow.packets : 0;
        }
      }
    }
    std::sort(found.ports.begin(), found.ports.end());
    return found;
  }

  [[nodiscard]] std::string share_of_flows(const Found& found, const std::string& direction) const {
    return std::to_string(found.ports.size()) + " of " + std::to_string(part_.flows) + " flows (" +
           port_list(found.ports, direction) + ")";
  }

  void say_silent() {
    const Found found = find("", "silent");
    if (!found.ports.empty()) {
      add(share_of_flows(found, "") + " got no answer, the others did: a member of a bundle that " +
          "carries nothing?");
    }
  }

  void say_loss(const std::string& prefix, const std::string& direction) {
    const Found found = find(direction, "loss");
    if (!found.ports.empty()) {
      const char* const verb = found.ports.size() == 1 ? " loses " : " lose ";
      add(prefix + share_of_flows(found, direction) + verb +
          share_lost(share(found.lost, found.sent).value_or(0)) + ", the others " +
          share_lost(found.rest.value_or(0)) + ": one member of a bundle?");
    }
  }

  void say_delay(const std::string& prefix, const std::string& direction) {
    Found found = find(direction, "delay");
    if (found.added.empty()) {
      return;
    }
    std::sort(found.added.begin(), found.added.end());
    const std::int64_t middle = found.added[found.added.size() / 2];
    add(prefix + share_of_flows(found, direction) + (found.ports.size() == 1 ? " is" : " are") +
        " slower by " + format_duration(Duration{middle}) +
        ": a longer way, or a member with a full queue?");
  }

  void say_hops(const std::string& prefix, const std::string& direction) {
    std::map<std::uint64_t, std::size_t> flows;
    for (const FlowGroupPart& group : part_.groups) {
      if (group.direction == direction && group.hops) {
        flows[*group.hops] += group.flows.size();
      }
    }
    if (flows.size() < 2) {
      return;
    }
    std::string text = prefix + "not all flows take as many hops:";
    for (const auto& [hops, count] : flows) {
      text += (text.back() == ':' ? " " : ", ") + std::to_string(hops) + " hops (" +
              std::to_string(count) + " flows)";
    }
    add(text);
  }

  const FlowsPart& part_;
  std::string text_;
};

bool all_told(const std::optional<WayOutcome>& way, std::size_t streams) {
  return way && way->streams.size() == streams &&
         std::all_of(way->streams.begin(), way->streams.end(),
                     [](const StreamOutcome& stream) { return stream.rx.has_value(); });
}

}  // namespace

std::optional<FlowsPart> judge_flows(const TestOutcome& outcome) {
  if (!outcome.flows) {
    return std::nullopt;
  }
  const FlowPorts& ports = *outcome.flows;
  FlowsPart part;
  part.silent = ports.silent.size();
  part.flows = ports.of_streams.size() + part.silent;
  for (const std::uint16_t port : ports.silent) {
    part.outliers.push_back({"", "silent", std::nullopt, port, {}, {}, {}, {}});
  }
  std::vector<std::string> judged;
  for (const auto& [name, way] : {std::pair{"up", &outcome.up}, std::pair{"down", &outcome.down}}) {
    if (!all_told(*way, ports.of_streams.size())) {
      continue;
    }
    judged.emplace_back(name);
    const Direction direction{**way, ports.of_streams, name};
    for (const stats::FlowGroup& group : direction.verdict().groups) {
      part.groups.push_back(direction.part_of(group));
    }
    for (const stats::FlowOutlier& outlier : direction.verdict().outliers) {
      part.outliers.push_back(direction.part_of(outlier));
    }
  }
  if (judged.empty()) {
    return std::nullopt;
  }
  part.verdict = Sentences{part}.text(judged);
  return part;
}

}  // namespace udperf::result
