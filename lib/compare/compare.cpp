#include "compare/compare.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <utility>

#include "compare/found_rates.hpp"
#include "compare/path.hpp"
#include "stats/fisher.hpp"
#include "stats/rank_test.hpp"
#include "stats/spread.hpp"

namespace udperf::compare {
namespace {

/// Below this chance would be too rare an explanation.
constexpr double kSignificant = 0.05;

/// Of a document, or of one of its runs.
bool is_complete(const Json& document) {
  const Json* const status = at_path(document, "status");
  return status != nullptr && *status == "complete";
}

/// Of a series: that it was not ended by a signal between two runs, of which each was complete.
bool is_whole(const Json& document) {
  const auto wanted = number_of(at_path(document, "repeats.wanted"));
  const Json* const runs = at_path(document, "repeats.runs");
  const bool all = !wanted || runs == nullptr || static_cast<double>(runs->size()) >= *wanted;
  return is_complete(document) && all;
}

std::vector<double> values_of_runs(const Json& document, const Metric& metric) {
  std::vector<double> values;
  const Json* const runs = at_path(document, "repeats.runs");
  if (runs == nullptr || !runs->is_array() || metric.of_run.empty()) {
    return values;
  }
  for (const Json& run : *runs) {
    const auto value = number_of(at_path(run, metric.of_run));
    if (is_complete(run) && value) {
      values.push_back(*value * metric.scale);
    }
  }
  return values;
}

std::optional<double> value_at(const Json& document, std::string_view path) {
  const Json* const at = at_path(document, path);
  return at != nullptr && at->is_array() ? std::optional{static_cast<double>(at->size())}
                                         : number_of(at);
}

/// The metric's value in each complete run, or the document's one.
std::vector<double> values_of(const Json& document, const Metric& metric) {
  std::vector<double> values = values_of_runs(document, metric);
  if (!values.empty()) {
    return values;
  }
  std::optional<double> worst;
  for (std::size_t start = 0; start < metric.paths.size();) {
    const auto space = std::min(metric.paths.find(' ', start), metric.paths.size());
    const auto value = value_at(document, metric.paths.substr(start, space - start));
    if (value && (!worst || (*value < *worst) == metric.higher_is_better)) {
      worst = value;
    }
    start = space + 1;
  }
  return worst ? std::vector{*worst * metric.scale} : values;
}

std::optional<Side> side_of(const std::vector<double>& values) {
  const auto spread = stats::spread_of(values);
  return spread ? std::optional{Side{spread->n, spread->median, spread->min, spread->max}}
                : std::nullopt;
}

/// Lost of sent over the directions that ran, which is what `values` came of; nothing where one
/// does not tell, or where the values are those of other runs than the one that the document tells
/// of.
std::optional<stats::Share> lost_of(const Json& document, const std::vector<double>& values) {
  if (values.size() != 1 || number_of(at_path(document, "loss_percent")) != values.front()) {
    return std::nullopt;
  }
  stats::Share sum;
  for (const std::string way : {"up", "down"}) {
    if (at_path(document, way) == nullptr) {
      continue;
    }
    const auto sent = number_of(at_path(document, way + ".tx.packets"));
    const auto lost = number_of(at_path(document, way + ".loss.packets"));
    if (!sent || !lost || *sent < 0 || *lost < 0 || *lost > *sent || *sent > 1e18) {
      return std::nullopt;
    }
    sum.of += static_cast<std::uint64_t>(*sent);
    sum.hits += static_cast<std::uint64_t>(*lost);
  }
  return sum.of > 0 ? std::optional{sum} : std::nullopt;
}

/// How much worse, in the unit or as a share of the old value; below zero where it is better.
double worse_by(const Metric& metric, double before, double after, bool relative) {
  const double worse = metric.higher_is_better ? before - after : after - before;
  if (!relative || worse == 0) {
    return worse;
  }
  const double old = std::abs(before);
  return old > 0 ? worse / old : std::copysign(HUGE_VAL, worse);
}

double worse_by(const Row& row, bool relative) {
  return worse_by(*row.metric, row.before->median, row.after->median, relative);
}

/// What is worse by just the limit is not worse by more: 0.4 - 0.3 is a little above 0.1 here.
bool exceeds(double worse, double limit) {
  constexpr double kRounding = 1e-9;
  return worse > limit * (1 + kRounding);
}

/// The fewest runs of either side for which a test can find a change that is more than chance.
std::size_t runs_that_tell() {
  std::size_t runs = 2;
  while (stats::mann_whitney_least_p(runs, runs) >= kSignificant) {
    ++runs;
  }
  return runs;
}

void judge(Row& row) {
  if (!row.before || !row.after) {
    row.judgement = Judgement::not_measured;
    // Who watches a figure wants to know when it is no longer there.
    row.failed = row.limit && row.before && !row.after;
    return;
  }
  row.change = row.after->median - row.before->median;
  if (row.before->median != 0) {
    row.change_ratio = *row.change / std::abs(row.before->median);
  }
  if (!row.p || row.least_p.value_or(0) >= kSignificant) {
    row.judgement = Judgement::not_known;
    if (row.test != Test::fisher && !row.metric->of_run.empty()) {
      row.enough_runs = runs_that_tell();
    }
  } else if (*row.p >= kSignificant || *row.change == 0) {
    row.judgement = Judgement::within_spread;
  } else {
    row.judgement = worse_by(row, false) > 0 ? Judgement::worse : Judgement::better;
  }
  row.failed = row.limit && exceeds(worse_by(row, row.limit->relative), row.limit->amount);
}

/// Takes the search whose answer changed most for the worse, in what the limit counts.
void choose_worst(const std::vector<FoundPair>& pairs, Row& row) {
  const bool relative = !row.limit || row.limit->relative;
  const auto badness = [&](const FoundPair& pair) -> std::pair<int, double> {
    if (pair.before && pair.after) {
      return {2, worse_by(*row.metric, *pair.before, *pair.after, relative)};
    }
    return {pair.gone ? 3 : (pair.before ? 1 : 0), 0};
  };
  const auto worst = std::max_element(
      pairs.begin(), pairs.end(),
      [&](const FoundPair& a, const FoundPair& b) { return badness(a) < badness(b); });
  if (worst == pairs.end()) {
    return;
  }
  const auto side = [](const std::optional<double>& value) {
    return value ? std::optional{Side{1, *value, *value, *value}} : std::nullopt;
  };
  row.before = side(worst->before);
  row.after = side(worst->after);
  if (pairs.size() > 1) {
    row.which = worst->of;
  }
}

void fill_sides(const Json& before, const Json& after, Row& row) {
  const Metric& metric = *row.metric;
  const auto old_values = values_of(before, metric);
  const auto new_values = values_of(after, metric);
  row.before = side_of(old_values);
  row.after = side_of(new_values);
  if (old_values.size() > 1 && new_values.size() > 1) {
    row.test = Test::mann_whitney;
    row.p = stats::mann_whitney(old_values, new_values)->p;
    row.least_p = stats::mann_whitney_least_p(old_values.size(), new_values.size());
  } else if (metric.name == "loss" && row.before && row.after) {
    const auto old_loss = lost_of(before, old_values);
    const auto new_loss = lost_of(after, new_values);
    if (old_loss && new_loss) {
      row.test = Test::fisher;
      row.p = stats::fisher_exact(*old_loss, *new_loss);
      row.least_p = stats::fisher_exact({old_loss->of, old_loss->of}, {0, new_loss->of});
    }
  }
}

Row make_row(const Metric& metric, const Json& before, const Json& after,
             const std::vector<FoundPair>& found, std::span<const Limit> limits) {
  Row row;
  row.metric = &metric;
  const auto limit = std::find_if(limits.begin(), limits.end(), [&metric](const Limit& candidate) {
    return candidate.metric == metric.name;
  });
  if (limit != limits.end()) {
    row.limit = *limit;
  }
  if (metric.paths.empty()) {
    choose_worst(found, row);
  } else {
    fill_sides(before, after, row);
  }
  judge(row);
  return row;
}

std::vector<Difference> differences(const Json& before, const Json& after) {
  constexpr auto kParameters = std::to_array<std::string_view>({"status",
                                                                "test.direction",
                                                                "test.streams",
                                                                "test.payload_bytes",
                                                                "test.rate_target_bps",
                                                                "test.size_bytes",
                                                                "test.packets",
                                                                "test.duration_s",
                                                                "test.family",
                                                                "test.dscp",
                                                                "test.ecn_sent",
                                                                "test.df",
                                                                "up.tx.governor",
                                                                "down.tx.governor",
                                                                "test.profile",
                                                                "test.sizes",
                                                                "test.spacing",
                                                                "test.header",
                                                                "test.omit_s",
                                                                "test.voice",
                                                                "test.jitter_buffer_ns",
                                                                "flows.flows"});
  std::vector<Difference> found;
  const Json null;
  for (const std::string_view field : kParameters) {
    const Json* const old_value = at_path(before, field);
    const Json* const new_value = at_path(after, field);
    const Json& a = old_value != nullptr ? *old_value : null;
    const Json& b = new_value != nullptr ? *new_value : null;
    // A version that did not know the parameter says nothing of it.
    if (a != b && has_key(before, field) && has_key(after, field)) {
      const auto text = [](const Json& json) {
        return json.dump(-1, ' ', false, Json::error_handler_t::replace).substr(0, 100);
      };
      found.push_back({std::string{field}, text(a), text(b)});
    }
  }
  return found;
}

}  // namespace

bool Comparison::failed() const {
  return std::any_of(rows.begin(), rows.end(),
                     [this](const Row& row) { return row.failed || (cut_short && row.limit); });
}

std::vector<std::string> Comparison::unjudged() const {
  std::vector<std::string> names;
  for (const Row& row : rows) {
    if (row.limit && !row.before) {
      names.emplace_back(row.metric->name);
    }
  }
  return names;
}

Comparison compare(const Json& before, const Json& after, std::span<const Limit> limits) {
  Comparison out;
  FoundRates found = found_rates(before, after);
  out.differences = differences(before, after);
  out.cut_short = is_whole(before) && !is_whole(after);
  std::move(found.differences.begin(), found.differences.end(),
            std::back_inserter(out.differences));
  for (const Metric& metric : metrics()) {
    out.rows.push_back(make_row(metric, before, after, found.pairs, limits));
  }
  return out;
}

}  // namespace udperf::compare
