#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>

#include "e2e/iperf3_peers.hpp"
#include "e2e/program.hpp"
#include "os/fd.hpp"
#include "support/catch.hpp"
#include "support/places.hpp"
#include "support/temp_dir.hpp"

// `iperf3 -s -D` as start scripts use it.

using namespace udperf;
using namespace udperf::test;

namespace {

pid_t id_in(const std::string& file) {
  pid_t id = 0;
  std::ifstream{file} >> id;
  return id;
}

/// A process that is nobody's child; ended with this, if it has not ended.
class Daemon {
 public:
  explicit Daemon(pid_t id) : id_(id), handle_(static_cast<int>(::syscall(SYS_pidfd_open, id, 0))) {
    REQUIRE(id > 1);
    REQUIRE(handle_);
  }
  ~Daemon() { static_cast<void>(ends_by(SIGKILL)); }
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;

  [[nodiscard]] bool ends_by(int signal) {
    pollfd end{handle_.get(), POLLIN, 0};
    const bool sent = over_ || ::kill(id_, signal) == 0;
    over_ = over_ || ::poll(&end, 1, static_cast<int>(kGuard.count())) == 1;
    return sent && over_;
  }

 private:
  pid_t id_;
  os::Fd handle_;
  bool over_ = false;
};

}  // namespace

TEST_CASE("A daemon has its process id and its log in files, which no second one takes from it") {
  const TempDir dir;
  const std::string port = std::to_string(unused_port());
  const std::string pid_file = (dir.path() / "pid").string();
  const std::string log = (dir.path() / "log").string();
  std::ofstream{pid_file} << "1\n";  // of one that has crashed
  const auto start = [&](const std::string& number) {
    return run_words(
        {kProgram, "iperf3", "-s", "-D", "-p", number, "-I", pid_file, "--logfile", log});
  };
  REQUIRE(start(port).code() == 0);
  Daemon daemon{id_in(pid_file)};
  auto lines = Process::start({"tail", "-F", "-n", "+1", log});
  REQUIRE(lines.has_value());
  REQUIRE(lines->wait_for(test::Stream::out, "Server listening", kGuard));

  const pid_t first = id_in(pid_file);
  const auto second = start(std::to_string(unused_port()));
  CHECK(second.code() == 1);
  CHECK(second.err.find("--pidfile " + pid_file + ": a process that still runs has it") !=
        std::string::npos);
  CHECK(id_in(pid_file) == first);

  std::filesystem::rename(log, log + ".1");
  const auto client = run_words(iperf3_client(kProgram, port, {}));
  CHECK(client.code() == 0);
  std::ifstream anew{log};
  const std::string text{std::istreambuf_iterator<char>{anew}, {}};
  INFO(text);
  CHECK(text.find("Accepted connection from 127.0.0.1") != std::string::npos);

  CHECK(daemon.ends_by(SIGTERM));
  CHECK_FALSE(std::filesystem::exists(pid_file));
}

TEST_CASE("A log of JSON has nothing but JSON, whatever becomes of the clients") {
  const TempDir dir;
  const std::string log = (dir.path() / "log").string();
  const std::string port = std::to_string(unused_port());
  auto server = start_udperf(
      {"iperf3", "-s", "-p", port, "-J", "--logfile", log, "--server-bitrate-limit", "2M"});
  const Words refused = iperf3_client(kProgram, port, {"-J", "-b", "10M"});
  // It may not listen yet when the first one comes.
  const auto deadline = std::chrono::steady_clock::now() + kGuard;
  std::string said;
  while (said.find("above") == std::string::npos && std::chrono::steady_clock::now() < deadline) {
    const auto finished = run_to_end(refused, kGuard);
    REQUIRE(finished.has_value());
    said = finished->out;
  }
  CHECK(run_words(iperf3_client(kProgram, port, {})).code() == 0);
  server.send_signal(SIGTERM);
  REQUIRE(server.wait(kGuard).has_value());
  std::ifstream written{log};
  const std::string all{std::istreambuf_iterator<char>{written}, {}};
  INFO(all);
  std::size_t documents = 0;
  std::istringstream rest{all};
  while (rest >> std::ws && !rest.eof()) {
    nlohmann::json document;
    REQUIRE_NOTHROW(rest >> document);
    ++documents;
  }
  CHECK(documents >= 2);
}
