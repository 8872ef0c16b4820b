// Every way in which a run can go wrong ends in time, with the exit status and the document that
// were promised.

#include <sys/socket.h>

#include <csignal>
#include <string>
#include <vector>

#include "e2e/program.hpp"
#include "net/socket_address.hpp"
#include "os/fd.hpp"
#include "support/catch.hpp"
#include "support/condition.hpp"
#include "support/places.hpp"
#include "support/schema.hpp"
#include "support/spawn.hpp"

using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;
using nlohmann::json;
using udperf::Endpoint;
using udperf::IpAddress;
using udperf::IpFamily;
using udperf::test::check_books;
using udperf::test::check_in_time;
using udperf::test::client_arguments;
using udperf::test::document_of;
using udperf::test::ExitStatus;
using udperf::test::Finished;
using udperf::test::HostWatch;
using udperf::test::kGuard;
using udperf::test::patience;
using udperf::test::Process;
using udperf::test::run_udperf;
using udperf::test::run_within;
using udperf::test::Server;
using udperf::test::start_udperf;
using udperf::test::Stream;
using udperf::test::unused_port;

namespace {

/// A bound socket that nobody reads: a server that never answers.
class SilentServer {
 public:
  SilentServer() : fd_(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    udperf::net::SocketAddress address{{IpAddress::loopback(IpFamily::v4), 0}};
    REQUIRE(::bind(fd_.get(), address.raw(), address.size()) == 0);
    REQUIRE(::getsockname(fd_.get(), address.raw(), address.size_out()) == 0);
    endpoint_ = address.endpoint();
  }
  [[nodiscard]] const Endpoint& endpoint() const { return endpoint_; }

 private:
  udperf::os::Fd fd_;
  Endpoint endpoint_;
};

/// Waits for the end, which has to come within `limit`, and gathers what was said.
Finished finish(Process& process, std::chrono::milliseconds limit) {
  const HostWatch watch;
  const auto begin = std::chrono::steady_clock::now();
  const auto status = process.wait(kGuard);
  const auto took = std::chrono::steady_clock::now() - begin;
  check_in_time(took, patience(limit), watch.strain());
  return {status, process.output(Stream::out), process.output(Stream::err),
          std::chrono::duration_cast<std::chrono::milliseconds>(took)};
}

/// A client in the middle of a test that would go on for twenty seconds: it has told of an
/// interval.
Process start_long_test(const Endpoint& server, const std::string& direction = "up") {
  auto arguments =
      client_arguments(server, {"--duration", "20s", "--rate", "20M", "--interval", "100ms",
                                "--direction", direction, "--log-level", "debug"});
  arguments[4] = "--jsonl";
  auto client = start_udperf(arguments);
  REQUIRE(client.wait_for(Stream::out, R"("interval")", kGuard));
  return client;
}

/// The data of the first interval that was told.
json first_interval(const std::string& lines) {
  const auto at = lines.find(R"("event":"interval")");
  const auto start = lines.rfind('\n', at) + 1;
  return json::parse(lines.substr(start, lines.find('\n', at) - start)).at("data");
}

/// The last line of --jsonl, as if it had been printed by --json.
json last_document(const Finished& finished) {
  const auto end = finished.out.find_last_not_of('\n');
  const auto start = finished.out.rfind('\n', end);
  const auto event = json::parse(finished.out.substr(start + 1));
  Finished as_json = finished;
  as_json.out = event.at("data").dump();
  return document_of(as_json);
}

}  // namespace

TEST_CASE("a port at which nobody listens is reported at once", "[e2e]") {
  const Endpoint nobody{IpAddress::loopback(IpFamily::v4), unused_port()};

  const auto finished = run_within(1500ms, client_arguments(nobody, {"--size", "25"}));

  CHECK(finished.code() == 3);
  const auto document = document_of(finished);
  CHECK(document.at("status") == "error");
  CHECK(document.at("up").is_null());
  CHECK_THAT(finished.err,
             ContainsSubstring("127.0.0.1") && ContainsSubstring(std::to_string(nobody.port)));
}

TEST_CASE("a server that never answers is given up at the connect timeout", "[e2e]") {
  const SilentServer silent;

  const auto finished = run_within(
      2000ms, client_arguments(silent.endpoint(), {"--size", "25", "--connect-timeout", "800ms"}));

  CHECK(finished.code() == 3);
  CHECK(finished.took >= 750ms);
  CHECK(document_of(finished).at("error").is_object());
}

TEST_CASE("a name that does not resolve is an unreachable server", "[e2e]") {
  const auto finished = run_udperf(
      {"client", "no-such-host.invalid", "--size", "25", "--json", "--connect-timeout", "2s"});

  CHECK(finished.code() == 3);
  CHECK(document_of(finished).at("status") == "error");
}

TEST_CASE("--wait-server waits for a server that comes later", "[e2e]") {
  const auto port = std::to_string(unused_port());
  auto client = start_udperf({"client", "--port", port, "--json", "--size", "1M", "--rate", "50M",
                              "--wait-server", "10s", "--log-level", "debug"});
  CHECK_FALSE(client.wait(300ms).has_value());

  auto server = start_udperf({"server", "--bind", "127.0.0.1", "--port", port, "--one-off"});

  const auto finished = finish(client, 10s);
  CAPTURE(finished.err);
  CHECK(finished.code() == 0);
  CHECK(document_of(finished).at("status") == "complete");
  CHECK(server.wait(kGuard) == ExitStatus{0, std::nullopt});
}

TEST_CASE("a server that is killed costs the test its end and not its figures", "[e2e]") {
  const auto* direction = GENERATE("up", "down", "both");
  CAPTURE(direction);
  Server server;
  auto client = start_long_test(server.endpoint(), direction);

  server.process().send_signal(SIGKILL);

  const auto finished = finish(client, 10s);
  CAPTURE(finished.out, finished.err);
  CHECK(finished.code() == 5);
  const auto document = last_document(finished);
  CHECK(document.at("status") == "incomplete");
  CHECK(document.at("error").is_object());
  const char* way = std::string{direction} == "down" ? "down" : "up";
  const char* end = std::string{direction} == "down" ? "rx" : "tx";
  CHECK(document.at(way).at(end).is_object());
  // Whoever closed the books of a thread that is gone knows nothing of its times.
  if (std::string{direction} != "up") {
    CHECK(document.at("down").at("rx").at("cpu_percent").is_null());
  }
}

TEST_CASE("an interrupted client prints what it has and tells the server", "[e2e]") {
  const auto [signal, code] = GENERATE(table<int, int>({{SIGINT, 130}, {SIGTERM, 143}}));
  const auto* direction = GENERATE("up", "down");
  CAPTURE(direction);
  Server server{IpFamily::v4, {"--jsonl", "-"}};
  auto client = start_long_test(server.endpoint(), direction);

  const auto before = first_interval(client.output(Stream::out));

  client.send_signal(signal);

  const auto finished = finish(client, 5s);
  CAPTURE(finished.out, finished.err);
  CHECK(finished.code() == code);
  const auto document = last_document(finished);
  CHECK(document.at("status") == "interrupted");
  const auto& way = document.at(direction);
  check_books(way);
  CHECK(way.at("rx").at("unique") >= before.at("packets"));
  // It was told, and did not find out by silence.
  REQUIRE(server.process().wait_for(Stream::out, "\n", kGuard));
  const auto session = json::parse(server.process().output(Stream::out));
  CHECK(udperf::test::server_line_schema_problems(session) == "");
  const auto reason = session.at("data").at("reason").get<std::string>();
  CHECK_FALSE(reason.empty());
  CHECK_THAT(reason, !ContainsSubstring("silent"));
}

TEST_CASE("a client that is interrupted before the test has begun says so in JSON", "[e2e]") {
  const SilentServer silent;
  auto client = start_udperf(client_arguments(
      silent.endpoint(), {"--size", "25", "--connect-timeout", "20s", "--log-level", "debug"}));
  REQUIRE(client.wait_for(Stream::err, "\n", kGuard));

  client.send_signal(SIGINT);

  const auto finished = finish(client, 5s);
  CHECK(finished.code() == 130);
  CHECK(document_of(finished).at("up").is_null());
}

TEST_CASE("a server that is stopped tells its clients, which end with partial results", "[e2e]") {
  const auto [signal, code] = GENERATE(table<int, int>({{SIGINT, 130}, {SIGTERM, 143}}));
  const auto* direction = GENERATE("up", "down");
  CAPTURE(direction);
  Server server;
  auto client = start_long_test(server.endpoint(), direction);

  server.process().send_signal(signal);

  const auto finished = finish(client, 5s);
  CAPTURE(finished.out, finished.err);
  CHECK(finished.code() == 5);
  CHECK(last_document(finished).at("status") == "incomplete");
  CHECK(server.process().wait(kGuard) == ExitStatus{code, std::nullopt});
}

TEST_CASE("a client that vanishes leaves a server that serves the next one", "[e2e]") {
  Server server{IpFamily::v4, {"--jsonl", "-"}};
  auto client = start_long_test(server.endpoint());
  client.send_signal(SIGKILL);

  const auto next =
      run_udperf(client_arguments(server.endpoint(), {"--size", "1M", "--rate", "50M"}));

  CHECK(next.code() == 0);
  CHECK(document_of(next).at("status") == "complete");
}

TEST_CASE("an output that cannot be written is said, and does not count as success", "[e2e]") {
  const auto finished = run_udperf({"loopback", "--size", "1M", "--rate", "200M", "--json",
                                    "--output", "/no/such/folder/result.json"});

  CHECK(finished.code() != 0);
  CHECK_THAT(finished.err, ContainsSubstring("/no/such/folder/result.json"));
}

TEST_CASE("a test ends where the system has no descriptors for its threads", "[e2e]") {
  for (int descriptors = 10; descriptors <= 30; descriptors += 2) {
    CAPTURE(descriptors);
    const auto finished = udperf::test::run_to_end(
        {"/bin/sh", "-c", "ulimit -n " + std::to_string(descriptors) + "; exec \"$0\" \"$@\"",
         udperf::test::kProgram, "loopback", "--packets", "50", "--rate", "500pps", "--streams",
         "4"},
        kGuard);
    REQUIRE(finished);
    CAPTURE(finished->err);
    CHECK((finished->code() == 0 || finished->code() == 1 || finished->code() == 5));
  }
}
