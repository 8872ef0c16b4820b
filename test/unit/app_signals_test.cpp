#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <future>
#include <tuple>

#include "app/signals.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;
using udperf::app::SignalWatcher;
using udperf::engine::StopToken;

namespace {

/// Waits for the stop request as the engine does; false when none comes for ten seconds.
bool wait_stop(const StopToken& stop) {
  pollfd ready{stop.wait_fd(), POLLIN, 0};
  return ::poll(&ready, 1, 10'000) == 1;
}

}  // namespace

TEST_CASE("a signal becomes a stop request that knows its number", "[app]") {
  const int number = GENERATE(SIGINT, SIGTERM);
  StopToken stop;
  const SignalWatcher watcher{stop};
  CHECK_FALSE(stop.requested());

  REQUIRE(::kill(::getpid(), number) == 0);

  REQUIRE(wait_stop(stop));
  CHECK(stop.signal() == number);
}

TEST_CASE("SIGUSR1 calls the action and stops nothing", "[app]") {
  StopToken stop;
  std::promise<void> called;
  const SignalWatcher watcher{stop, [&called] { called.set_value(); }};

  REQUIRE(::kill(::getpid(), SIGUSR1) == 0);

  CHECK(called.get_future().wait_for(10s) == std::future_status::ready);
  CHECK_FALSE(stop.requested());
}

TEST_CASE("asking again ends the process with the status of the last signal", "[app]") {
  const auto [first, second, status] =
      GENERATE(table<int, int, int>({{SIGINT, SIGINT, 130}, {SIGINT, SIGTERM, 143}}));
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    ::alarm(20);  // a child that nothing ends must not outlive the test
    StopToken stop;
    const SignalWatcher watcher{stop};
    ::kill(::getpid(), first);
    // The same wish said twice at once is one: it takes a later one.
    while (wait_stop(stop)) {
      ::kill(::getpid(), second);
    }
    ::_exit(1);
  }
  int state = 0;
  REQUIRE(::waitpid(child, &state, 0) == child);
  REQUIRE(WIFEXITED(state));
  CHECK(WEXITSTATUS(state) == status);
}

TEST_CASE("after a watcher nothing is blocked, and a late signal ends nothing", "[app]") {
  sigset_t before{};
  sigset_t after{};
  pthread_sigmask(SIG_BLOCK, nullptr, &before);
  {
    StopToken stop;
    const SignalWatcher watcher{stop};
  }
  pthread_sigmask(SIG_BLOCK, nullptr, &after);
  CHECK(::raise(SIGINT) == 0);  // would end the test, and with it its status
  CHECK(::raise(SIGTERM) == 0);
  CHECK(sigismember(&before, SIGINT) == sigismember(&after, SIGINT));
  CHECK(sigismember(&before, SIGUSR1) == sigismember(&after, SIGUSR1));
}
