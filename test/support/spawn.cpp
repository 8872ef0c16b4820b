#include "support/spawn.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <condition_variable>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <mutex>
#include <thread>

#include "os/fd.hpp"

namespace udperf::test {

namespace {

using SteadyClock = std::chrono::steady_clock;
constexpr std::size_t kStreams = 3;
constexpr int kCannotExecute = 127;

struct Pipe {
  os::Fd read;
  os::Fd write;
};

Result<Pipe> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    return system_error(errno, "pipe2");
  }
  return Pipe{os::Fd{ends[0]}, os::Fd{ends[1]}};
}

/// What the child needs, prepared before fork(): between fork() and exec() nothing may allocate,
/// since another thread may have held the allocator's lock.
struct Image {
  std::vector<char*> arguments;
  std::vector<std::string> environment_text;
  std::vector<char*> environment;

  Image(const std::vector<std::string>& words, const SpawnOptions& options) {
    for (const auto& word : words) {
      arguments.push_back(
          const_cast<char*>(word.c_str()));  // NOLINT: exec's signature; not written
    }
    arguments.push_back(nullptr);
    for (const auto& [name, value] : options.environment) {
      environment_text.push_back(name);
      environment_text.back().append("=").append(value);
    }
    for (auto& text : environment_text) {
      environment.push_back(text.data());
    }
    for (char** inherited = environ; *inherited != nullptr; ++inherited) {
      if (!replaced(*inherited, options)) {
        environment.push_back(*inherited);
      }
    }
    environment.push_back(nullptr);
  }

  static bool replaced(std::string_view inherited, const SpawnOptions& options) {
    const auto name = inherited.substr(0, inherited.find('='));
    return std::any_of(options.environment.begin(), options.environment.end(),
                       [&](const auto& variable) { return variable.first == name; });
  }
};

/// Holds signals back around fork(): what is sent to a child that has not yet become its program
/// must not run a handler of this one, which could wait for ever for a lock that was held.
class SignalsHeld {
 public:
  SignalsHeld() {
    sigset_t all;
    sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  SignalsHeld(const SignalsHeld&) = delete;
  SignalsHeld& operator=(const SignalsHeld&) = delete;
  ~SignalsHeld() { release(); }

  void release() const { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_{};
};

[[noreturn]] void become(const Image& image, const std::array<Pipe, kStreams>& pipes,
                         const SpawnOptions& options, const SignalsHeld& signals) {
  for (const int number : {SIGINT, SIGTERM, SIGABRT, SIGSEGV, SIGFPE, SIGILL}) {
    ::signal(number, SIG_DFL);  // the test framework handles these
  }
  signals.release();
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // nothing outlives a test that crashed
  if (!options.working_directory.empty() && ::chdir(options.working_directory.c_str()) != 0) {
    ::_exit(kCannotExecute);
  }
  const int nothing = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  ::dup2(nothing, STDIN_FILENO);
  ::dup2(pipes[0].write.get(), STDOUT_FILENO);
  ::dup2(pipes[1].write.get(), STDERR_FILENO);
  if (options.extra_fd) {
    // last, since the number may be that of another pipe's end
    ::dup2(pipes[2].write.get(), *options.extra_fd);
    ::fcntl(*options.extra_fd, F_SETFD, 0);
  }
  ::execvpe(image.arguments[0], image.arguments.data(), image.environment.data());
  ::_exit(kCannotExecute);
}

ExitStatus decode(int raw) {
  if (WIFEXITED(raw)) {
    return {WEXITSTATUS(raw), std::nullopt};
  }
  return {std::nullopt, WTERMSIG(raw)};
}

int milliseconds_left(SteadyClock::time_point deadline) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - SteadyClock::now());
  return static_cast<int>(std::max<std::int64_t>(0, left.count()));
}

}  // namespace

struct Process::State {
  pid_t pid = -1;
  os::Fd pidfd;
  std::array<os::Fd, kStreams> pipes;
  std::optional<ExitStatus> status;
  std::thread drain;

  std::mutex mutex;  // guards what follows
  std::condition_variable changed;
  std::array<std::string, kStreams> text;
  std::array<bool, kStreams> open{};

  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() {
    if (!status) {
      ::kill(pid, SIGKILL);
      ::waitpid(pid, nullptr, 0);
    }
    if (drain.joinable()) {
      drain.join();
    }
  }

  void read_all();
  void read_one(std::size_t stream);
};

void Process::State::read_one(std::size_t stream) {
  std::array<char, 65536> chunk;  // NOLINT(cppcoreguidelines-pro-type-member-init): read() fills it
  const auto got = ::read(pipes[stream].get(), chunk.data(), chunk.size());
  if (got < 0 && errno == EINTR) {
    return;
  }
  const std::lock_guard lock{mutex};
  if (got > 0) {
    text[stream].append(chunk.data(), static_cast<std::size_t>(got));
  } else {
    open[stream] = false;
    pipes[stream] = os::Fd{};
  }
  changed.notify_all();
}

void Process::State::read_all() {
  while (true) {
    std::array<pollfd, kStreams> waiting{};
    bool any = false;
    for (std::size_t i = 0; i < kStreams; ++i) {
      waiting[i] = {pipes[i].get(), POLLIN, 0};  // a closed one is -1, which poll() skips
      any = any || pipes[i];
    }
    if (!any) {
      return;
    }
    ::poll(waiting.data(), waiting.size(), -1);
    for (std::size_t i = 0; i < kStreams; ++i) {
      if (waiting[i].revents != 0) {
        read_one(i);
      }
    }
  }
}

Process::Process(std::unique_ptr<State> state) : state_(std::move(state)) {}
Process::Process(Process&&) noexcept = default;
Process& Process::operator=(Process&&) noexcept = default;
Process::~Process() = default;

Result<Process> Process::start(const std::vector<std::string>& arguments,
                               const SpawnOptions& options) {
  std::array<Pipe, kStreams> pipes;
  for (auto& pipe : pipes) {
    auto made = make_pipe();
    if (!made) {
      return tl::unexpected(made.error());
    }
    pipe = std::move(*made);
  }
  const Image image{arguments, options};

  const SignalsHeld signals;
  const pid_t pid = ::fork();
  if (pid < 0) {
    return system_error(errno, "fork");
  }
  if (pid == 0) {
    become(image, pipes, options, signals);
  }
  signals.release();  // before a thread is made, which would inherit what is held back

  auto state = std::make_unique<State>();
  state->pid = pid;
  state->pidfd = os::Fd{static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))};
  for (std::size_t i = 0; i < kStreams; ++i) {
    state->pipes[i] = std::move(pipes[i].read);
    state->open[i] = true;
  }
  state->drain = std::thread{[raw = state.get()] { raw->read_all(); }};
  return Process{std::move(state)};
}

pid_t Process::pid() const {
  return state_->pid;
}

void Process::send_signal(int signal) {
  if (!state_->status) {
    ::kill(state_->pid, signal);
  }
}

std::optional<ExitStatus> Process::wait(Timeout timeout) {
  const auto deadline = SteadyClock::now() + timeout;
  while (!state_->status) {
    pollfd ended{state_->pidfd.get(), POLLIN, 0};
    if (::poll(&ended, 1, milliseconds_left(deadline)) > 0) {
      int raw = 0;
      ::waitpid(state_->pid, &raw, 0);
      state_->status = decode(raw);
    } else if (SteadyClock::now() >= deadline) {
      return std::nullopt;
    }
  }
  std::unique_lock lock{state_->mutex};
  state_->changed.wait_until(lock, deadline,
                             [this] { return state_->open == decltype(state_->open){}; });
  return state_->status;
}

bool Process::wait_for(Stream stream, std::string_view needle, Timeout timeout) {
  const auto index = static_cast<std::size_t>(stream);
  std::unique_lock lock{state_->mutex};
  const auto found = [&] { return state_->text[index].find(needle) != std::string::npos; };
  state_->changed.wait_for(lock, timeout, [&] { return found() || !state_->open[index]; });
  return found();
}

std::string Process::output(Stream stream) const {
  const std::lock_guard lock{state_->mutex};
  return state_->text[static_cast<std::size_t>(stream)];
}

Result<Finished> run_to_end(const std::vector<std::string>& arguments, Process::Timeout timeout,
                            const SpawnOptions& options) {
  const auto begin = SteadyClock::now();
  auto process = Process::start(arguments, options);
  if (!process) {
    return tl::unexpected(process.error());
  }
  Finished finished;
  finished.status = process->wait(timeout);
  finished.took = std::chrono::duration_cast<std::chrono::milliseconds>(SteadyClock::now() - begin);
  finished.out = process->output(Stream::out);
  finished.err = process->output(Stream::err);
  return finished;
}

}  // namespace udperf::test
