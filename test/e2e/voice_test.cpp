// --voice and --omit through the built binary.

#include "e2e/program.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;
using nlohmann::json;
using udperf::test::check_books;
using udperf::test::client_arguments;
using udperf::test::document_of;
using udperf::test::run_udperf;
using udperf::test::Server;

TEST_CASE("a call is sent and judged both ways", "[e2e]") {
  const Server server;
  const auto finished = run_udperf(
      client_arguments(server.endpoint(), {"--voice", "g711-plc", "--bidir", "-P", "2",
                                           "--duration", "1s", "--jitter-buffer", "500ms"}));
  CHECK(finished.code() == 0);
  const json document = document_of(finished);
  CHECK(document.at("test").at("voice") == "g711-plc");
  for (const char* way : {"up", "down"}) {
    const json& part = document.at(way);
    check_books(part);
    // Fifty packets a second on each of two streams, of 172 bytes.
    const int sent = part.at("tx").at("packets").get<int>();
    CHECK(sent + part.at("tx").at("pacing_skipped").get<int>() >= 90);  // or told as given up
    CHECK(sent <= 104);
    CHECK(part.at("tx").at("payload_bytes") == 172 * part.at("tx").at("packets").get<int>());
    const json& voice = part.at("voice");
    CHECK(voice.at("buffer_ns") == 500'000'000);
    CHECK(voice.at("lost_packets") == part.at("loss").at("packets"));
    CHECK(voice.at("ta_ns").get<std::int64_t>() > 520'000'000);
    CHECK(voice.at("network_source").is_string());
    CHECK(voice.at("r").get<double>() < 70);  // half a second of delay is not liked
    CHECK(voice.at("worst").at("start_s") == 0);
  }
}

TEST_CASE("a score below what is wanted ends with 6", "[e2e]") {
  const Server server;
  const auto run = [&server](const std::string& score) {
    return run_udperf(client_arguments(
        server.endpoint(), {"--voice", "g711-plc", "--duration", "300ms", "--fail-mos", score}));
  };
  const auto missed = run("4.5");  // more than the model has for anybody
  CHECK(missed.code() == 6);
  CHECK_THAT(missed.err, ContainsSubstring("--fail-mos"));
  CHECK(document_of(missed).at("status") == "complete");
  CHECK(run("1").code() == 0);
}

TEST_CASE("a warm-up is left out through real sockets", "[e2e]") {
  const Server server;
  const auto finished =
      run_udperf(client_arguments(server.endpoint(), {"--omit", "400ms", "--bidir", "-P", "2",
                                                      "--packets", "400", "--rate", "800pps"}));
  CHECK(finished.code() == 0);
  const json document = document_of(finished);
  CHECK(document.at("test").at("omit_s") == 0.4);
  for (const char* way : {"up", "down"}) {
    const json& part = document.at(way);
    check_books(part);
    CHECK(part.at("tx").at("packets") == 400);
    const json& omitted = part.at("omitted");
    CHECK(omitted.at("sent").get<int>() > 0);
    CHECK(omitted.at("sent").get<int>() ==
          omitted.at("unique").get<int>() + omitted.at("lost").get<int>());
    CHECK(omitted.at("sent_bytes").get<int>() % omitted.at("sent").get<int>() == 0);
  }
}

TEST_CASE("full speed with a warm-up has books of both parts", "[e2e]") {
  const Server server;
  for (const std::string way : {"up", "down"}) {
    const auto finished = run_udperf(client_arguments(
        server.endpoint(), {"--omit", "200ms", "--duration", "300ms", "--direction", way}));
    CHECK(finished.code() == 0);
    const json document = document_of(finished);
    check_books(document.at(way));
    const json& omitted = document.at(way).at("omitted");
    CHECK(omitted.at("unique").get<std::int64_t>() > 0);
    CHECK(omitted.at("sent").get<std::int64_t>() ==
          omitted.at("unique").get<std::int64_t>() + omitted.at("lost").get<std::int64_t>());
  }
}
