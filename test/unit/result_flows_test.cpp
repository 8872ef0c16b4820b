// What --flows adds to a result: groups, outliers, and the sentence about them.

#include <cstdint>
#include <string>
#include <vector>

#include "engine/client_flows.hpp"
#include "report/writer.hpp"
#include "result/document.hpp"
#include "support/catch.hpp"
#include "support/example_outcomes.hpp"

using namespace std::chrono_literals;
using namespace udperf;
using result::build_result;

namespace {

/// `count` flows of 500 datagrams, each with the same delays.
TestOutcome flows_test(std::size_t count) {
  TestOutcome outcome = test::three_streams();
  StreamOutcome one = outcome.up->streams.front();
  one.rx->sent = 500;
  one.rx->unique = one.rx->datagrams = 500;
  one.rx->duplicates = one.rx->replicated = one.rx->reordered = 0;
  one.rx->lost = one.rx->head_lost = one.rx->tail_lost = 0;
  one.rx->ttl = 61;
  one.rx->raw_delay_min_ns = -7'000'000;  // the clocks differ
  one.rx->delay_bins = {{0, 100}, {20'000, 300}, {60'000, 100}};
  outcome.up->streams.assign(count, one);
  outcome.params.streams = static_cast<std::uint16_t>(count);
  FlowPorts& ports = outcome.flows.emplace();
  for (std::size_t i = 0; i < count; ++i) {
    ports.of_streams.push_back(static_cast<std::uint16_t>(33434 + i));
  }
  return outcome;
}

RxReport& flow(TestOutcome& outcome, std::size_t i) {
  return *outcome.up->streams.at(i).rx;
}

void lose(TestOutcome& outcome, std::size_t i, std::uint64_t lost) {
  flow(outcome, i).lost = lost;
  flow(outcome, i).unique = flow(outcome, i).datagrams = 500 - lost;
}

}  // namespace

TEST_CASE("without --flows there is nothing to judge", "[result][flows]") {
  CHECK_FALSE(build_result(test::three_streams()).flows.has_value());
  auto outcome = flows_test(4);
  outcome.up->streams.back().rx.reset();  // a report is missing
  CHECK_FALSE(build_result(outcome).flows.has_value());
}

TEST_CASE("flows that are alike are one group without outliers", "[result][flows]") {
  const auto document = build_result(flows_test(64));
  REQUIRE(document.flows.has_value());
  CHECK(document.flows->flows == 64);
  CHECK(document.flows->outliers.empty());
  REQUIRE(document.flows->groups.size() == 1);
  const auto& group = document.flows->groups.front();
  CHECK(group.direction == "up");
  CHECK(group.hops == 3U);
  CHECK(group.least_delay_ns == 0);
  CHECK(group.median_delay_ns == 20'000);
  CHECK(group.packets == 32'000);
  REQUIRE(group.flows.size() == 64);
  CHECK(group.flows[5].port == 33439);
  CHECK(group.flows[5].loss_ratio == 0.0);
  CHECK(document.flows->verdict ==
        "64 flows fare alike: none loses more than the others, and none is slower");
}

TEST_CASE("the sentence names the flows that lose", "[result][flows]") {
  auto outcome = flows_test(64);
  for (const std::size_t i : {4U, 17U, 26U}) {
    lose(outcome, i, 155);
  }
  const auto document = build_result(outcome);
  REQUIRE(document.flows.has_value());
  CHECK(document.flows->verdict ==
        "3 of 64 flows (source ports 33438, 33451, 33460) lose 31 %, the others nothing: one "
        "member of a bundle?");
  REQUIRE(document.flows->outliers.size() == 3);
  const auto& outlier = document.flows->outliers.front();
  CHECK(outlier.sign == "loss");
  CHECK(outlier.stream == 4U);
  CHECK(outlier.port == 33438);
  CHECK(outlier.loss_ratio == Approx(0.31));
  CHECK(outlier.rest_loss_ratio == 0.0);
  CHECK(*outlier.p_value <= 0.001);
  const std::string text = report::to_text(document, {});
  CHECK(text.find("3 of 64 flows") != std::string::npos);
  CHECK(text.find("stream 63") == std::string::npos);
}

TEST_CASE("slow flows, other hops and silent ports are told", "[result][flows]") {
  auto outcome = flows_test(16);
  for (std::size_t i = 0; i < 4; ++i) {
    flow(outcome, i).raw_delay_min_ns = -2'000'000;
    flow(outcome, i).ttl = 60;
  }
  outcome.flows->silent = {34000, 34001};
  const auto document = build_result(outcome);
  REQUIRE(document.flows.has_value());
  CHECK(document.flows->flows == 18);
  CHECK(document.flows->silent == 2);
  REQUIRE(document.flows->groups.size() == 2);
  CHECK(document.flows->groups[0].flows.size() == 12);
  CHECK(document.flows->groups[1].hops == 4U);
  CHECK(document.flows->groups[1].least_delay_ns == 5'000'000);
  const std::string& verdict = document.flows->verdict;
  CHECK(verdict.find("2 of 18 flows (source ports 34000, 34001) got no answer") == 0);
  CHECK(verdict.find("4 of 18 flows (source ports 33434, 33435, 33436, 33437) are slower by ") !=
        std::string::npos);
  CHECK(verdict.find("3 hops (12 flows), 4 hops (4 flows)") != std::string::npos);
}

TEST_CASE("a report that cannot be true breaks nothing", "[result][flows]") {
  auto outcome = flows_test(8);
  flow(outcome, 0).sent = UINT64_MAX;
  flow(outcome, 1).lost = UINT64_MAX;
  flow(outcome, 2).delay_bins = {{INT64_MAX, UINT64_MAX}, {INT64_MIN, UINT64_MAX}};
  flow(outcome, 3).raw_delay_min_ns = INT64_MIN;
  flow(outcome, 4).delay_bins = {{0, 0}};
  const auto document = build_result(outcome);
  REQUIRE(document.flows.has_value());
  CHECK_FALSE(report::to_json(document).empty());
}

TEST_CASE("ports that get no answer are left out, and the first one gets another turn",
          "[engine][flows]") {
  engine::ClientOptions options;
  options.params.streams = 4;
  options.local_port = 5000;
  engine::StreamPorts plain{options};
  CHECK(plain.of_stream(3) == 5003);
  CHECK_FALSE(plain.drop({5003}, {5000, 5001, 5002}));  // not a test of flows

  options.flows.emplace();
  engine::StreamPorts ports{options};
  CHECK(ports.drop({5000}, {}));
  CHECK(ports.of_stream(0) == 5001);
  CHECK(ports.of_stream(3) == 5000);
  CHECK(ports.silent().empty());
  CHECK(ports.drop({5000, 5002}, {5001, 5003}));
  CHECK(ports.streams() == 2);
  CHECK(ports.of_stream(1) == 5003);
  CHECK(ports.silent() == std::vector<std::uint16_t>{5000, 5002});

  engine::StreamPorts nobody{options};
  int turns = 0;
  while (turns < 100 && nobody.drop({5000}, {})) {
    ++turns;
  }
  CHECK(turns == 7);
  CHECK_FALSE(nobody.drop({}, {}));
}

TEST_CASE("where flows are silent the others send what they would have sent", "[engine][flows]") {
  engine::ClientOptions options;
  TestParams& params = options.params;
  params.streams = 4;
  params.rate_up = SendRate{SendRate::Kind::packets, 200'000};
  params.rate_down = SendRate{SendRate::Kind::packets, 120'000};
  params.amount = Amount{0, 44, Duration{0}};
  options.local_port = 5000;
  options.flows = {.rate_of_each = true, .packets_of_each = true};
  engine::StreamPorts ports{options};
  CHECK(ports.params_for(options) == params);
  REQUIRE(ports.drop({5000}, {5001, 5002, 5003}));
  CHECK(ports.params_for(options).streams == 3);
  CHECK(ports.params_for(options).rate_up.value == 150'000);
  CHECK(ports.params_for(options).rate_down.value == 90'000);
  CHECK(ports.params_for(options).amount.packets == 33);

  options.flows = engine::FlowOptions{};  // what was asked of all together stays
  CHECK(ports.params_for(options).streams == 3);
  CHECK(ports.params_for(options).rate_up == params.rate_up);
  CHECK(ports.params_for(options).amount == params.amount);
}

TEST_CASE("all attempts of many flows together take no longer than the time to connect",
          "[engine][flows]") {
  engine::ClientOptions options;
  options.params.streams = 64;
  options.local_port = 5000;
  options.connect_timeout = 5s;
  const MonoTime begun{1000s};
  const MonoTime latest = begun + 5s;

  options.flows.emplace();
  engine::ConnectTime time{options, begun};
  MonoTime now = begun;
  engine::StreamPorts nobody{options};
  int turns = 0;
  do {
    ++turns;
    CHECK(time.first_by(now) > now + 100ms);
    now = time.first_by(now);
  } while (nobody.drop({5000}, {}) && time.enough(now));
  CHECK(turns == 8);
  CHECK(now < latest);

  // The first answers at the last moment, and each time another one is silent to the end.
  engine::StreamPorts dying{options};
  now = begun;
  turns = 0;
  std::vector<std::uint16_t> answered(63, 6000);
  do {
    ++turns;
    now = time.all_by(time.first_by(now));
    answered.pop_back();
  } while (dying.drop({5001}, answered) && time.enough(now));
  CHECK(turns >= 2);
  CHECK(now < latest);
  CHECK(time.all_by(latest + 1s) == latest + 1s);  // who looks late waits for nothing

  options.flows.reset();
  const engine::ConnectTime plain{options, begun};
  CHECK(plain.first_by(begun + 1s) == latest);
  CHECK(plain.all_by(begun + 4s) == latest);
}
