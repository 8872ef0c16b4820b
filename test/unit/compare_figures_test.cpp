// What is compared of documents that do not have the same: of earlier versions, of flows, of calls.

#include <string>
#include <vector>

#include "compare/compare.hpp"
#include "support/comparison.hpp"

using namespace udperf;
using namespace udperf::test::comparison;
using compare::Json;
using compare::Judgement;

TEST_CASE("a limit of what the old one has not measured is told", "[compare]") {
  Json before = document();
  before["rtt"]["loaded"]["p99_ns"] = nullptr;
  const auto comparison = compare::compare(before, document(), limits("rtt-p99:20%"));
  CHECK(comparison.unjudged() == std::vector<std::string>{"rtt-p99"});
  CHECK(compare::to_text(comparison, "a", "b").find("not measured in the old one, limit") !=
        std::string::npos);
  // What is gone fails instead.
  CHECK(compare::compare(document(), before, limits("rtt-p99:20%")).unjudged().empty());
}

TEST_CASE("more flows that fare otherwise are worse", "[compare]") {
  const auto of = [](std::size_t outliers) {
    Json json = document();
    json["flows"] = {{"flows", 8}, {"outliers", Json::array()}};
    for (std::size_t i = 0; i < outliers; ++i) {
      json["flows"]["outliers"].push_back(Json::object());
    }
    return json;
  };
  CHECK(fails(of(0), of(1), "outliers:0"));
  CHECK_FALSE(fails(of(0), of(1), "outliers:1"));
  CHECK_FALSE(fails(of(2), of(1), "outliers:0"));
  CHECK(row(compare::compare(of(2), of(1), {}), "outliers").change == -1);
  CHECK(row(compare::compare(document(), document(), {}), "outliers").judgement ==
        Judgement::not_measured);
  Json more = of(0);
  more["flows"]["flows"] = 9;
  const auto differences = compare::compare(of(0), more, {}).differences;
  REQUIRE(differences.size() == 1);
  CHECK(differences[0].field == "flows.flows");
}

TEST_CASE("a parameter that an earlier version did not know is no difference", "[compare]") {
  Json older = document();
  for (const char* const key : {"spacing", "header", "omit_s", "profile"}) {
    older["test"].erase(key);
  }
  older["up"]["tx"].erase("governor");
  older.erase("flows");
  CHECK(compare::compare(older, document(), {}).differences.empty());
  CHECK(compare::compare(document(), older, {}).differences.empty());
  older["test"]["spacing"] = nullptr;  // it knew that
  CHECK(compare::compare(older, document(), {}).differences.size() == 1);
}

TEST_CASE("a call of before there was the worst of several is compared", "[compare]") {
  Json before = document();
  Json after = document();
  before["up"]["voice"] = {{"mos", 4.4}};
  after["up"]["voice"] = {{"mos", 4.35}, {"mos_least", 4.0}};
  CHECK(fails(before, after, "mos:0.3"));
  CHECK_FALSE(fails(before, after, "mos:0.5"));
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
  Json before = document();
  Json after = document();
  before["up"]["voice"] = {{"mos", 4.4}, {"mos_least", 4.4}};
  after["up"]["voice"] = {{"mos", 4.35}, {"mos_least", 1.0}};
  CHECK(fails(before, after, "mos:0.5"));
  CHECK(row(compare::compare(before, after, {}), "mos").after->median == 1.0);
}
