#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "monitor/round.hpp"

namespace udperf::monitor {

/// What is more than the user wants to accept, of one round.
struct Limits {
  std::optional<double> loss_ratio;  ///< 0..1, of either way
  std::optional<double> goodput_bps;
  std::optional<Duration> rtt_p99;
  std::optional<double> mos;  ///< 1..4.5, of the worse way

  bool operator==(const Limits&) const = default;
};

enum class Limit : std::uint8_t { loss, rate, rtt, mos };
inline constexpr std::size_t kLimits = 4;
/// "loss", "rate", "rtt_p99", "mos": as the options of fail-* are called.
[[nodiscard]] const char* to_string(Limit limit);

/// How a round stands to one limit.
struct LimitFinding {
  Limit limit = Limit::loss;
  std::optional<bool> kept;  ///< absent: what it is about was not measured
  std::string sentence;      ///< with the value and its bound
};

/// One for each limit that is set.
[[nodiscard]] std::vector<LimitFinding> judge_limits(const Limits& limits,
                                                     const RoundResult& round);

/// One sentence for each limit that the round did not keep. What was not measured does not keep
/// one.
[[nodiscard]] std::vector<std::string> missed_limits(const Limits& limits,
                                                     const RoundResult& round);

/// 0..1; nothing where nothing was sent.
[[nodiscard]] std::optional<double> loss_of(const std::optional<RoundWay>& way);
/// In bits per second: what a search found, or else what arrived in a second.
[[nodiscard]] std::optional<double> rate_of(const std::optional<RoundWay>& way);
/// The worse way's.
[[nodiscard]] std::optional<double> worst_loss(const RoundResult& round);
/// "2.5 %"
[[nodiscard]] std::string share_text(double ratio);

}  // namespace udperf::monitor
