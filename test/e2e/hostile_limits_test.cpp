// Limits of the process (memory, descriptors, threads) end a command with a status and a message,
// never by a signal, and never not at all.

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "e2e/program.hpp"
#include "support/catch.hpp"
#include "support/condition.hpp"
#include "support/places.hpp"
#include "support/spawn.hpp"
#include "support/temp_dir.hpp"

using namespace std::chrono_literals;
using namespace udperf;
using namespace udperf::test;

namespace {

using Words = std::vector<std::string>;

constexpr bool kSanitized = UDPERF_TEST_TIME_FACTOR > 1;

/// `udperf` and its arguments under `ulimit`.
Words limited(const std::string& limit, const Words& arguments) {
  Words words{"/bin/sh", "-c", "ulimit " + limit + " && exec \"$0\" \"$@\"", kProgram};
  words.insert(words.end(), arguments.begin(), arguments.end());
  return words;
}

constexpr const char* kOtherUser = "54321";

/// The same as somebody whose threads are counted, which root's are not. By descriptor: the build
/// may lie where only root looks.
Words limited_user(int threads, const Words& arguments) {
  Words words{"/bin/sh", "-c",
              std::string{"exec 9<\"$0\" && exec setpriv --reuid "} + kOtherUser +
                  " --clear-groups prlimit --nproc=" + std::to_string(threads) +
                  " /proc/self/fd/9 \"$@\"",
              kProgram};
  words.insert(words.end(), arguments.begin(), arguments.end());
  return words;
}

struct Command {
  Words words;
  bool json = true;  ///< it prints a document where it ends well
};

/// What is promised of every end: a status that is documented, or the loader's own, and words
/// where it is not 0. A document where that is what the command prints. The status.
int check_end(const Command& command, const Finished& finished) {
  std::string line;
  for (const std::string& word : command.words) {
    line += word + " ";
  }
  const int code = finished.code();
  CAPTURE(line, code, finished.out, finished.err);
  constexpr int kLoader = 127;
  CHECK(((code >= 0 && code <= 6) || code == kLoader));
  CHECK((code == 0 || !finished.err.empty()));
  if (command.json && code == 0) {
    CHECK(document_of(finished).at("status") == "complete");
  }
  return code;
}

int check_alone(const Words& words) {
  const auto finished = run_to_end(words, kGuard);
  REQUIRE(finished);
  return check_end({words}, *finished);
}

/// The same of many, a few at a time: most of each is waiting.
void check_ends(const std::vector<Command>& commands) {
  constexpr std::size_t kAtOnce = 6;
  for (std::size_t first = 0; first < commands.size(); first += kAtOnce) {
    std::vector<Process> running;
    const std::size_t end = std::min(first + kAtOnce, commands.size());
    for (std::size_t i = first; i < end; ++i) {
      auto process = Process::start(commands[i].words, {});
      REQUIRE(process);
      running.push_back(*std::move(process));
    }
    for (std::size_t i = first; i < end; ++i) {
      Process& process = running[i - first];
      const auto status = process.wait(kGuard);
      REQUIRE(status);
      check_end(commands[i],
                {status, process.output(test::Stream::out), process.output(test::Stream::err), {}});
    }
  }
}

const Words kLoopback{"loopback",
                      "--duration",
                      "150ms",
                      "--rate",
                      "1M",
                      "--streams",
                      "4",
                      "--json",
                      "--connect-timeout",
                      std::to_string(UDPERF_TEST_TIME_FACTOR) + "s"};
const Words kClient{"client", "127.0.0.1", "--port", "9", "--connect-timeout", "200ms", "--json"};
const Words kHelp{"--help"};

/// Processors beyond two, each of which costs a server threads and descriptors.
int further_processors() {
  return std::clamp(static_cast<int>(std::thread::hardware_concurrency()), 2, 32) - 2;
}

/// With enough of everything a test completes; a busy host may need more than one.
void check_enough(const Words& words) {
  int code = -1;
  for (int i = 0; i < 5 && code != 0; ++i) {
    code = check_alone(words);
  }
  CHECK(code == 0);
}

}  // namespace

TEST_CASE("whatever memory there is, a command ends with a status and words", "[e2e][hostile]") {
  if (kSanitized) {
    skip_test("a sanitizer needs address space of its own");
    return;
  }
  std::vector<Command> commands;
  for (int kib = 20'000; kib <= 400'000; kib += kib < 200'000 ? 4'000 : 25'000) {
    commands.push_back({limited("-v " + std::to_string(kib), kLoopback)});
    if (kib % 3 == 0) {
      commands.push_back({limited("-v " + std::to_string(kib), kClient)});
      commands.push_back({limited("-v " + std::to_string(kib), kHelp), false});
    }
  }
  check_ends(commands);
  check_enough(limited("-v " + std::to_string(400'000 + 40'000 * further_processors()), kLoopback));
}

TEST_CASE("whatever descriptors there are, a command ends with a status and words",
          "[e2e][hostile]") {
  if (kSanitized) {  // which calls wrong what it cannot look at
    skip_test("a sanitizer needs descriptors of its own");
    return;
  }
  std::vector<Command> commands;
  for (int descriptors = 3; descriptors < 40; ++descriptors) {
    commands.push_back({limited("-n " + std::to_string(descriptors), kLoopback)});
    commands.push_back({limited("-n " + std::to_string(descriptors), kClient)});
  }
  check_ends(commands);
  check_enough(limited("-n " + std::to_string(64 + 8 * further_processors()), kLoopback));
}

TEST_CASE("whatever threads there are, a command ends with a status and words", "[e2e][hostile]") {
  constexpr auto kAll = std::filesystem::perms::others_exec | std::filesystem::perms::others_read;
  if ((std::filesystem::status(kProgram).permissions() & kAll) != kAll) {
    skip_test("the program is built for its owner alone (umask)");
    return;
  }
  const auto other =
      run_to_end({"setpriv", "--reuid", kOtherUser, "--clear-groups", "true"}, kGuard);
  if (!other || other->code() != 0) {
    skip_test("needs setpriv, and root to be another user");
    return;
  }
  for (int threads = 1; threads < 24; ++threads) {
    // Alone: those of a user are counted together.
    check_alone(limited_user(threads, kLoopback));
    check_alone(limited_user(threads, kClient));
  }
  check_enough(limited_user(40 + 4 * further_processors(), kLoopback));
}

TEST_CASE("a server without memory for its threads says so and ends", "[e2e][hostile]") {
  if (kSanitized) {
    skip_test("a sanitizer needs address space of its own");
    return;
  }
  for (int kib = 20'000; kib <= 200'000; kib += 12'000) {
    Words words = limited(
        "-v " + std::to_string(kib),
        {"server", "--bind", "127.0.0.1", "--port", "0", "--metrics", "127.0.0.1:0", "--iperf3=0"});
    auto process = Process::start(words, {});
    REQUIRE(process);
    // It serves, or it has said why not.
    const bool serves = process->wait_for(test::Stream::err, "listening", kGuard);
    if (serves) {
      process->send_signal(SIGTERM);
    }
    const auto status = process->wait(kGuard);
    REQUIRE(status);
    const std::string err = process->output(test::Stream::err);
    CAPTURE(kib, serves, err);
    CHECK_FALSE(err.empty());
    REQUIRE(status->code);
    CHECK((*status->code == 143 || *status->code == 1 || *status->code == 127));
  }
}

TEST_CASE("a file that may grow no more is an error of the one who writes it", "[e2e][hostile]") {
  const TempDir folder;
  const std::string key = (folder.path() / "key").string();
  const auto finished = run_to_end(limited("-f 0", {"keygen", key}), kGuard);
  REQUIRE(finished);
  CHECK(finished->code() == 1);
  CHECK(finished->err.find("File too large") != std::string::npos);
}
