#include <csignal>

#include "support/catch.hpp"
#include "support/spawn.hpp"

using namespace std::chrono_literals;
using udperf::test::ExitStatus;
using udperf::test::Process;
using udperf::test::run_to_end;
using udperf::test::SpawnOptions;
using udperf::test::Stream;

namespace {

Process start_shell(const char* script, const SpawnOptions& options = {}) {
  auto process = Process::start({"sh", "-c", script}, options);
  REQUIRE(process.has_value());
  return std::move(*process);
}

}  // namespace

TEST_CASE("both outputs and the exit code come back, more than a pipe holds too", "[support]") {
  const auto finished =
      run_to_end({"sh", "-c", "head -c 300000 /dev/zero; echo complaint >&2; exit 6"}, 10s);

  REQUIRE(finished.has_value());
  CHECK(finished->out.size() == 300'000);
  CHECK(finished->err == "complaint\n");
  CHECK(finished->code() == 6);
}

TEST_CASE("a signal is not an exit code", "[support]") {
  auto process = start_shell("echo up; exec sleep 60");
  REQUIRE(process.wait_for(Stream::out, "up\n", 10s));

  process.send_signal(SIGTERM);

  CHECK(process.wait(10s) == ExitStatus{std::nullopt, SIGTERM});
}

TEST_CASE("waiting ends at its deadline while the process goes on", "[support]") {
  auto process = start_shell("exec sleep 60");

  CHECK_FALSE(process.wait(10ms).has_value());
  CHECK_FALSE(process.wait_for(Stream::out, "never", 10ms));
}

TEST_CASE("waiting for text that cannot come any more ends at once", "[support]") {
  auto process = start_shell("echo something else");

  CHECK_FALSE(process.wait_for(Stream::out, "needle", 60s));
}

TEST_CASE("the extra descriptor is the one that was asked for", "[support]") {
  const auto number = GENERATE(3, 4, 5, 6, 7, 8, 9);
  auto process = start_shell(("echo ready >&" + std::to_string(number)).c_str(), {number, {}, {}});

  CHECK(process.wait_for(Stream::extra, "ready\n", 10s));
  CHECK(process.wait(10s) == ExitStatus{0, std::nullopt});
}

TEST_CASE("a variable that is given replaces the one that was inherited", "[support]") {
  const SpawnOptions options{std::nullopt, "/", {{"HOME", "/elsewhere"}}};
  const auto finished = run_to_end({"sh", "-c", "env | grep ^HOME=; pwd"}, 10s, options);

  REQUIRE(finished.has_value());
  CHECK(finished->out == "HOME=/elsewhere\n/\n");
}

TEST_CASE("a process that is no longer wanted is gone", "[support]") {
  pid_t pid = 0;
  {
    const auto process = start_shell("exec sleep 60");
    pid = process.pid();
    REQUIRE(::kill(pid, 0) == 0);
  }

  CHECK(::kill(pid, 0) == -1);
}
