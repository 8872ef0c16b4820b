// What is compared of documents that do not have the same: of earlier versions, of flows, of calls.

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
using compare::Limit;
using compare::parse_limits;

namespace {

Json plain_document() {
  return Json::parse(report::to_json(result::build_result(test::normal_up())));
}

const compare::Row& figure_row(const Comparison& comparison, const std::string& name) {
  for (const auto& one : comparison.rows) {
    if (one.metric->name == name) {
      return one;
    }
  }
  throw std::runtime_error{"no row " + name};
}

std::vector<Limit> limits_of(const std::string& text) {
  const auto parsed = parse_limits(text);
  REQUIRE(parsed.has_value());
  return *parsed;
}

bool misses(const Json& before, const Json& after, const std::string& text) {
  return compare::compare(before, after, limits_of(text)).failed();
}

}  // namespace

TEST_CASE("a limit of what the old one has not measured is told", "[compare]") {
  Json before = plain_document();
  before["rtt"]["loaded"]["p99_ns"] = nullptr;
  const auto comparison = compare::compare(before, plain_document(), limits_of("rtt-p99:20%"));
  CHECK(comparison.unjudged() == std::vector<std::string>{"rtt-p99"});
  CHECK(compare::to_text(comparison, "a", "b").find("not measured in the old one, limit") !=
        std::string::npos);
  // What is gone fails instead.
  CHECK(compare::compare(plain_document(), before, limits_of("rtt-p99:20%")).unjudged().empty());
}

TEST_CASE("more flows that fare otherwise are worse", "[compare]") {
  const auto of = [](std::size_t outliers) {
    Json json = plain_document();
    json["flows"] = {{"flows", 8}, {"outliers", Json::array()}};
    for (std::size_t i = 0; i < outliers; ++i) {
      json["flows"]["outliers"].push_back(Json::object());
    }
    return json;
  };
  CHECK(misses(of(0), of(1), "outliers:0"));
  CHECK_FALSE(misses(of(0), of(1), "outliers:1"));
  CHECK_FALSE(misses(of(2), of(1), "outliers:0"));
  CHECK(figure_row(compare::compare(of(2), of(1), {}), "outliers").change == -1);
  CHECK(
      figure_row(compare::compare(plain_document(), plain_document(), {}), "outliers").judgement ==
      Judgement::not_measured);
  Json more = of(0);
  more["flows"]["flows"] = 9;
  const auto differences = compare::compare(of(0), more, {}).differences;
  REQUIRE(differences.size() == 1);
  CHECK(differences[0].field == "flows.flows");
}

TEST_CASE("a parameter that an earlier version did not know is no difference", "[compare]") {
  Json older = plain_document();
  for (const char* const key : {"spacing", "header", "omit_s", "profile"}) {
    older["test"].erase(key);
  }
  older["up"]["tx"].erase("governor");
  older.erase("flows");
  CHECK(compare::compare(older, plain_document(), {}).differences.empty());
  CHECK(compare::compare(plain_document(), older, {}).differences.empty());
  older["test"]["spacing"] = nullptr;  // it knew that
  CHECK(compare::compare(older, plain_document(), {}).differences.size() == 1);
}

TEST_CASE("a call of before there was the worst of several is compared", "[compare]") {
  Json before = plain_document();
  Json after = plain_document();
  before["up"]["voice"] = {{"mos", 4.4}};
  after["up"]["voice"] = {{"mos", 4.35}, {"mos_least", 4.0}};
  CHECK(misses(before, after, "mos:0.3"));
  CHECK_FALSE(misses(before, after, "mos:0.5"));
}

TEST_CASE("calls with different buffers are not the same test", "[compare]") {
  const auto call = [](Duration buffer) {
    TestOutcome outcome = test::normal_up();
    outcome.params.voice = {VoiceCodec::g711_plc, buffer};
    return Json::parse(report::to_json(result::build_result(outcome)));
  };
  const Json fixed = call(std::chrono::milliseconds{60});
  for (const Duration other : {Duration{0}, Duration{std::chrono::milliseconds{200}}}) {
    const auto comparison = compare::compare(fixed, call(other), {});
    REQUIRE(comparison.differences.size() == 1);
    CHECK(comparison.differences[0].field == "test.jitter_buffer_ns");
    CHECK(comparison.differences[0].before == "60000000");
  }
  CHECK(compare::compare(fixed, fixed, {}).differences.empty());
}

TEST_CASE("one dead call of thirty is not hidden by the others", "[compare]") {
  Json before = plain_document();
  Json after = plain_document();
  before["up"]["voice"] = {{"mos", 4.4}, {"mos_least", 4.4}};
  after["up"]["voice"] = {{"mos", 4.35}, {"mos_least", 1.0}};
  CHECK(misses(before, after, "mos:0.5"));
  CHECK(figure_row(compare::compare(before, after, {}), "mos").after->median == 1.0);
}
