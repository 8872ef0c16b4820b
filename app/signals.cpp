#include "app/signals.hpp"

#include <unistd.h>

#include <pthread.h>
#include <utility>

#include "app/last_resort.hpp"

namespace udperf::app {
namespace {

// timeout(1) and shells signal a process and then its group: that is one wish, not two.
constexpr auto kSameWish = std::chrono::milliseconds{300};

}  // namespace

SignalWatcher::SignalWatcher(engine::StopToken& stop, std::function<void()> on_user_signal,
                             std::function<void()> on_hangup)
    : stop_(stop), on_user_signal_(std::move(on_user_signal)), on_hangup_(std::move(on_hangup)) {
  std::signal(SIGPIPE, SIG_IGN);
  sigemptyset(&signals_);
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGUSR1}) {
    sigaddset(&signals_, number);
  }
  pthread_sigmask(SIG_BLOCK, &signals_, &before_);
  thread_ = std::thread{[this] { watch(); }};
}

SignalWatcher::~SignalWatcher() {
  done_ = true;
  pthread_kill(thread_.native_handle(), SIGUSR1);  // wakes sigwait
  thread_.join();
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
    std::signal(number, SIG_IGN);
  }
  pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

void SignalWatcher::watch() {
  while (true) {
    int number = 0;
    if (sigwait(&signals_, &number) != 0 || done_) {
      return;
    }
    if (number == SIGUSR1 || number == SIGHUP) {
      const auto& reaction = number == SIGUSR1 ? on_user_signal_ : on_hangup_;
      if (reaction) {
        static_cast<void>(unless_exhausted(reaction));
      }
      continue;
    }
    const auto now = std::chrono::steady_clock::now();
    if (!stop_.requested()) {
      stop_.request(number);
      first_at_ = now;
    } else if (now - first_at_ > kSameWish) {
      ::_exit(128 + number);
    }
  }
}

}  // namespace udperf::app
