// `udperf compare` of repeats: every figure by all runs, and how many runs can tell.

#include <string>
#include <vector>

#include "compare/compare.hpp"
#include "report/writer.hpp"
#include "result/document.hpp"
#include "support/catch.hpp"
#include "support/example_outcomes.hpp"

using namespace udperf;
using Catch::Detail::Approx;
using compare::Comparison;
using compare::Json;
using compare::Judgement;

namespace {

Json last_run() {
  return Json::parse(report::to_json(result::build_result(test::normal_up())));
}

/// The document of so many runs, whose goodput is given.
Json of_runs(const std::vector<double>& goodput) {
  Json json = last_run();
  Json runs = Json::array();
  for (const double bps : goodput) {
    runs.push_back({{"status", "complete"}, {"goodput_bps", bps}, {"loss_percent", 1.0}});
  }
  json["repeats"] = {{"wanted", goodput.size()}, {"runs", runs}};
  return json;
}

const compare::Row& row_of(const Comparison& comparison, const std::string& name) {
  for (const auto& one : comparison.rows) {
    if (one.metric->name == name) {
      return one;
    }
  }
  throw std::runtime_error{"no row " + name};
}

}  // namespace

TEST_CASE("repeats that were ended between two runs meet no limit", "[compare]") {
  const auto limit = compare::parse_limits("rate:50%");
  const Json whole = of_runs({90e6, 91e6, 92e6});
  Json ended = whole;
  ended["repeats"]["wanted"] = 5;
  CHECK(compare::compare(whole, ended, *limit).failed());
  CHECK(compare::compare(last_run(), ended, *limit).failed());
  CHECK_FALSE(compare::compare(ended, whole, *limit).failed());
  CHECK_FALSE(compare::compare(ended, ended, *limit).failed());
}

TEST_CASE("repeats are judged by the spread of their runs", "[compare]") {
  const Json slow = of_runs({90e6, 91e6, 92e6, 93e6, 94e6});
  const Json fast = of_runs({95e6, 96e6, 97e6, 98e6, 99e6});
  const auto apart = compare::compare(slow, fast, {});
  CHECK(row_of(apart, "rate").before->median == 92e6);
  CHECK(row_of(apart, "rate").after->runs == 5);
  CHECK(row_of(apart, "rate").test == compare::Test::mann_whitney);
  CHECK(row_of(apart, "rate").p == Approx(2.0 / 252));
  CHECK(row_of(apart, "rate").judgement == Judgement::better);
  CHECK(row_of(compare::compare(fast, slow, {}), "rate").judgement == Judgement::worse);

  const Json mixed = of_runs({89e6, 99e6, 92e6, 97e6, 93e6});
  CHECK(row_of(compare::compare(slow, mixed, {}), "rate").judgement == Judgement::within_spread);
}

TEST_CASE("every figure of a run is judged by all runs", "[compare]") {
  struct Figure {
    std::string metric;
    std::string key;
    double scale;  // of what a run has to what is shown
    bool higher_is_better;
  };
  for (const Figure& figure :
       std::vector<Figure>{{"rate", "goodput_bps", 1, true},
                           {"loss", "loss_percent", 1, false},
                           {"rtt-idle", "rtt_idle_p50_ns", 1, false},
                           {"rtt-p50", "rtt_loaded_p50_ns", 1, false},
                           {"rtt-p99", "rtt_loaded_p99_ns", 1, false},
                           {"jitter", "jitter_rfc3550_ns", 1, false},
                           {"variation-p99", "delay_variation_p99_ns", 1, false},
                           {"duplicated", "duplicates_fraction", 100, false},
                           {"reordered", "reordering_ratio", 100, false},
                           {"mos", "voice_mos", 1, true}}) {
    CAPTURE(figure.metric);
    const auto runs = [&figure](const std::vector<double>& values) {
      Json json = last_run();
      for (const double value : values) {
        Json run = Json::object();
        run["status"] = "complete";
        run[figure.key] = value;
        json["repeats"]["runs"].push_back(run);
      }
      // The run that failed, or was cut short, is none.
      json["repeats"]["runs"].push_back({{"status", "incomplete"}, {figure.key, 1e9}});
      return json;
    };
    const auto up =
        row_of(compare::compare(runs({1, 2, 3, 4}), runs({5, 6, 7, 9}), {}), figure.metric);
    REQUIRE(up.before.has_value());
    CHECK(up.before->runs == 4);
    CHECK(up.after->median == Approx(6.5 * figure.scale));
    CHECK(up.after->max == Approx(9 * figure.scale));
    CHECK(up.p == Approx(2.0 / 70));
    CHECK(up.judgement == (figure.higher_is_better ? Judgement::better : Judgement::worse));
  }
}

TEST_CASE("the runs of a written document are what is compared", "[compare]") {
  const auto of = [](std::int64_t jitter) {
    auto one = result::build_result(test::normal_up());
    one.status = TestStatus::complete;
    std::vector<result::RunPart> runs;
    for (std::int64_t i = 0; i < 5; ++i) {
      one.up->jitter.rfc3550_ns = jitter + i;
      runs.push_back(result::shorten(one));
    }
    one.repeats = result::build_repeats(5, runs);
    return Json::parse(report::to_json(one));
  };
  const auto comparison = compare::compare(of(1'000'000), of(2'000'000), {});
  CHECK(row_of(comparison, "jitter").after->runs == 5);
  CHECK(row_of(comparison, "jitter").after->median == 2'000'002);
  CHECK(row_of(comparison, "jitter").judgement == Judgement::worse);
  CHECK(row_of(comparison, "reordered").before->runs == 5);
  CHECK(row_of(comparison, "duplicated").before->median ==
        Approx(100 * *result::build_result(test::normal_up()).up->duplicates.fraction));
}

TEST_CASE("too few runs for any test are said to be too few", "[compare]") {
  const auto rate = [](const std::vector<double>& before, const std::vector<double>& after) {
    return row_of(compare::compare(of_runs(before), of_runs(after),
                                   compare::parse_limits("rate:50%").value()),
                  "rate");
  };
  const auto three = rate({100e6, 101e6, 102e6}, {10e6, 11e6, 12e6});
  CHECK(three.p == Approx(0.1));
  CHECK(three.judgement == Judgement::not_known);
  CHECK(three.enough_runs == 4);
  CHECK(three.failed);
  CHECK_FALSE(rate({100e6, 101e6, 102e6}, {99e6, 98e6, 97e6}).failed);
  CHECK(rate({5e6, 6e6}, {1e6, 2e6, 3e6}).judgement == Judgement::not_known);
  CHECK(rate({5e6}, {1e6, 2e6, 3e6, 4e6, 4e6, 4e6}).enough_runs == 4);
  // As many as are said to do, or fewer against more of them.
  CHECK(rate({5e6, 6e6, 7e6, 8e6}, {1e6, 2e6, 3e6, 4e6}).judgement == Judgement::worse);
  CHECK(rate({5e6, 6e6, 7e6}, {1e6, 2e6, 3e6, 4e6, 4.5e6}).judgement == Judgement::worse);
  const auto mixed = rate({5e6, 6e6, 7e6, 8e6}, {5.5e6, 6.5e6, 7.5e6, 4e6});
  CHECK(mixed.judgement == Judgement::within_spread);
  CHECK_FALSE(mixed.enough_runs.has_value());
}

TEST_CASE("that there were too few runs is in text and JSON", "[compare]") {
  const auto comparison =
      compare::compare(of_runs({100e6, 101e6, 102e6}), of_runs({10e6, 11e6, 12e6}), {});
  const std::string text = compare::to_text(comparison, "a", "b");
  CHECK(text.find("too few runs to tell, 4 a side would do (p = 0.100") != std::string::npos);
  CHECK(text.find("within the spread") == std::string::npos);
  const auto tree = Json::parse(compare::to_json(comparison, "a", "b"));
  CHECK(tree.at("metrics").at(0).at("judgement") == "not_known");
  CHECK(tree.at("metrics").at(0).at("enough_runs") == 4);
  const auto many = compare::compare(of_runs({1, 2, 3, 4}), of_runs({5, 6, 7, 8}), {});
  CHECK(Json::parse(compare::to_json(many, "a", "b")).at("metrics").at(0).at("enough_runs") ==
        nullptr);
}

TEST_CASE("loss over repeats is not judged by the datagrams of the last run", "[compare]") {
  Json old = of_runs({90e6, 91e6, 92e6});
  Json one = last_run();
  for (Json* const json : {&old, &one}) {
    (*json)["up"]["tx"]["packets"] = 100'000;
    (*json)["up"]["loss"]["packets"] = 5'000;  // of the last run
    (*json)["loss_percent"] = 5.0;
  }
  const auto comparison = compare::compare(old, one, {});  // a median of 1 % against 5 %
  CHECK(row_of(comparison, "loss").change == 4.0);
  CHECK(row_of(comparison, "loss").test == compare::Test::none);
  CHECK(row_of(comparison, "loss").judgement == Judgement::not_known);
}
