// What strangers make the server write: records, files, and what happens to these.

#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string_view>

#include "e2e/hostile.hpp"
#include "net/socket_address.hpp"
#include "os/fd.hpp"
#include "support/catch.hpp"
#include "support/strict_json.hpp"
#include "support/temp_dir.hpp"

using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;
using namespace udperf;
using udperf::test::check_serves;
using udperf::test::client_arguments;
using udperf::test::content_of;
using udperf::test::counter_of;
using udperf::test::descriptors_of;
using udperf::test::HostileClient;
using udperf::test::kGuard;
using udperf::test::Process;
using udperf::test::run_udperf;
using udperf::test::run_within;
using udperf::test::Server;
using udperf::test::start_udperf;
using udperf::test::Stream;
using udperf::test::TempDir;

namespace {

std::size_t lines_of(const std::filesystem::path& path) {
  std::ifstream file{path};
  std::size_t count = 0;
  for (std::string line; std::getline(file, line); ++count) {
    CHECK(udperf::test::parse_strict_json(line).has_value());
  }
  return count;
}

void send_text(int fd, const Endpoint& to, std::string_view text) {
  const net::SocketAddress address{to};
  ::sendto(fd, text.data(), text.size(), 0, address.raw(), address.size());
}

}  // namespace

TEST_CASE("classic runs from ever new addresses do not fill the log", "[e2e]") {
  Server server{IpFamily::v4, {"--classic", "--max-sessions-per-address", "64"}};
  std::size_t sent = 0;
  for (std::uint16_t i = 0; i < 3000; ++i) {
    const os::Fd fd{::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
    for (const std::string_view word : {"START", "x", "STOP"}) {
      send_text(fd.get(), server.endpoint(), word);
      sent += word.size();
    }
  }
  static_cast<void>(counter_of(server, "classic_runs"));

  const std::size_t written =
      server.process().output(Stream::err).size() + server.process().output(Stream::out).size();
  CAPTURE(sent, written);
  CHECK(written < 200'000);  // a hundred runs, and then five a second
  CHECK_THAT(server.process().output(Stream::err), ContainsSubstring("classic run closed"));
  REQUIRE(server.process().wait_for(Stream::err, " more like this in the last 10 s: classic runs",
                                    kGuard));
}

TEST_CASE("a server without descriptors refuses, says so once, and recovers", "[e2e]") {
  Server server{IpFamily::v4, {"--max-sessions", "100", "--max-sessions-per-address", "100"}};
  // A sanitizer that sees a type for the first time needs a descriptor to look at the object.
  REQUIRE(run_udperf(client_arguments(server.endpoint(), {"--streams", "4", "--packets", "1000",
                                                          "--direction", "both"}))
              .code() == 0);
  // How many it has from the start depends on the processors.
  const rlim_t most = descriptors_of(server.process()) + 20;
  const rlimit limit{most, most};
  REQUIRE(::prlimit(server.process().pid(), RLIMIT_NOFILE, &limit, nullptr) == 0);
  const auto many = run_within(
      4s, client_arguments(server.endpoint(), {"--streams", "100", "--packets", "1000"}));

  CHECK(many.code() == 4);  // refused: at once, not after a timeout
  const auto log = server.process().output(Stream::err);
  const std::string words = "Too many open files";
  const auto first = log.find(words);
  REQUIRE(first != std::string::npos);
  CHECK(log.find(words, first + 1) == std::string::npos);
  const auto deadline = std::chrono::steady_clock::now() + kGuard;
  int code = -1;
  while (code != 0 && std::chrono::steady_clock::now() < deadline) {
    code = run_udperf(client_arguments(server.endpoint(), {"--packets", "10"})).code();
  }
  CHECK(code == 0);
}

TEST_CASE("the server's JSON lines outlive restarts, rotation and a torn line", "[e2e]") {
  const TempDir folder;
  const auto file = folder.path() / "sessions.jsonl";
  const auto log = folder.path() / "server.log";
  const std::vector<std::string> options{"--jsonl", file.string(), "--log-file", log.string()};
  {
    Server server{IpFamily::v4, options};
    check_serves(server);
    server.process().send_signal(SIGTERM);
    REQUIRE(server.process().wait(kGuard).has_value());
  }
  CHECK(lines_of(file) == 1);
  const auto first = content_of(file);
  std::ofstream{file, std::ios::app} << first.substr(0, 20);  // a full disk, or a crash

  Server server{IpFamily::v4, options};
  check_serves(server);
  const auto moved = folder.path() / "sessions.jsonl.1";
  const auto moved_log = folder.path() / "server.log.1";
  const auto deadline = std::chrono::steady_clock::now() + kGuard;
  const auto written = [&file] {
    const auto text = content_of(file);
    return std::count(text.begin(), text.end(), '\n');
  };
  while (written() < 3) {  // the session's is written when its client is gone
    REQUIRE(std::chrono::steady_clock::now() < deadline);
  }
  std::filesystem::rename(file, moved);
  std::filesystem::rename(log, moved_log);
  server.process().send_signal(SIGHUP);
  while (!std::filesystem::exists(log) || content_of(log).find("SIGHUP") == std::string::npos) {
    REQUIRE(std::chrono::steady_clock::now() < deadline);
  }
  check_serves(server);
  server.process().send_signal(SIGTERM);
  REQUIRE(server.process().wait(kGuard).has_value());

  CHECK(lines_of(file) == 1);
  const auto old = content_of(moved);
  CHECK(old.compare(0, first.size() + 21, first + first.substr(0, 20) + "\n") == 0);
  CHECK(std::count(old.begin(), old.end(), '\n') == 3);
  CHECK_THAT(content_of(moved_log), ContainsSubstring("session closed: complete"));
}
