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

std::uint64_t ControlBudget::beside_talk(MonoTime now) {
  const std::uint64_t opened = opened_.load(std::memory_order_relaxed);
  const std::uint64_t all = received_.load(std::memory_order_relaxed);
  const auto ns = static_cast<std::uint64_t>(std::max(now - talk_.looked, Duration{0}).count());
  const std::uint64_t most = saturating_mul_div(Uint128{kBytesPerSecond}, ns, 1'000'000'000);
  talk_.bytes += std::min(opened - talk_.opened, most);
  talk_.opened = opened;
  talk_.looked = now;
  return all - std::min(all, talk_.bytes);
}

}  // namespace udperf::session
