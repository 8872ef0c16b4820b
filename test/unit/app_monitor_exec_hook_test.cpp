#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "app/monitor/exec_hook.hpp"
#include "os/fd.hpp"
#include "support/catch.hpp"
#include "support/temp_dir.hpp"

namespace udperf::app {
namespace {

using namespace std::chrono_literals;

/// A program of this text, in a folder of its own.
class Program {
 public:
  explicit Program(const std::string& text) {
    std::ofstream{path("run")} << "#!/bin/sh\ncd '" << folder_.path().string() << "'\n" << text;
    std::filesystem::permissions(path("run"), std::filesystem::perms::owner_all);
  }
  [[nodiscard]] std::string path(const std::string& name) const {
    return (folder_.path() / name).string();
  }
  [[nodiscard]] std::string text_of(const std::string& name) const {
    return test::content_of(path(name));
  }
  /// Waits for a file that it writes, a minute at most.
  [[nodiscard]] bool wrote(const std::string& name) const {
    for (int i = 0; i < 3000 && !std::filesystem::exists(path(name)); ++i) {
      ::poll(nullptr, 0, 20);
    }
    return std::filesystem::exists(path(name));
  }

 private:
  test::TempDir folder_;
};

/// What this process writes to a descriptor goes to a file for a while.
class Diverted {
 public:
  Diverted(int fd, const std::string& file) : fd_(fd), before_(::dup(fd)) {
    std::fflush(nullptr);
    const os::Fd to{::open(file.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600)};
    ::dup2(to.get(), fd_);
  }
  Diverted(const Diverted&) = delete;
  Diverted& operator=(const Diverted&) = delete;
  ~Diverted() { ::dup2(before_.get(), fd_); }

 private:
  int fd_;
  os::Fd before_;
};

TEST_CASE("what a program prints is not among the JSON lines on stdout") {
  const Program program{"echo noise\ntouch done\n"};
  {
    const Diverted out{STDOUT_FILENO, program.path("out")};
    const Diverted error{STDERR_FILENO, program.path("error")};
    ExecHook hook{program.path("run"), [](const std::string&) {}};
    hook.put("{}\n");
    static_cast<void>(program.wrote("done"));
  }
  CHECK(program.text_of("out").empty());
  CHECK(program.text_of("error") == "noise\n");
}

TEST_CASE("programs that run and wait at the end are given their time") {
  const Program program{"cat >>told\n"};
  {
    ExecHook hook{program.path("run"), [](const std::string&) {}, 60s, 60s};
    hook.put("1\n");
    hook.put("2\n");
    hook.put("3\n");
  }
  CHECK(program.text_of("told") == "1\n2\n3\n");
}

TEST_CASE("what a program that does not end leaves waiting is said and counted") {
  const Program program{"touch began\nexec sleep 1000\n"};
  std::vector<std::string> said;
  {
    ExecHook hook{program.path("run"), [&said](const std::string& text) { said.push_back(text); },
                  60s, 100ms};
    hook.put("1\n");
    CHECK(program.wrote("began"));
    hook.put("2\n");
    hook.put("3\n");
  }
  REQUIRE(said.size() == 2);
  CHECK(said[0].ends_with("was ended"));
  CHECK(said[1].ends_with("2 events are left out at the end"));
}

}  // namespace
}  // namespace udperf::app
