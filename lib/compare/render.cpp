#include <array>
#include <cmath>

#include "base/decimal.hpp"
#include "base/percent.hpp"
#include "base/printable.hpp"
#include "base/units.hpp"
#include "compare/compare.hpp"

namespace udperf::compare {
namespace {

using Ordered = nlohmann::ordered_json;

std::string padded(const std::string& text, std::size_t columns) {
  return text.size() < columns ? text + std::string(columns - text.size(), ' ') : text + " ";
}

std::string value_text(const Row& row, const std::optional<Side>& side) {
  return side ? format_value(row.metric->unit, side->median) : "not measured";
}

/// "found rate, 64 B down": of several searches the one that it is about.
std::string title_of(const Row& row) {
  std::string text{row.metric->title};
  if (row.which) {
    text += ", ";
    text += row.which->payload_bytes ? std::to_string(*row.which->payload_bytes) + " B " : "";
    text += row.which->direction;
  }
  return text;
}

/// "-4.4 %" of the old value; of a percentage its points.
std::string change_text(const Row& row) {
  if (!row.change) {
    return "";
  }
  if (row.metric->unit == Unit::percent) {
    return decimal("%+.3g points", *row.change);
  }
  return row.change_ratio ? decimal("%+.1f %%", 100 * *row.change_ratio)
                          : (*row.change > 0 ? "+" : "-") +
                                format_value(row.metric->unit, std::abs(*row.change));
}

std::string limit_text(const Row& row) {
  const Limit& limit = *row.limit;
  if (limit.relative) {
    return percent_digits(100 * limit.amount, 6);
  }
  return row.metric->unit == Unit::percent ? decimal("%g points", limit.amount)
                                           : format_value(row.metric->unit, limit.amount);
}

std::string not_known_text(const Row& row) {
  if (row.enough_runs) {
    return "too few runs to tell, " + std::to_string(*row.enough_runs) + " a side would do";
  }
  return row.test == Test::fisher ? "too few datagrams to tell" : "spread not known";
}

std::string meaning(const Row& row) {
  std::string text;
  switch (row.judgement) {
    case Judgement::better:
      text = "better";
      break;
    case Judgement::worse:
      text = "worse";
      break;
    case Judgement::within_spread:
      text = "within the spread";
      break;
    case Judgement::not_known:
      text = not_known_text(row);
      break;
    case Judgement::not_measured:
      text = !row.limit || row.before ? ""
             : row.after              ? "not measured in the old one, limit not judged"
                                      : "not measured in either, limit not judged";
      break;
  }
  if (row.p) {
    text += *row.p < 0.001 ? " (p < 0.001, " : decimal(" (p = %.3f, ", *row.p);
    text += std::string{row.test == Test::fisher ? "Fisher's exact test" : "Mann-Whitney U"} + ")";
  }
  if (row.failed) {
    text += row.after ? "; worse by more than " + limit_text(row) : "no longer measured";
  }
  return text;
}

std::string runs_text(const Row& row) {
  const auto several = [](const std::optional<Side>& side) { return side && side->runs > 1; };
  if (!several(row.before) && !several(row.after)) {
    return {};
  }
  const auto range = [&row](const std::optional<Side>& side) {
    return side
               ? std::to_string(side->runs) + " from " + format_value(row.metric->unit, side->min) +
                     " to " + format_value(row.metric->unit, side->max)
               : std::string{"none"};
  };
  return "    runs: " + range(row.before) + "; now " + range(row.after) + "\n";
}

Ordered side_tree(const std::optional<Side>& side) {
  return side ? Ordered{{"runs", side->runs},
                        {"median", side->median},
                        {"min", side->min},
                        {"max", side->max}}
              : Ordered(nullptr);
}

template <typename T>
Ordered or_null(const std::optional<T>& value) {
  return value ? Ordered(*value) : Ordered(nullptr);
}

Ordered which_tree(const std::optional<Searched>& which) {
  return which ? Ordered{{"direction", which->direction},
                         {"payload_bytes", or_null(which->payload_bytes)}}
               : Ordered(nullptr);
}

Ordered row_tree(const Row& row) {
  constexpr std::array kUnits{"bit/s", "%", "ns", "MOS", "flows"};
  const Ordered limit =
      row.limit ? Ordered{{"amount", row.limit->amount}, {"relative", row.limit->relative}}
                : Ordered(nullptr);
  return Ordered{{"metric", row.metric->name},
                 {"unit", kUnits.at(static_cast<std::size_t>(row.metric->unit))},
                 {"better", row.metric->higher_is_better ? "higher" : "lower"},
                 {"which", which_tree(row.which)},
                 {"old", side_tree(row.before)},
                 {"new", side_tree(row.after)},
                 {"change", or_null(row.change)},
                 {"change_ratio", or_null(row.change_ratio)},
                 {"test", row.test == Test::none ? Ordered(nullptr) : Ordered(test_name(row.test))},
                 {"p_value", or_null(row.p)},
                 {"judgement", judgement_name(row.judgement)},
                 {"enough_runs", or_null(row.enough_runs)},
                 {"limit", limit},
                 {"failed", row.failed}};
}

}  // namespace

const char* test_name(Test test) {
  constexpr std::array kNames{"none", "mann_whitney_u", "fisher_exact"};
  return kNames.at(static_cast<std::size_t>(test));
}

const char* judgement_name(Judgement judgement) {
  constexpr std::array kNames{"better", "worse", "within_spread", "not_known", "not_measured"};
  return kNames.at(static_cast<std::size_t>(judgement));
}

std::string format_value(Unit unit, double value) {
  switch (unit) {
    case Unit::bits_per_second:
      return format_bit_rate(value);
    case Unit::nanoseconds:
      // A document may hold any number; what no duration can be is shown as the longest.
      return format_duration(Duration{std::llround(std::min(std::max(value, -9e18), 9e18))});
    case Unit::score:
      return decimal("%.2f", value);
    case Unit::flows:
      return decimal("%.6g", value);
    case Unit::percent:
      break;
  }
  return percent_digits(value, 4);
}

std::string to_text(const Comparison& comparison, const std::string& before,
                    const std::string& after) {
  std::string text = "Old: " + before + "\nNew: " + after + "\n\n";
  for (const Difference& difference : comparison.differences) {
    text += "Not the same test: " + difference.field + " was " + printable(difference.before) +
            ", is " + printable(difference.after) + "\n";
  }
  text += comparison.differences.empty() ? "" : "\n";
  text += padded("", 24) + padded("old", 14) + padded("new", 14) + padded("change", 14) + "\n";
  for (const Row& row : comparison.rows) {
    if (!row.before && !row.after && !row.limit) {
      continue;
    }
    std::string line = padded(title_of(row), 24) + padded(value_text(row, row.before), 14) +
                       padded(value_text(row, row.after), 14) + padded(change_text(row), 14) +
                       meaning(row);
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n" + runs_text(row);
  }
  if (comparison.cut_short && comparison.failed()) {
    text += "\nThe new test was cut short and the old one was not: it meets no limit.\n";
  }
  return text;
}

std::string to_json(const Comparison& comparison, const std::string& before,
                    const std::string& after) {
  Ordered differences = Ordered::array();
  for (const Difference& one : comparison.differences) {
    differences.push_back({{"field", one.field}, {"old", one.before}, {"new", one.after}});
  }
  Ordered rows = Ordered::array();
  for (const Row& row : comparison.rows) {
    rows.push_back(row_tree(row));
  }
  const Ordered tree{{"schema", "udperf-compare/1"},
                     {"old", before},
                     {"new", after},
                     {"failed", comparison.failed()},
                     {"cut_short", comparison.cut_short},
                     {"differences", differences},
                     {"metrics", rows}};
  return tree.dump(2, ' ', false, Ordered::error_handler_t::replace) + "\n";
}

}  // namespace udperf::compare
