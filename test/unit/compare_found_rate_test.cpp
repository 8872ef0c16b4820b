// `udperf compare` of searches: directions and sizes.

#include <string>
#include <vector>

#include "compare/compare.hpp"
#include "report/writer.hpp"
#include "result/document.hpp"
#include "support/catch.hpp"
#include "support/example_outcomes.hpp"

using namespace udperf;
using compare::Comparison;
using compare::Json;
using compare::Judgement;

namespace {

search::Answer found(Way way, std::optional<double> bps) {
  search::Answer answer;
  answer.way = way;
  answer.answer_bps = bps;
  return answer;
}

Json written(const result::ResultDocument& document) {
  return Json::parse(report::to_json(document));
}

/// A search of both directions, as it is written.
Json both_ways(std::optional<double> up, std::optional<double> down) {
  auto document = result::build_result(test::both_directions());
  document.search = found(Way::up, up);
  document.search_down = found(Way::down, down);
  return written(document);
}

struct Size {
  std::uint32_t payload;
  std::optional<double> up;
};

/// A search with several sizes in one direction.
Json sized(const std::vector<Size>& sizes) {
  auto document = result::build_result(test::normal_up());
  for (const Size& size : sizes) {
    document.search = found(Way::up, size.up);
    document.search_sizes.push_back({size.payload + 46, size.payload, *document.search});
  }
  return written(document);
}

Comparison compared(const Json& before, const Json& after, const std::string& limits = "") {
  return compare::compare(
      before, after,
      limits.empty() ? std::vector<compare::Limit>{} : compare::parse_limits(limits).value());
}

const compare::Row& found_row(const Comparison& comparison) {
  for (const auto& row : comparison.rows) {
    if (row.metric->name == "found-rate") {
      return row;
    }
  }
  throw std::runtime_error{"no row of the found rate"};
}

std::size_t times_named(const Comparison& comparison, const std::string& field) {
  std::size_t times = 0;
  for (const auto& difference : comparison.differences) {
    times += difference.field == field ? 1U : 0U;
  }
  return times;
}

}  // namespace

TEST_CASE("a single search is compared as any figure", "[compare]") {
  const auto one = [](double bps) {
    auto document = result::build_result(test::normal_up());
    document.search = found(Way::up, bps);
    return written(document);
  };
  const auto comparison = compared(one(100e6), one(95e6), "found-rate:5%");
  CHECK_FALSE(comparison.failed());
  CHECK(comparison.differences.empty());
  CHECK(found_row(comparison).change == -5e6);
  CHECK(found_row(comparison).judgement == Judgement::not_known);
  CHECK_FALSE(found_row(comparison).enough_runs.has_value());  // --find-rate has no --repeat
  CHECK_FALSE(found_row(comparison).which.has_value());
  CHECK(compared(one(100e6), one(94.9e6), "found-rate:5%").failed());
}

TEST_CASE("a halved rate of either direction is told", "[compare]") {
  const Json old = both_ways(50e6, 80e6);
  const auto down = compared(old, both_ways(60e6, 40e6), "found-rate:5%");
  CHECK(down.failed());
  REQUIRE(found_row(down).which.has_value());
  CHECK(found_row(down).which->direction == "down");
  CHECK_FALSE(found_row(down).which->payload_bytes.has_value());
  CHECK(found_row(down).before->median == 80e6);
  CHECK(found_row(down).after->median == 40e6);
  CHECK(compare::to_text(down, "a", "b").find("found rate, down") != std::string::npos);

  const auto up = compared(old, both_ways(25e6, 80e6), "found-rate:5%");
  CHECK(up.failed());
  CHECK(found_row(up).which->direction == "up");
  CHECK_FALSE(compared(old, both_ways(49e6, 79e6), "found-rate:5%").failed());
}

TEST_CASE("which search got worst is in what the limit counts", "[compare]") {
  // 20 % of a slow direction, and 10 % of a fast one, which are more in bit/s.
  const Json old = both_ways(10e6, 900e6);
  const Json now = both_ways(8e6, 810e6);
  CHECK(found_row(compared(old, now)).which->direction == "up");
  CHECK(found_row(compared(old, now, "found-rate:15%")).which->direction == "up");
  CHECK(compared(old, now, "found-rate:15%").failed());
  CHECK(found_row(compared(old, now, "found-rate:50M")).which->direction == "down");
  CHECK(compared(old, now, "found-rate:50M").failed());
  CHECK_FALSE(compared(old, now, "found-rate:90M").failed());
}

TEST_CASE("a collapsed rate of one size is told", "[compare]") {
  const Json old = sized({{18, 60e6}, {466, 500e6}, {1472, 950e6}});
  const auto comparison =
      compared(old, sized({{18, 12e6}, {466, 480e6}, {1472, 950e6}}), "found-rate:5%");
  CHECK(comparison.failed());
  CHECK(comparison.differences.empty());
  REQUIRE(found_row(comparison).which.has_value());
  CHECK(found_row(comparison).which->payload_bytes == 18);
  const auto tree = Json::parse(compare::to_json(comparison, "a", "b"));
  for (const auto& metric : tree.at("metrics")) {
    if (metric.at("metric") == "found-rate") {
      CHECK(metric.at("which") == Json{{"direction", "up"}, {"payload_bytes", 18}});
    } else {
      CHECK(metric.at("which").is_null());
    }
  }
  CHECK(compare::to_text(comparison, "a", "b").find("found rate, 18 B up") != std::string::npos);
  // The order of the rows is nothing.
  CHECK_FALSE(
      compared(old, sized({{1472, 950e6}, {18, 60e6}, {466, 500e6}}), "found-rate:0%").failed());
}

TEST_CASE("a size or direction that finds nothing any more fails its limit", "[compare]") {
  const Json old = sized({{18, 60e6}, {1472, 950e6}});
  const auto none = compared(old, sized({{18, {}}, {1472, 950e6}}), "found-rate:90%");
  CHECK(none.failed());
  CHECK(found_row(none).which->payload_bytes == 18);
  CHECK(found_row(none).judgement == Judgement::not_measured);
  CHECK_FALSE(compared(sized({{18, {}}, {1472, 9e6}}), old, "found-rate:0%").failed());
  CHECK(compared(both_ways(5e6, 5e6), both_ways(5e6, {}), "found-rate:90%").failed());
}

TEST_CASE("sizes that only one search has are named", "[compare]") {
  const Json old = sized({{18, 60e6}, {466, 500e6}, {1472, 950e6}});
  Json now = sized({{466, 500e6}, {978, 1e6}, {1472, 950e6}});
  const auto comparison = compared(old, now, "found-rate:5%");
  CHECK(comparison.differences.size() == 2);
  CHECK(times_named(comparison, "search_sizes of 18 B up") == 1);
  CHECK(times_named(comparison, "search_sizes of 978 B up") == 1);
  CHECK_FALSE(comparison.failed());
  CHECK(compare::to_text(comparison, "a", "b")
            .find("search_sizes of 18 B up was \"searched\", is \"not searched\"") !=
        std::string::npos);

  // What was wanted and did not come to it is no other test.
  now["status"] = "incomplete";
  CHECK(compared(old, now, "found-rate:90%").failed());
}

TEST_CASE("a search with sizes and one without meet in the same size", "[compare]") {
  const Json sizes = sized({{18, 60e6}, {1000, 900e6}});
  auto document = result::build_result(test::normal_up());  // of 1000 B
  document.search = found(Way::up, 400e6);
  const auto comparison = compared(sizes, written(document), "found-rate:5%");
  CHECK(comparison.failed());
  CHECK(found_row(comparison).which->payload_bytes == 1000);
  CHECK(comparison.differences.size() == 1);
  CHECK(times_named(comparison, "search_sizes of 18 B up") == 1);
}

TEST_CASE("strange searches are compared as far as they go", "[compare]") {
  const Json good = sized({{18, 60e6}});
  for (const char* const text :
       {R"({"search":7,"search_down":[]})", R"({"search_sizes":[1,null,{"payload_bytes":-1}]})",
        R"({"search_sizes":{"a":1},"search":{"answer_bps":"fast","direction":3}})",
        R"({"status":1,"search_sizes":[{"payload_bytes":18,"answer_bps":1e300},
            {"payload_bytes":18,"answer_bps":1},{"payload_bytes":18}]})"}) {
    CAPTURE(text);
    const Json strange = Json::parse(text);
    CHECK_FALSE(compared(strange, good, "found-rate:1%").failed());
    CHECK(compared(good, strange, "found-rate:99%").failed());
    CHECK_FALSE(compare::to_text(compared(strange, strange), "a", "b").empty());
  }
}
