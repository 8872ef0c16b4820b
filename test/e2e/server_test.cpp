// The server's own options.

#include <csignal>
#include <filesystem>
#include <string>

#include "e2e/program.hpp"
#include "support/catch.hpp"
#include "support/families.hpp"
#include "support/places.hpp"
#include "support/strict_json.hpp"
#include "support/temp_dir.hpp"

using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;
using udperf::IpFamily;
using udperf::test::client_arguments;
using udperf::test::content_of;
using udperf::test::document_of;
using udperf::test::ExitStatus;
using udperf::test::kGuard;
using udperf::test::kProgram;
using udperf::test::parse_strict_json;
using udperf::test::run_to_end;
using udperf::test::run_udperf;
using udperf::test::Server;
using udperf::test::start_udperf;
using udperf::test::Stream;
using udperf::test::TempDir;

namespace {

std::string make_key(const TempDir& folder, const std::string& name) {
  auto path = (folder.path() / name).string();
  REQUIRE(run_udperf({"keygen", path}).code() == 0);
  return path;
}

}  // namespace

TEST_CASE("the ready event is one line and names the port that was chosen", "[e2e]") {
  const auto family = GENERATE(IpFamily::v4, IpFamily::v6);
  if (!udperf::test::family_or_skip(family)) {
    return;
  }
  Server server{family};

  CHECK(server.ready().at("event") == "ready");
  CHECK(server.endpoint().port > 0);
  CHECK(server.endpoint().address == udperf::IpAddress::loopback(family));
  CHECK_THAT(server.process().output(Stream::extra), Catch::Matchers::EndsWith("}\n"));
}

TEST_CASE("a descriptor that nobody opened is not one of the server's own files", "[e2e]") {
  const TempDir folder;
  const auto lines = folder.path() / "sessions.jsonl";
  const auto finished =
      run_to_end({"/bin/sh", "-c", "exec \"$@\" 3>&-", "sh", kProgram, "server", "--bind",
                  "127.0.0.1", "--port", "0", "--ready-fd", "3", "--jsonl", lines.string()},
                 kGuard);
  REQUIRE(finished.has_value());
  CHECK(finished->code() == 2);
  CHECK_THAT(finished->err,
             ContainsSubstring("--ready-fd 3: is not a descriptor that is open for writing"));
  CHECK_FALSE(std::filesystem::exists(lines));
}

TEST_CASE("the pid file holds the server's pid while it runs", "[e2e]") {
  const TempDir folder;
  const auto file = folder.path() / "udperf.pid";
  Server server{IpFamily::v4, {"--pid-file", file.string()}};
  CHECK(content_of(file) == std::to_string(server.process().pid()) + "\n");

  server.process().send_signal(SIGTERM);

  CHECK(server.process().wait(kGuard) == ExitStatus{143, std::nullopt});
  CHECK_FALSE(std::filesystem::exists(file));
}

TEST_CASE("a one-off server ends by itself after its session", "[e2e]") {
  Server server{IpFamily::v4, {"--one-off"}};

  const auto finished =
      run_udperf(client_arguments(server.endpoint(), {"--size", "1M", "--rate", "100M"}));

  CHECK(finished.code() == 0);
  CHECK(server.process().wait(kGuard) == ExitStatus{0, std::nullopt});
}

TEST_CASE("a port that is taken is an error with a reason", "[e2e]") {
  const Server server;
  const auto port = std::to_string(server.endpoint().port);

  const auto second = run_udperf({"server", "--bind", "127.0.0.1", "--port", port});

  CHECK(second.code() != 0);
  CHECK_THAT(second.err, ContainsSubstring(port) && ContainsSubstring("in use"));
}

TEST_CASE("a server that is full says so and when to come again", "[e2e]") {
  const Server server{IpFamily::v4, {"--max-sessions", "1"}};
  auto arguments = client_arguments(server.endpoint(),
                                    {"--duration", "20s", "--rate", "10M", "--interval", "100ms"});
  arguments[4] = "--jsonl";
  auto first = start_udperf(arguments);
  REQUIRE(first.wait_for(Stream::out, R"("start")", kGuard));

  const auto second = run_udperf(client_arguments(server.endpoint(), {"--size", "25"}));

  CHECK(second.code() == 4);
  const auto document = document_of(second);
  CHECK(document.at("status") == "error");
  CHECK_THAT(document.at("error").at("message").get<std::string>(), ContainsSubstring("busy"));
}

TEST_CASE("an address that is denied is told so", "[e2e]") {
  const Server server{IpFamily::v4, {"--deny", "127.0.0.0/8"}};

  const auto finished =
      run_udperf(client_arguments(server.endpoint(), {"--size", "25", "--connect-timeout", "20s"}));

  CHECK(finished.code() == 4);
  CHECK(document_of(finished).at("status") == "error");
}

TEST_CASE("with the server's key a test runs and says that it was authenticated", "[e2e]") {
  const TempDir folder;
  const auto key = make_key(folder, "a.key");
  const Server server{IpFamily::v4, {"--key-file", key}};

  const auto finished = run_udperf(
      client_arguments(server.endpoint(), {"--size", "1M", "--rate", "100M", "--key-file", key}));

  CHECK(finished.code() == 0);
  const auto document = document_of(finished);
  CHECK(document.at("status") == "complete");
  CHECK(document.at("test").at("auth") == true);
}

TEST_CASE("without the server's key, or with another, nobody answers", "[e2e]") {
  const TempDir folder;
  const Server server{IpFamily::v4, {"--key-file", make_key(folder, "a.key")}};
  auto arguments = client_arguments(server.endpoint(), {"--size", "1M", "--connect-timeout", "1s"});
  if (GENERATE(false, true)) {
    arguments.insert(arguments.end(), {"--key-file", make_key(folder, "b.key")});
  }

  const auto finished = run_udperf(arguments);

  CAPTURE(arguments, finished.err);
  // To a client without the key such a server looks like none at all.
  CHECK(finished.code() == 3);
  CHECK(document_of(finished).at("status") == "error");
}

TEST_CASE("the server tells of each session in text and in JSON lines", "[e2e]") {
  const TempDir folder;
  const auto file = folder.path() / "sessions.jsonl";
  Server server{IpFamily::v4, {"--one-off", "--jsonl", file.string()}};

  const auto finished =
      run_udperf(client_arguments(server.endpoint(), {"--size", "1M", "--rate", "100M"}));
  REQUIRE(server.process().wait(kGuard).has_value());

  const auto document = document_of(finished);
  const auto line = parse_strict_json(content_of(file));
  REQUIRE(line.has_value());
  const auto text = server.process().output(Stream::out);
  CAPTURE(text);
  CHECK_THAT(text, ContainsSubstring("127.0.0.1") &&
                       ContainsSubstring(
                           std::to_string(document.at("test").at("client_port").get<int>())));
}
