#include "engine/thread_scheduling.hpp"

#include "os/thread.hpp"

namespace udperf::engine {
namespace {

Scheduling ask_for_short_slices() {
  return os::ask_for_short_slices() ? Scheduling::short_slice : Scheduling::normal;
}

}  // namespace

/// The machine has only so many cores, however many threads of this process go before others.
pacing::RealtimeBudget::Account& ThreadScheduling::account_of_process() {
  static pacing::RealtimeBudget::Account account{os::allowed_cores()};
  return account;
}

void ThreadScheduling::begin() {
  if (os::runs_realtime()) {  // as this process was started
    if (urgency_ == Urgency::bulk) {
      os::ask_for_nothing();  // it would take a core away from its owner
    } else if (realtime_ == Realtime::off) {
      now_ = Scheduling::fifo;
    }
  }
  if (urgency_ == Urgency::bulk || realtime_ == Realtime::off) {
    return;
  }
  granted_fifo_ = (urgency_ == Urgency::deadline && os::ask_for_fifo(2)) || os::ask_for_fifo(1);
  now_ = granted_fifo_ ? Scheduling::fifo : ask_for_short_slices();
}

void ThreadScheduling::end() {
  if (now_ == Scheduling::untold || now_ == Scheduling::normal || realtime_ == Realtime::off) {
    return;
  }
  os::ask_for_nothing();
  granted_fifo_ = false;
}

void ThreadScheduling::spend(MonoTime now) {
  const auto cpu = clock_.thread_cpu_time();
  const bool may = cpu && budget_.sample(now, *cpu);
  if (may == (now_ == Scheduling::fifo)) {
    return;
  }
  if (!may) {
    now_ = ask_for_short_slices();
  } else if (os::ask_for_fifo(urgency_ == Urgency::deadline ? 2 : 1) || os::ask_for_fifo(1)) {
    now_ = Scheduling::fifo;
  }
}

}  // namespace udperf::engine
