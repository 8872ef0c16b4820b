#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/saturating.hpp"
#include "base/time.hpp"

namespace udperf::session {

/// What sessions that are over still have of a budget of bits a second: who sent more than its rate
/// brings in the time that it had keeps its rate until that time has passed. Else the first burst
/// of one short test after the other would be no part of any rate. Pure; its size is bounded.
class RateDebts {
 public:
  static constexpr std::size_t kMost = 256;
  static constexpr Duration kLongest = std::chrono::minutes{1};

  /// So much is taken until then; what would take longer than kLongest is paid faster. Where there
  /// are very many, two are joined: the bits that are owed stay the same.
  void owe(std::uint64_t bps, MonoTime until, MonoTime now);
  /// What is taken now.
  [[nodiscard]] std::uint64_t bps(MonoTime now) const;
  /// When the next one is paid; kNever: there is none.
  [[nodiscard]] MonoTime next_end(MonoTime now) const;

 private:
  struct Debt {
    std::uint64_t bps = 0;
    MonoTime until{};
  };
  [[nodiscard]] static Debt moved(const Debt& debt, MonoTime until, MonoTime now);
  void join_two(MonoTime now);

  std::vector<Debt> debts_;  ///< in the order of their ends
};

/// When a session that began to send at `begun` and sent so many bytes by then should be over, at
/// the rate that it was charged with. `spare`: bytes that leave at the very end, and so are no debt
/// where there were ten times as many.
[[nodiscard]] MonoTime paid_off(MonoTime begun, std::uint64_t bytes, std::uint64_t spare,
                                std::uint64_t bps);

}  // namespace udperf::session
