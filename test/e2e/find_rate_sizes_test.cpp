// --find-rate --sizes from the outside: an entry for each size, also of those before one that
// failed.

#include <csignal>
#include <optional>
#include <sstream>
#include <string>

#include "e2e/program.hpp"
#include "support/catch.hpp"
#include "support/places.hpp"
#include "support/relay.hpp"
#include "support/temp_dir.hpp"

using Catch::Matchers::ContainsSubstring;
using nlohmann::json;
using udperf::test::check_books;
using udperf::test::client_arguments;
using udperf::test::content_of;
using udperf::test::document_of;
using udperf::test::Fate;
using udperf::test::kGuard;
using udperf::test::kProgram;
using udperf::test::Passage;
using udperf::test::Relay;
using udperf::test::RelayScript;
using udperf::test::run_to_end;
using udperf::test::run_udperf;
using udperf::test::Server;
using udperf::test::TempDir;
using udperf::wire::MessageType;

namespace {

/// Of a log in JSON, which has nothing else.
void check_told(const std::string& log, const std::string& told) {
  bool found = false;
  std::istringstream lines{log};
  for (std::string line; std::getline(lines, line);) {
    const auto record = json::parse(line, nullptr, false);
    REQUIRE(record.is_object());
    found = found || record.value("message", "") == told;
  }
  CHECK(found);
}

}  // namespace

TEST_CASE("a search by size has an entry for each, in the order asked for", "[e2e]") {
  const Server server;
  const auto finished = run_udperf(client_arguments(
      server.endpoint(), {"--find-rate", "--sizes", "18,1472", "--max-rate", "5M", "--search-time",
                          "6s", "--log-format", "json", "--log-level", "info"}));
  CAPTURE(finished.err);
  REQUIRE(finished.code() == 0);
  check_told(finished.err, "datagrams of 18 B");
  const auto document = document_of(finished);
  CHECK(document.at("status") == "complete");
  check_books(document.at("up"));
  const json& sizes = document.at("search_sizes");
  REQUIRE(sizes.size() == 2);
  CHECK(sizes.at(0).at("payload_bytes") == 18);
  CHECK(sizes.at(0).at("frame_bytes") == 64);
  CHECK(sizes.at(1).at("payload_bytes") == 1472);
  CHECK(sizes.at(1).at("frame_bytes") == 1518);
  for (const json& size : sizes) {
    INFO(size.dump(1));
    CHECK(size.at("direction") == "up");
    CHECK(size.at("limited_by").is_string());
    if (size.at("answer_bps").is_number()) {
      CHECK(size.at("answer_bps").get<double>() <= 5e6);
      CHECK(size.at("answer_pps").get<double>() == Approx(size.at("answer_bps").get<double>() / 8 /
                                                          size.at("payload_bytes").get<double>()));
    }
  }
  CHECK(document.at("search").at("answer_bps") == sizes.at(1).at("answer_bps"));
  CHECK(document.at("test").at("payload_bytes") == 1472);
  CHECK(document.at("test").at("header") == "full");
}

TEST_CASE("a search whose server is gone before the next size tells what it found", "[e2e]") {
  const TempDir dir;
  const std::string told = (dir.path() / "told").string();
  Server server;
  RelayScript script;
  // The client says which size is next before it asks for a test with it.
  script.decide = [&](const Passage& passage) -> std::optional<Fate> {
    const bool next = passage.is(MessageType::hello) &&
                      content_of(told).find("datagrams of 1472 B") != std::string::npos;
    if (next) {
      server.process().send_signal(SIGKILL);
    }
    return next ? std::optional{Fate{true, 0, udperf::Duration{0}}} : std::nullopt;
  };
  const auto relay = Relay::start(server.endpoint(), std::move(script));
  REQUIRE(relay);
  const std::string format = GENERATE("--json", "--color=never");
  const std::string search = std::string{kProgram} + " client 127.0.0.1 --port " +
                             std::to_string(relay->endpoint().port) + " " + format +
                             " --find-rate --sizes 18,1472,210 --max-rate 1M --search-time 6s" +
                             " 2> " + told;

  const auto finished = run_to_end({"/bin/sh", "-c", search}, kGuard);

  REQUIRE(finished);
  CAPTURE(content_of(told));
  CHECK(finished->code() == 5);
  if (format != "--json") {
    CHECK_THAT(finished->out, ContainsSubstring("highest rate by size"));
    CHECK_THAT(finished->out, ContainsSubstring("64 B up"));
    return;
  }
  const auto document = document_of(*finished);
  CHECK(document.at("status") == "incomplete");
  CHECK(document.at("error").at("phase") == "connect");
  REQUIRE(document.at("search_sizes").size() == 1);
  CHECK(document.at("search_sizes").at(0).at("payload_bytes") == 18);
  CHECK(document.at("search_sizes").at(0).at("limited_by").is_string());
  CHECK(document.at("search").at("trials").size() >= 1);
  check_books(document.at("up"));
}
