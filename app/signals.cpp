#include "app/signals.hpp"

#include <unistd.h>

#include <pthread.h>
#include <utility>

namespace udperf::app {

SignalWatcher::SignalWatcher(engine::StopToken& stop, std::function<void()> on_user_signal)
    : stop_(stop), on_user_signal_(std::move(on_user_signal)) {
  std::signal(SIGPIPE, SIG_IGN);
  sigemptyset(&signals_);
  for (const int number : {SIGINT, SIGTERM, SIGUSR1}) {
    sigaddset(&signals_, number);
  }
  pthread_sigmask(SIG_BLOCK, &signals_, &before_);
  thread_ = std::thread{[this] { watch(); }};
}

SignalWatcher::~SignalWatcher() {
  done_ = true;
  pthread_kill(thread_.native_handle(), SIGUSR1);  // wakes sigwait
  thread_.join();
  pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

void SignalWatcher::watch() {
  while (true) {
    int number = 0;
    if (sigwait(&signals_, &number) != 0 || done_) {
      return;
    }
    if (number == SIGUSR1) {
      if (on_user_signal_) {
        on_user_signal_();
      }
      continue;
    }
    if (stop_.requested()) {
      ::_exit(128 + number);
    }
    stop_.request(number);
  }
}

}  // namespace udperf::app
