#include "session/control_budget.hpp"

#include "base/saturating.hpp"

namespace udperf::session {

bool ControlBudget::take(std::uint64_t bytes, Kind kind, MonoTime now) {
  const std::uint64_t multiple = kind == Kind::feedback ? kFeedbackMultiple : kMultiple;
  const std::uint64_t most = saturating_mul(received_.load(std::memory_order_relaxed), multiple);
  std::uint64_t before = sent_.load(std::memory_order_relaxed);
  do {
    if (saturating_add(before, bytes) > most) {
      return false;
    }
  } while (!sent_.compare_exchange_weak(before, before + bytes, std::memory_order_relaxed));
  if (!own_.pass(bytes, now)) {
    sent_.fetch_sub(bytes, std::memory_order_relaxed);
    return false;
  }
  if (!all_.pass(bytes, now)) {
    own_.give_back(bytes);
    sent_.fetch_sub(bytes, std::memory_order_relaxed);
    return false;
  }
  return true;
}

std::uint64_t ControlBudget::affordable() const {
  const std::uint64_t most = saturating_mul(received_.load(std::memory_order_relaxed), kMultiple);
  const std::uint64_t spent = sent_.load(std::memory_order_relaxed);
  return most > spent ? most - spent : 0;
}

}  // namespace udperf::session
