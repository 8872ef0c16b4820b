// --find-rate from the outside: formats, limits, interruption. What it finds is accuracy's matter.

#include <csignal>
#include <functional>
#include <memory>
#include <optional>
#include <sstream>
#include <string>

#include "e2e/program.hpp"
#include "support/catch.hpp"
#include "support/condition.hpp"
#include "support/strict_json.hpp"

using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;
using nlohmann::json;
using udperf::test::Attempt;
using udperf::test::check_books;
using udperf::test::client_arguments;
using udperf::test::document_of;
using udperf::test::Finished;
using udperf::test::kGuard;
using udperf::test::long_measurement;
using udperf::test::measure_side_by_side;
using udperf::test::Measurement;
using udperf::test::parse_strict_json;
using udperf::test::Process;
using udperf::test::run_udperf;
using udperf::test::Server;
using udperf::test::start_udperf;
using udperf::test::Stream;

namespace {

using Words = std::vector<std::string>;

/// Whether the hosts could not do what loopback carries easily.
bool held_up(const json& search) {
  return search.at("limited_by") == "host_limited" || search.at("limited_by") == "time";
}

/// A search that ends at 20 Mb/s, which loopback carries easily.
Words search_arguments(const Server& server, const Words& more = {}) {
  auto arguments =
      client_arguments(server.endpoint(), {"--find-rate", "--max-rate", "20M", "--min-rate", "5M"});
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

/// A search that goes on beside others.
class Search {
 public:
  explicit Search(Words arguments) : arguments_(std::move(arguments)) {}

  void start() { client_ = start_udperf(arguments_); }
  [[nodiscard]] Finished finish() {
    const auto status = client_->wait(kGuard);
    Finished finished{status, client_->output(Stream::out), client_->output(Stream::err), {}};
    UNSCOPED_INFO(finished.err);
    return finished;
  }

 private:
  Words arguments_;
  std::optional<Process> client_;
};

Measurement search(const std::string& name, Words arguments,
                   std::function<void(const Finished&, Attempt&)> judge) {
  auto one = std::make_shared<Search>(std::move(arguments));
  return {name, [one] { one->start(); },
          [one, judge = std::move(judge)](Attempt& attempt) { judge(one->finish(), attempt); }};
}

void judge_document(const Finished& finished, Attempt& attempt) {
  REQUIRE(finished.code() == 0);
  const auto document = document_of(finished);
  check_books(document.at("up"));
  CHECK(document.at("search_down").is_null());
  const json& search = document.at("search");
  INFO(search.dump(1));
  CHECK(search.at("algorithm") == "udperf");
  CHECK(search.at("direction") == "up");
  CHECK_THAT(finished.err, ContainsSubstring("is filled"));
  if (!attempt.needs(!held_up(search), "hosts that keep up with 20 Mb/s")) {
    return;
  }
  attempt.expect(search.at("confirmed") == true, "a confirmed answer");
  attempt.expect(search.at("limited_by") == "max_rate", "max_rate as the limit");
  if (!attempt.expect(search.at("answer_bps").is_number(), "an answer")) {
    return;
  }
  const double answer = search.at("answer_bps").get<double>();
  CHECK(answer <= 20e6);
  attempt.expect_near("answer_bps", answer, 20e6, 0.02);
  attempt.expect_near("bracket_low_bps", search.at("bracket_low_bps"), answer, 0.02);
  const auto payload = document.at("test").at("payload_bytes").get<double>();
  CHECK(search.at("answer_ip_bps").get<double>() == Approx(answer * (payload + 28) / payload));
  const json& last = search.at("trials").back();
  attempt.expect(last.at("step") == "confirm" && last.at("verdict") == "passed",
                 "a confirmation at the end");
  if (!attempt.wrong().empty()) {
    return;  // the document is no confirming run's
  }
  CHECK(document.at("test").at("rate_target_bps").get<double>() == last.at("rate_bps"));
  CHECK(document.at("test").at("duration_s").get<double>() >= 3);
  attempt.expect(document.at("up").at("rx").at("span_ns").get<double>() >= 3e9, "three seconds");
}

/// -q --print search.answer_bps,search.limited_by
void judge_printed(const Finished& finished, Attempt& attempt) {
  REQUIRE(finished.code() == 0);
  CHECK(finished.err.empty());
  std::istringstream words{finished.out};
  std::string answer;
  std::string limit;
  std::string more;
  words >> answer >> limit;
  CHECK_FALSE(words >> more);
  const bool found = !answer.empty() && answer.find_first_not_of("0123456789.e+") == answer.npos;
  if (attempt.needs(found && limit != "host_limited" && limit != "time", "hosts that keep up")) {
    attempt.expect_near("the answer", std::stod(answer), 20e6, 0.02);
  }
}

/// --jsonl of both directions.
void judge_events(const Finished& finished, Attempt& attempt) {
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
  check_books(document.at("up"));
  check_books(document.at("down"));
  CHECK(trials ==
        document.at("search").at("trials").size() + document.at("search_down").at("trials").size());
  if (attempt.needs(!held_up(document.at("search")) && !held_up(document.at("search_down")),
                    "hosts that keep up with 20 Mb/s")) {
    attempt.expect(document.at("search_down").at("confirmed") == true, "a confirmed answer");
  }
}

void judge_server_limit(const Finished& finished, Attempt& attempt) {
  REQUIRE(finished.code() == 0);
  const json search = document_of(finished).at("search");
  INFO(search.dump(1));
  if (search.at("answer_bps").is_number()) {
    CHECK(search.at("answer_bps").get<double>() <= 10e6);
  }
  if (attempt.needs(!held_up(search), "hosts that keep up with 10 Mb/s")) {
    attempt.expect(search.at("limited_by") == "server_policy", "server_policy as the limit");
    if (!attempt.expect(search.at("answer_bps").is_number(), "an answer")) {
      return;
    }
    attempt.expect_near("answer_bps", search.at("answer_bps"), 10e6, 0.02);
  }
}

/// --find-rate=rfc9097 --max-rate 20M --search-time 10s, down.
void judge_standard(const Finished& finished, Attempt& attempt) {
  REQUIRE(finished.code() == 0);
  const auto document = document_of(finished);
  check_books(document.at("down"));
  CHECK(document.at("test").at("rate_target_bps").is_null());
  CHECK(document.at("down").at("pacing").at("rate_error_ratio").is_null());
  const json& search = document.at("search");
  INFO(search.dump(1));
  CHECK(search.at("algorithm") == "rfc9097");
  attempt.expect(search.at("limited_by") == "max_rate", "max_rate as the limit");
  CHECK(search.at("bracket_low_bps").is_null());
  const json& capacity = search.at("capacity");
  CHECK(capacity.at("test_interval_s") == 5);
  if (!attempt.expect(capacity.at("sub_intervals").size() == 5, "five seconds, each whole") ||
      !attempt.expect(capacity.at("maximum").at("rtt_min_ns").is_number(), "round trips") ||
      !attempt.expect(search.at("answer_bps").is_number(), "an answer")) {
    return;
  }
  const double payload = document.at("test").at("payload_bytes").get<double>();
  attempt.expect_near("answer_bps", search.at("answer_bps"), 20e6, 0.06);
  CHECK(search.at("answer_ip_bps") == capacity.at("maximum").at("ip_bps"));
  CHECK(search.at("answer_bps").get<double>() ==
        Approx(search.at("answer_ip_bps").get<double>() * payload / (payload + 28)));
  CHECK(capacity.at("maximum").at("rtt_min_ns").get<double>() > 0);
  CHECK(capacity.at("maximum").at("rtt_max_ns") >= capacity.at("maximum").at("rtt_min_ns"));
  if (!attempt.expect(search.at("trials").size() == 2, "time for a confirming run")) {
    return;
  }
  CHECK(search.at("trials").at(0).at("step") == "adjust");
  CHECK(search.at("trials").at(1).at("step") == "confirm");
  // The document is the adjusted test's, whose rows are the sub-intervals.
  attempt.expect(document.at("down").at("intervals").size() >= 5, "five rows");
}

}  // namespace

TEST_CASE("searches tell what they found in every form", "[e2e]") {
  const Server server{udperf::IpFamily::v4, {"--max-sessions-per-address", "16"}};
  const Server slow{udperf::IpFamily::v4, {"--max-rate", "10M"}};
  auto quiet = search_arguments(server, {"-q", "--print", "search.answer_bps,search.limited_by"});
  quiet.erase(quiet.begin() + 4);  // --json
  auto lines = search_arguments(server, {"--direction", "both"});
  lines.at(4) = "--jsonl";
  const auto standard = client_arguments(
      server.endpoint(),
      {"--find-rate=rfc9097", "--max-rate", "20M", "--search-time", "10s", "--direction", "down"});
  const auto missed = [](int code) {
    return [code](const Finished& finished, Attempt& attempt) {
      CHECK((finished.code() == 0 || finished.code() == 6));
      if (attempt.needs(!held_up(document_of(finished).at("search")), "hosts that keep up")) {
        attempt.expect(finished.code() == code, "exit status " + std::to_string(code));
      }
    };
  };

  measure_side_by_side(
      {search("a document is its confirming run's, with the search in it", search_arguments(server),
              judge_document),
       search("a quiet search prints its answer and nothing else", quiet, judge_printed),
       search("each trial is told as it ends, and then one end", lines, judge_events),
       search("a server's own limit is not exceeded, and is named", search_arguments(slow),
              judge_server_limit),
       search("--fail-rate is met", search_arguments(server, {"--fail-rate", "19M"}), missed(0)),
       search("--fail-rate is missed", search_arguments(server, {"--fail-rate", "21M"}), missed(6)),
       search("the standard's method reports the standard's figures", standard, judge_standard)},
      long_measurement());
}

TEST_CASE("an interrupted search ends with what it knew", "[e2e]") {
  const Server server;
  auto arguments = search_arguments(server, {"--direction", "both"});
  arguments.at(4) = "--jsonl";
  auto client = start_udperf(arguments);
  REQUIRE(client.wait_for(Stream::out, R"("trial")", kGuard));

  client.send_signal(SIGINT);

  const auto status = client.wait(kGuard);
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
