// Where a client's result goes when the one who waits for it goes away, or what it goes to is
// closed.

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "e2e/program.hpp"
#include "support/catch.hpp"
#include "support/condition.hpp"
#include "support/places.hpp"
#include "support/schema.hpp"
#include "support/temp_dir.hpp"

using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;
using nlohmann::json;
using udperf::test::client_arguments;
using udperf::test::kGuard;
using udperf::test::patience;
using udperf::test::Process;
using udperf::test::run_to_end;
using udperf::test::Server;
using udperf::test::start_udperf;
using udperf::test::Stream;
using udperf::test::TempDir;

namespace {

std::string text_of(const std::filesystem::path& file) {
  std::ifstream stream{file};
  return {std::istreambuf_iterator<char>{stream}, {}};
}

std::string shell_client(const Server& server, const std::string& more) {
  return std::string{udperf::test::kProgram} + " client 127.0.0.1 --port " +
         std::to_string(server.endpoint().port) + " " + more;
}

}  // namespace

TEST_CASE("a client that hangs up goes on and writes its result", "[e2e]") {
  const Server server;
  const TempDir folder;
  const auto file = folder.path() / "result.json";
  std::ofstream{file} << "before\n";
  auto client = start_udperf(client_arguments(
      server.endpoint(),
      {"--duration", "2s", "--rate", "5M", "--output", file.string(), "--log-level", "info"}));
  REQUIRE(client.wait_for(Stream::err, "test started", kGuard));
  CHECK(text_of(file) == "before\n");  // what was there stays until there is something else

  client.send_signal(SIGHUP);

  const auto status = client.wait(kGuard);
  REQUIRE(status.has_value());
  CHECK(status->code == 0);
  CHECK(json::parse(text_of(file)).at("status") == "complete");
}

TEST_CASE("a client that is killed leaves the old result in place", "[e2e]") {
  const Server server;
  const TempDir folder;
  const auto file = folder.path() / "result.json";
  std::ofstream{file} << "before\n";
  auto client = start_udperf(client_arguments(
      server.endpoint(),
      {"--duration", "20s", "--rate", "5M", "--output", file.string(), "--log-level", "info"}));
  REQUIRE(client.wait_for(Stream::err, "test started", kGuard));

  client.send_signal(SIGKILL);

  REQUIRE(client.wait(kGuard).has_value());
  CHECK(text_of(file) == "before\n");
}

TEST_CASE("what is meant for a closed stdout goes nowhere else", "[e2e]") {
  const Server server;
  const TempDir folder;
  const auto log = folder.path() / "log";
  const std::string end = GENERATE("client", "server");
  CAPTURE(end);
  std::string command = shell_client(server, "--packets 100 --json");
  if (end == "server") {
    command = std::string{udperf::test::kProgram} +
              " server --bind 127.0.0.1 --port 0 --max-duration 1s" +
              " --one-off --jsonl - --ready-fd 3";
  }
  command += " --log-level debug --log-file " + log.string() + " >&- 3>" +
             (folder.path() / "ready").string();
  if (end == "server") {
    command += " & until [ -s " + (folder.path() / "ready").string() +
               " ]; do :; done; port=$(sed " + "'s/.*port\":\\([0-9]*\\).*/\\1/' " +
               (folder.path() / "ready").string() + "); " + std::string{udperf::test::kProgram} +
               " client --port $port --packets 100 --quiet; wait";
  }

  const auto finished = run_to_end({"sh", "-c", command}, kGuard);

  REQUIRE(finished.has_value());
  const auto text = text_of(log);
  CHECK_FALSE(text.empty());
  CHECK_THAT(text, !ContainsSubstring("\"schema\"") && !ContainsSubstring("\"event\""));
}

TEST_CASE("a client whose reader is gone ends soon", "[e2e]") {
  const Server server;
  const std::string format = GENERATE("--jsonl", "--jsonl --interval 1h", "--json");
  CAPTURE(format);
  // The reader takes one line, or as much as comes within a moment, and goes.
  const std::string reader = format == "--json" ? "true" : "head -1";
  const udperf::test::HostWatch watch;
  const auto finished = run_to_end(
      {"sh", "-c", shell_client(server, "-t 90s --rate 1M --quiet " + format) + " | " + reader},
      kGuard);

  REQUIRE(finished.has_value());
  CAPTURE(finished->err);
  CHECK(finished->status.has_value());  // else it ran into the deadline
  udperf::test::check_in_time(finished->took, patience(40s), watch.strain());
}

TEST_CASE("a client whose reader is gone between two tests ends soon", "[e2e]") {
  const Server server;
  // head goes with the line of the first test.
  const auto finished = run_to_end({"sh", "-c",
                                    shell_client(server,
                                                 "--packets 10 --quiet --repeat 2 --gap 1h "
                                                 "--print status") +
                                        " | head -n 1"},
                                   kGuard);
  REQUIRE(finished.has_value());
  CAPTURE(finished->err);
  CHECK(finished->status.has_value());  // else it ran into the deadline
  CHECK(finished->out == "complete\n");
}

TEST_CASE("python3-jsonschema accepts a result and refuses a wrong one", "[e2e]") {
  const auto there = run_to_end({"python3", "-c", "import jsonschema"}, kGuard);
  if (!there || there->code() != 0) {
    udperf::test::skip_test("needs python3-jsonschema");
    return;
  }
  const Server server;
  const TempDir folder;
  const auto file = (folder.path() / "result.json").string();
  auto client = start_udperf(client_arguments(
      server.endpoint(), {"--packets", "200", "--direction", "both", "--output", file}));
  REQUIRE(client.wait(kGuard).has_value());
  const auto* const script = R"(
import glob, json, os, sys, jsonschema
for file in glob.glob(os.path.join(os.path.dirname(sys.argv[1]), '*.schema.json')):
    one = json.load(open(file))
    assert '://' in one.get('$id', '://'), file + ': a relative $id leads references astray'
    kind = jsonschema.validators.validator_for(one)
    kind.check_schema(one)
    list(kind(one).iter_errors({}))  # follows its references
schema = json.load(open(sys.argv[1]))
result = json.load(open(sys.argv[2]))
validator = jsonschema.validators.validator_for(schema)
validator.check_schema(schema)
check = validator(schema)
problems = [error.message for error in check.iter_errors(result)]
assert not problems, problems
result['up']['tx']['packets'] = 'many'
assert list(check.iter_errors(result)), 'a wrong one was accepted'
)";
  const auto checked =
      run_to_end({"python3", "-W", "ignore", "-c", script,
                  std::string{udperf::test::kSourceDir} + "/docs/result.schema.json", file},
                 kGuard);
  REQUIRE(checked.has_value());
  CAPTURE(checked->err);
  CHECK(checked->code() == 0);
}
