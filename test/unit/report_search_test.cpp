// A search in the result: for people, as fields and as events.

#include <string>

#include <nlohmann/json.hpp>

#include "report/writer.hpp"
#include "support/catch.hpp"
#include "support/example_outcomes.hpp"

using namespace udperf;
using Catch::Matchers::ContainsSubstring;

namespace {

search::TrialPart trial(search::Step step, double rate_bps, double loss, search::Verdict verdict) {
  search::TrialPart part;
  part.step = step;
  part.rate_bps = rate_bps;
  part.duration_s = 3.1;
  part.payload_bytes = 1400;
  part.offered_bps = rate_bps;
  part.goodput_bps = rate_bps * (1 - loss);
  part.loss_ratio = loss;
  part.verdict = verdict;
  return part;
}

result::ResultDocument searched() {
  auto document = result::build_result(test::normal_up());
  search::Answer& answer = document.search.emplace();
  answer.answer_bps = 48.4e6;
  answer.answer_ip_bps = 49.32e6;
  answer.confirmed = true;
  answer.limited_by = search::Limit::network;
  answer.shaper_suspected = true;
  answer.bottleneck_bps = 48.59e6;
  answer.rtt_idle_p50_ns = 1'000'000;
  answer.rtt_loaded_p50_ns = 41'000'000;
  answer.trials = {
      trial(search::Step::overload, 97.1e6, 0.5, search::Verdict::congested),
      trial(search::Step::confirm, 48.4e6, 0, search::Verdict::passed),
  };
  return document;
}

}  // namespace

TEST_CASE("a search is told in words: the answer, its limit, the delay, the losses by rate",
          "[report]") {
  const std::string text = report::search_to_text(searched(), {false, 0});

  CHECK_THAT(text, ContainsSubstring("48.40 Mb/s payload, 49.32 Mb/s with IP and UDP headers"));
  CHECK_THAT(text, ContainsSubstring("limited by              the network\n"));
  CHECK_THAT(text, ContainsSubstring("grade B"));  // 40 ms more
  CHECK_THAT(text, ContainsSubstring("token bucket"));
  CHECK(text.find("48.40 Mb/s: 0 % lost") < text.find("97.10 Mb/s: 50 % lost"));
  CHECK(report::search_to_text(result::build_result(test::normal_up()), {}).empty());
}

TEST_CASE("without an answer a search says why", "[report]") {
  auto document = searched();
  document.search->answer_bps.reset();
  document.search->confirmed = false;
  document.search->limited_by = search::Limit::path_loss;

  const std::string text = report::search_to_text(document, {false, 0});
  CHECK_THAT(text, ContainsSubstring("answer                  none\n"));
  CHECK_THAT(text, ContainsSubstring("the path loses more than 0 % at every rate"));
}

TEST_CASE("each size has a line: frame, direction, datagrams a second, answer and limit",
          "[report]") {
  auto document = searched();
  search::Answer none = *document.search;
  none.answer_bps.reset();
  none.answer_ip_bps.reset();
  none.limited_by.reset();
  none.way = Way::down;
  search::Answer small = *document.search;
  small.answer_bps = 1.44e6;  // 10 000 datagrams of 18 B
  small.answer_ip_bps = 3.68e6;
  document.search_sizes = {{64, 18, small}, {1518, 1472, none}};

  const std::string text = report::search_to_text(document, {false, 0});
  const auto table = text.find("highest rate by size (Ethernet frames with FCS)\n");
  REQUIRE(table != std::string::npos);
  CHECK(
      text.find("64 B up                 10000 datagrams/s, 1.440 Mb/s payload, 3.680 Mb/s with IP "
                "and UDP headers, confirmed; the network\n",
                table) != std::string::npos);
  CHECK(text.find("1518 B down             none; the search was interrupted\n", table) !=
        std::string::npos);
  CHECK(text.find("64 B up") < text.find("1518 B down"));
}

TEST_CASE("a search's figures are fields", "[report]") {
  const auto printed = report::print_fields(
      searched(), {"search.answer_bps", "search.bloat_grade", "search.trials.1.verdict",
                   "search.bracket_low_bps", "search_down.answer_bps"});
  REQUIRE(printed.has_value());
  CHECK(*printed == "48400000.0 B passed null null\n");
}

TEST_CASE("each size has its trials, and each trial its size", "[report]") {
  auto document = searched();
  document.search_sizes = {{64, 18, *document.search}, {1518, 1472, *document.search}};
  document.search_sizes.front().answer.trials = {
      trial(search::Step::confirm, 1e6, 0, search::Verdict::passed)};
  document.search_sizes.front().answer.trials.front().payload_bytes = 18;

  const auto sizes = nlohmann::json::parse(report::to_json(document)).at("search_sizes");
  REQUIRE(sizes.at(0).at("trials").size() == 1);
  CHECK(sizes.at(0).at("trials").at(0).at("payload_bytes") == 18);
  CHECK(sizes.at(1).at("trials").size() == 2);
}

TEST_CASE("a trial is a line, and an event", "[report]") {
  const auto part = trial(search::Step::confirm, 48.4e6, 0.001, search::Verdict::lossy);
  CHECK(report::trial_line(part) ==
        "confirm   48.40 Mb/s for 3.10 s: 48.35 Mb/s arrived, 0.1 % lost, too much lost");

  report::JsonlWriter writer;
  const auto event = nlohmann::json::parse(writer.trial(part, Way::down, UnixTime{}));
  CHECK(event.at("event") == "trial");
  CHECK(event.at("data").at("direction") == "down");
  CHECK(event.at("data").at("step") == "confirm");
  CHECK(event.at("data").at("payload_bytes") == 1400);
  CHECK(event.at("data").at("verdict") == "lossy");
}
