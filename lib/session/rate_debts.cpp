#include "session/rate_debts.hpp"

#include <algorithm>

namespace udperf::session {

void RateDebts::owe(std::uint64_t bps, MonoTime until, MonoTime now) {
  std::erase_if(debts_, [now](const Debt& debt) { return debt.until <= now; });
  if (bps == 0 || until <= now) {
    return;
  }
  const MonoTime last = saturating_after(now, kLongest);
  const Debt owed = until > last ? moved({bps, until}, last, now) : Debt{bps, until};
  const auto later = [](const Debt& a, const Debt& b) { return a.until < b.until; };
  debts_.insert(std::upper_bound(debts_.begin(), debts_.end(), owed, later), owed);
  if (debts_.size() > kMost) {
    join_two(now);
  }
}

/// The same bits until another end.
RateDebts::Debt RateDebts::moved(const Debt& debt, MonoTime until, MonoTime now) {
  const auto before = static_cast<std::uint64_t>((debt.until - now).count());
  const auto after = static_cast<std::uint64_t>((until - now).count());
  const Uint128 bits = Uint128{debt.bps} * before;
  return {saturate<std::uint64_t>(bits / after + (bits % after != 0 ? 1U : 0U)), until};
}

/// Those two neighbours whose ends lie so close, or the first of which is so small, that least is
/// paid later than it was owed.
void RateDebts::join_two(MonoTime now) {
  const auto paid_later = [this](std::size_t i) {
    const auto gap = static_cast<std::uint64_t>((debts_[i + 1].until - debts_[i].until).count());
    return Uint128{debts_[i].bps} * gap;
  };
  std::size_t best = 0;
  for (std::size_t i = 1; i + 1 < debts_.size(); ++i) {
    best = paid_later(i) < paid_later(best) ? i : best;
  }
  Debt& kept = debts_[best + 1];
  kept.bps = saturating_add(kept.bps, moved(debts_[best], kept.until, now).bps);
  debts_.erase(debts_.begin() + static_cast<std::ptrdiff_t>(best));
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
