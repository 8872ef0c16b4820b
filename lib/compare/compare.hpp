#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "compare/limits.hpp"

namespace udperf::compare {

using Json = nlohmann::json;

// Two result documents (udperf/1) held against each other. Pure. A document may be anyone's: what
// is not there, or of another type, was not measured.

enum class Unit : std::uint8_t { bits_per_second, percent, nanoseconds, score, flows };

/// A figure that is compared.
struct Metric {
  std::string_view name;  ///< as --fail-worse has it
  std::string_view title;
  Unit unit;
  bool higher_is_better;
  /// Paths of the document with a space between; of several that are there the worst counts, of a
  /// list how many are in it. Empty
  /// for what searches found (found_rates.hpp).
  std::string_view paths;
  std::string_view of_run;  ///< key in repeats.runs, empty where a run does not tell
  double scale = 1;         ///< value of document or run * scale is in the unit
};
[[nodiscard]] std::span<const Metric> metrics();
[[nodiscard]] const Metric* find_metric(std::string_view name);

/// A figure of one document: of all its complete runs where it has several.
struct Side {
  std::size_t runs = 0;
  double median = 0;
  double min = 0;
  double max = 0;
};

enum class Test : std::uint8_t { none, mann_whitney, fisher };

/// What the change means.
enum class Judgement : std::uint8_t {
  better,
  worse,
  within_spread,  ///< no more than chance explains (p >= 0.05)
  not_known,      ///< too little was measured for any test to reach p < 0.05
  not_measured    ///< in one of the documents
};

/// One of several searches of a document.
struct Searched {
  std::string_view direction;                  ///< "up" or "down"
  std::optional<std::uint64_t> payload_bytes;  ///< only with sizes (--sizes)
};

struct Row {
  const Metric* metric = nullptr;
  std::optional<Searched> which;  ///< the one that got worst, where there are several searches
  std::optional<Side> before;
  std::optional<Side> after;
  std::optional<double> change;        ///< of the median, after less before
  std::optional<double> change_ratio;  ///< of the old median; absent where that is 0
  Test test = Test::none;
  std::optional<double> p;
  std::optional<double> least_p;  ///< that the test can have for so many runs or datagrams
  /// Runs a side with which the test could tell; only where there were too few.
  std::optional<std::size_t> enough_runs;
  Judgement judgement = Judgement::not_measured;
  std::optional<Limit> limit;
  bool failed = false;  ///< worse by more than the limit, or no longer measured
};

/// A parameter that the tests do not share: then they do not measure the same.
struct Difference {
  std::string field;
  std::string before;  ///< as JSON
  std::string after;
};

struct Comparison {
  std::vector<Difference> differences;
  std::vector<Row> rows;  ///< one for each of metrics()
  /// The old test was complete and the new one is not: its figures are of something else.
  bool cut_short = false;
  /// Whether there is a limit that is missed, or cannot be judged since the new test was cut short.
  [[nodiscard]] bool failed() const;
  /// Figures that have a limit which no new document can miss: the old one has nothing of them.
  [[nodiscard]] std::vector<std::string> unjudged() const;
};

[[nodiscard]] Comparison compare(const Json& before, const Json& after,
                                 std::span<const Limit> limits);

/// For people; `before` and `after` name the documents.
[[nodiscard]] std::string to_text(const Comparison& comparison, const std::string& before,
                                  const std::string& after);
/// One JSON object, schema udperf-compare/1, indented.
[[nodiscard]] std::string to_json(const Comparison& comparison, const std::string& before,
                                  const std::string& after);

/// A figure with its unit.
[[nodiscard]] std::string format_value(Unit unit, double value);
[[nodiscard]] const char* test_name(Test test);
[[nodiscard]] const char* judgement_name(Judgement judgement);

}  // namespace udperf::compare
