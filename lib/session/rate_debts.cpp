#include "session/rate_debts.hpp"

#include <algorithm>

namespace udperf::session {

void RateDebts::owe(std::uint64_t bps, MonoTime until, MonoTime now) {
  std::erase_if(debts_, [now](const Debt& debt) { return debt.until <= now; });
  if (bps == 0 || until <= now) {
    return;
  }
  if (debts_.size() < kMost) {
    debts_.push_back({bps, until});
    return;
  }
  Debt& last = debts_.back();
  last.bps = saturating_add(last.bps, bps);
  last.until = std::max(last.until, until);
}

std::uint64_t RateDebts::bps(MonoTime now) const {
  std::uint64_t sum = 0;
  for (const Debt& debt : debts_) {
    sum = saturating_add(sum, debt.until > now ? debt.bps : 0);
  }
  return sum;
}

MonoTime RateDebts::next_end(MonoTime now) const {
  MonoTime next = kNever;
  for (const Debt& debt : debts_) {
    next = debt.until > now ? std::min(next, debt.until) : next;
  }
  return next;
}

MonoTime paid_off(MonoTime begun, std::uint64_t bytes, std::uint64_t spare, std::uint64_t bps) {
  constexpr std::uint64_t kTenth = 10;
  if (bps == 0) {
    return begun;
  }
  const std::uint64_t owed = bytes / kTenth >= spare ? bytes - spare : bytes;
  return saturating_after(begun, saturating_ns(Uint128{owed} * 8'000'000'000U / bps));
}

}  // namespace udperf::session
