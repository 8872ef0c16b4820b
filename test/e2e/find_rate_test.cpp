// --find-rate from the outside: formats, limits, interruption. What it finds is accuracy's matter.

#include <csignal>
#include <sstream>
#include <string>

#include "e2e/program.hpp"
#include "support/catch.hpp"
#include "support/strict_json.hpp"

using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;
using nlohmann::json;
using udperf::test::check_books;
using udperf::test::client_arguments;
using udperf::test::document_of;
using udperf::test::ExitStatus;
using udperf::test::parse_strict_json;
using udperf::test::patience;
using udperf::test::run_udperf;
using udperf::test::Server;
using udperf::test::start_udperf;
using udperf::test::Stream;

namespace {

using Words = std::vector<std::string>;

/// A search that ends at 20 Mb/s, which loopback carries easily.
Words search_arguments(const Server& server, const Words& more = {}) {
  auto arguments =
      client_arguments(server.endpoint(), {"--find-rate", "--max-rate", "20M", "--min-rate", "5M"});
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

}  // namespace

TEST_CASE("a search's document is its confirming run's, with the search in it", "[e2e]") {
  const Server server;

  const auto finished = run_udperf(search_arguments(server), 30s);

  CAPTURE(finished.err);
  REQUIRE(finished.code() == 0);
  const auto document = document_of(finished);
  check_books(document.at("up"));
  CHECK(document.at("search_down").is_null());
  const json& search = document.at("search");
  CHECK(search.at("algorithm") == "udperf");
  CHECK(search.at("direction") == "up");
  CHECK(search.at("confirmed") == true);
  CHECK(search.at("limited_by") == "max_rate");
  const double answer = search.at("answer_bps").get<double>();
  CHECK(answer <= 20e6);
  CHECK(answer == Approx(20e6).epsilon(0.02));
  const auto payload = document.at("test").at("payload_bytes").get<double>();
  CHECK(search.at("answer_ip_bps").get<double>() == Approx(answer * (payload + 28) / payload));
  CHECK(search.at("bracket_low_bps").get<double>() == Approx(answer).epsilon(0.02));
  const json& last = search.at("trials").back();
  CHECK(last.at("step") == "confirm");
  CHECK(last.at("verdict") == "passed");
  CHECK(document.at("test").at("rate_target_bps").get<double>() == last.at("rate_bps"));
  CHECK(document.at("test").at("duration_s").get<double>() >= 3);
  CHECK(document.at("up").at("rx").at("span_ns").get<double>() >= 3e9);
  CHECK_THAT(finished.err, ContainsSubstring("is filled"));
}

TEST_CASE("a quiet search prints its answer and nothing else", "[e2e]") {
  const Server server;
  auto arguments = search_arguments(server, {"-q", "--print", "search.answer_bps"});
  arguments.erase(arguments.begin() + 4);  // --json

  const auto finished = run_udperf(arguments, 30s);

  REQUIRE(finished.code() == 0);
  CHECK(std::stod(finished.out) == Approx(20e6).epsilon(0.02));
  CHECK(finished.err.empty());
}

TEST_CASE("a search tells each trial as it ends, and then one end", "[e2e]") {
  const Server server;
  auto arguments = search_arguments(server, {"--direction", "both"});
  arguments.at(4) = "--jsonl";

  const auto finished = run_udperf(arguments, 40s);

  CAPTURE(finished.err);
  REQUIRE(finished.code() == 0);
  std::istringstream lines{finished.out};
  std::size_t trials = 0;
  json end;
  for (std::string line; std::getline(lines, line);) {
    const auto event = parse_strict_json(line);
    REQUIRE(event.has_value());
    trials += event->at("event") == "trial" ? 1U : 0U;
    end = *event;
  }
  REQUIRE(end.at("event") == "end");
  const json& document = end.at("data");
  CHECK(document.at("test").at("direction") == "both");
  CHECK(document.at("search").at("direction") == "up");
  CHECK(document.at("search_down").at("direction") == "down");
  CHECK(document.at("search_down").at("confirmed") == true);
  check_books(document.at("up"));
  check_books(document.at("down"));
  CHECK(trials ==
        document.at("search").at("trials").size() + document.at("search_down").at("trials").size());
}

TEST_CASE("a server's own limit is not exceeded, and is named", "[e2e]") {
  const Server server{udperf::IpFamily::v4, {"--max-rate", "10M"}};

  const auto finished = run_udperf(search_arguments(server), 30s);

  CAPTURE(finished.err);
  REQUIRE(finished.code() == 0);
  const json search = document_of(finished).at("search");
  CHECK(search.at("limited_by") == "server_policy");
  CHECK(search.at("answer_bps").get<double>() == Approx(10e6).epsilon(0.02));
}

TEST_CASE("an interrupted search ends with what it knew", "[e2e]") {
  const Server server;
  auto arguments = search_arguments(server, {"--direction", "both"});
  arguments.at(4) = "--jsonl";
  auto client = start_udperf(arguments);
  REQUIRE(client.wait_for(Stream::out, R"("trial")", patience(10s)));

  client.send_signal(SIGINT);

  const auto status = client.wait(patience(10s));
  REQUIRE(status.has_value());
  CHECK(status->code == 130);
  const std::string out = client.output(Stream::out);
  const auto start = out.rfind('\n', out.size() - 2);
  const auto event = json::parse(out.substr(start + 1));
  CHECK(event.at("event") == "end");
  const json& document = event.at("data");
  CHECK(document.at("status") == "interrupted");
  CHECK(document.at("search").at("limited_by").is_null());
  CHECK(document.at("search").at("confirmed") == false);
  CHECK(document.at("search").at("trials").size() >= 1);
}

TEST_CASE("a search that finds no server says so as any test does", "[e2e]") {
  const auto finished =
      run_udperf({"client", "127.0.0.1", "--port", std::to_string(udperf::test::unused_port()),
                  "--json", "--find-rate"});

  CHECK(finished.code() == 3);
  CHECK(document_of(finished).at("search").is_null());
}

TEST_CASE("a search misses --fail-rate when it finds less", "[e2e]") {
  const Server server;
  CHECK(run_udperf(search_arguments(server, {"--fail-rate", "19M"}), 30s).code() == 0);
  CHECK(run_udperf(search_arguments(server, {"--fail-rate", "21M"}), 30s).code() == 6);
}

TEST_CASE("the standard's method reports the standard's figures", "[e2e]") {
  const Server server;
  auto arguments = client_arguments(
      server.endpoint(),
      {"--find-rate=rfc9097", "--max-rate", "20M", "--search-time", "10s", "--direction", "down"});

  const auto finished = run_udperf(arguments, 30s);

  CAPTURE(finished.err);
  REQUIRE(finished.code() == 0);
  const auto document = document_of(finished);
  check_books(document.at("down"));
  CHECK(document.at("test").at("rate_target_bps").is_null());
  CHECK(document.at("down").at("pacing").at("rate_error_ratio").is_null());
  const json& search = document.at("search");
  INFO(search.dump(1));
  CHECK(search.at("algorithm") == "rfc9097");
  CHECK(search.at("limited_by") == "max_rate");
  CHECK(search.at("bracket_low_bps").is_null());
  const json& capacity = search.at("capacity");
  CHECK(capacity.at("test_interval_s") == 5);
  REQUIRE(capacity.at("sub_intervals").size() == 5);
  const double payload = document.at("test").at("payload_bytes").get<double>();
  CHECK(search.at("answer_bps").get<double>() == Approx(20e6).epsilon(0.06));
  CHECK(search.at("answer_ip_bps") == capacity.at("maximum").at("ip_bps"));
  CHECK(search.at("answer_bps").get<double>() ==
        Approx(search.at("answer_ip_bps").get<double>() * payload / (payload + 28)));
  CHECK(capacity.at("maximum").at("rtt_min_ns").get<double>() > 0);
  CHECK(capacity.at("maximum").at("rtt_max_ns") >= capacity.at("maximum").at("rtt_min_ns"));
  REQUIRE(search.at("trials").size() == 2);
  CHECK(search.at("trials").at(0).at("step") == "adjust");
  CHECK(search.at("trials").at(1).at("step") == "confirm");
  // The document is the adjusted test's, whose rows are the sub-intervals.
  CHECK(document.at("down").at("intervals").size() >= 5);
}
