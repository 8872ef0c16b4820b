#include "sender/queue_gate.hpp"

#include <algorithm>

#include "sender/host_load.hpp"

namespace udperf::sender {

void QueueGate::on_report(const Report& report) {
  const std::lock_guard lock{mutex_};
  report_ = report;
  untold_.store(false, std::memory_order_relaxed);
  news_.store(true, std::memory_order_release);
}

void QueueGate::take_report(std::uint64_t next) {
  if (news_.load(std::memory_order_relaxed) && news_.exchange(false, std::memory_order_acquire)) {
    const std::lock_guard lock{mutex_};
    gave_up_ = false;
    governor_.on_report(report_.queue, next, report_.came);
    judge_hold(report_.came);  // what it says is of the time before it
  }
}

void QueueGate::judge_hold(MonoTime until) {
  if (held_since_ == kNever || until <= judged_until_) {
    return;
  }
  if (!governor_.receiver_lags() && !governor_.trickles()) {
    by_path_ += until - judged_until_;
  }
  judged_until_ = until;
}

std::uint64_t QueueGate::admit(std::uint64_t next, std::uint64_t wanted, std::uint64_t left,
                               MonoTime now) {
  const std::uint64_t limit = governor_.limit(next, now);
  const std::uint64_t room = limit - std::min(limit, next);
  if (room < std::min({wanted, left, governor_.worth_a_call()})) {
    return 0;
  }
  if (held_since_ != kNever) {
    judge_hold(now);
    held_ += now - held_since_;
    held_since_ = kNever;
  }
  governor_.on_batch(next, now);
  return std::min(room, wanted);
}

MonoTime QueueGate::ask_again(std::uint64_t next, MonoTime now) {
  if (held_since_ == kNever) {
    held_since_ = judged_until_ = now;
  }
  if (now - held_since_ > governor_.patience()) {
    gave_up_ = untold_.load(std::memory_order_relaxed);
    if (gave_up_) {
      governor_.give_up();
    } else {
      governor_.trickle(next);
    }
  }
  return now + governor_.look_again();
}

void QueueGate::fill(MonoTime now, Duration wall, TxReport& report) const {
  if (gave_up_) {
    report.governor = TxGovernor::none;
  } else if (wall > Duration{0}) {
    report.held_permille = permille_of(held(now), wall);
    report.held_path_permille = permille_of(held_by_path(now), wall);
  }
}

}  // namespace udperf::sender
