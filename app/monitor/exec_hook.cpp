#include "app/monitor/exec_hook.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <spawn.h>
#include <utility>

#include "app/last_resort.hpp"
#include "app/output/files.hpp"
#include "os/fd.hpp"
#include "os/memory_file.hpp"

extern "C" char** environ;  // NOLINT(readability-redundant-declaration): POSIX has no header for it

namespace udperf::app {
namespace {

/// The event as a file that is read from its beginning: no writer has to wait for a slow reader.
os::Fd stdin_of(const std::string& event) {
  os::Fd file = os::memory_file("udperf-event");
  if (file && write_all(file.get(), event, "event")) {
    ::lseek(file.get(), 0, SEEK_SET);
  }
  return file;
}

/// All signals as they are for a new program: this process blocks and ignores some.
class SpawnAttributes {
 public:
  SpawnAttributes() {
    posix_spawnattr_init(&attributes_);
    sigset_t none;
    sigemptyset(&none);
    posix_spawnattr_setsigmask(&attributes_, &none);
    sigset_t all;
    sigfillset(&all);
    posix_spawnattr_setsigdefault(&attributes_, &all);
    posix_spawnattr_setpgroup(&attributes_, 0);
    posix_spawnattr_setflags(
        &attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  }
  SpawnAttributes(const SpawnAttributes&) = delete;
  SpawnAttributes& operator=(const SpawnAttributes&) = delete;
  ~SpawnAttributes() { posix_spawnattr_destroy(&attributes_); }
  [[nodiscard]] const posix_spawnattr_t* get() const { return &attributes_; }

 private:
  posix_spawnattr_t attributes_{};
};

}  // namespace

/// As posix_spawnp will look for it.
bool ExecHook::is_program(const std::string& program) {
  const auto is_there = [](const std::string& file) {
    struct stat info {};
    return ::access(file.c_str(), X_OK) == 0 && ::stat(file.c_str(), &info) == 0 &&
           S_ISREG(info.st_mode);
  };
  if (program.find('/') != std::string::npos) {
    return is_there(program);
  }
  const char* const path = std::getenv("PATH");  // NOLINT(concurrency-mt-unsafe): at the start
  const std::string folders = path != nullptr ? path : "/bin:/usr/bin";
  for (std::size_t start = 0; start <= folders.size();) {
    const auto colon = std::min(folders.find(':', start), folders.size());
    const std::string folder = folders.substr(start, colon - start);
    if (is_there(folder.empty() ? program : folder + "/" + program)) {
      return true;
    }
    start = colon + 1;
  }
  return false;
}

Error ExecHook::no_program(const std::string& program) {
  return Error{ErrorCode::usage,
               "--exec " + program +
                   ": is not a program that may be run; accepted is one file, "
                   "without arguments",
               0,
               {}};
}

ExecHook::ExecHook(std::string program, std::function<void(const std::string&)> say,
                   Duration deadline, Duration patience)
    : program_(std::move(program)), say_(std::move(say)), deadline_(deadline), patience_(patience) {
  thread_ = std::thread{[this] { work(); }};
}

ExecHook::~ExecHook() {
  {
    const std::lock_guard lock{mutex_};
    ending_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void ExecHook::put(std::string event) {
  const std::lock_guard lock{mutex_};
  if (waiting_.size() >= kMostWaiting) {
    ++failures_;
    return;
  }
  waiting_.push_back(std::move(event));
  wake_.notify_one();
}

void ExecHook::work() {
  std::unique_lock lock{mutex_};
  while (true) {
    wake_.wait(lock, [this] { return ending_.load() || !waiting_.empty(); });
    if (waiting_.empty() || patience_ <= Duration{0}) {
      leave_out(waiting_.size());
      return;
    }
    const std::string event = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    ++runs_;
    const bool told = unless_exhausted([&] {
      if (const std::string problem = run(event); !problem.empty()) {
        ++failures_;
        say_("--exec " + program_ + ": " + problem);
      }
    });
    failures_ += told ? 0U : 1U;
    lock.lock();
  }
}

void ExecHook::leave_out(std::size_t runs) {
  if (runs > 0) {
    failures_ += runs;
    say_("--exec " + program_ + ": " + std::to_string(runs) + " events are left out at the end");
  }
}

std::string ExecHook::run(const std::string& event) {
  const os::Fd input = stdin_of(event);
  if (!input) {
    return "no memory for the event";
  }
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, input.get(), STDIN_FILENO);
  // stdout may have the JSON lines (`--jsonl -`), which are nobody else's.
  posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);
  const SpawnAttributes attributes;
  std::array<char*, 2> arguments{program_.data(), nullptr};
  pid_t pid = 0;
  const int code =
      ::posix_spawnp(&pid, program_.c_str(), &actions, attributes.get(), arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (code != 0) {
    return std::strerror(code);  // NOLINT(concurrency-mt-unsafe): glibc's is not shared
  }
  return wait_for(pid);
}

std::string ExecHook::wait_for(int pid) {
  constexpr auto kStep = std::chrono::milliseconds{20};
  int status = 0;
  Duration waited{0};
  while (true) {
    const pid_t done = ::waitpid(pid, &status, WNOHANG);
    if (done == pid) {
      break;
    }
    if (waited > deadline_ || patience_ <= Duration{0} || (done < 0 && errno != EINTR)) {
      ::kill(-pid, SIGKILL);  // its group: what it started, too
      ::waitpid(pid, &status, 0);
      return waited > deadline_ ? "took too long and was ended" : "was ended";
    }
    std::this_thread::sleep_for(kStep);
    waited += kStep;
    patience_ -= ending_.load() ? kStep : Duration{0};
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
    return {};
  }
  return WIFEXITED(status) ? "exit status " + std::to_string(WEXITSTATUS(status))
                           : "ended by signal " + std::to_string(WTERMSIG(status));
}

}  // namespace udperf::app
