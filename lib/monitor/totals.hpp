#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "monitor/round.hpp"

namespace udperf::monitor {

inline constexpr std::size_t kRoundStatuses = 6;

/// One way of many rounds: sums, and distributions merged. sent == unique + lost, and
/// lost == lost_network + lost_rx_socket + lost_tx_host, as far as these are known.
struct WayTotals {
  std::uint64_t sent = 0;
  std::uint64_t unique = 0;
  std::uint64_t lost = 0;
  std::optional<std::uint64_t> lost_rx_socket;  ///< absent: no round told it from the network's
  std::optional<std::uint64_t> lost_tx_host;    ///< absent: no round told it from the network's
  std::uint64_t duplicates = 0;
  std::uint64_t reordered = 0;
  std::uint64_t late = 0;
  std::uint64_t sent_bytes = 0;
  std::uint64_t unique_bytes = 0;
  TimeHistogram delay_variation;
  TimeHistogram delay;

  void add(const RoundWay& way);
  void add(const WayTotals& other);
  [[nodiscard]] std::uint64_t lost_network() const;
  /// 0..1; nothing where nothing was sent.
  [[nodiscard]] std::optional<double> loss_ratio() const;
  bool operator==(const WayTotals&) const = default;
};

/// What many rounds of one target came to. Adding two of them is exact, so five minutes make hours
/// and hours make days. Constant memory.
struct Totals {
  std::array<std::uint64_t, kRoundStatuses> rounds{};  ///< by RoundStatus
  std::uint64_t not_asked = 0;  ///< of those not measured: the target was down before
  Duration measured{0};         ///< of the rounds that were measured
  WayTotals up;
  WayTotals down;
  std::uint64_t rtt_sent = 0;
  TimeHistogram rtt;

  void add(const RoundResult& round);
  void add(const Totals& other);
  [[nodiscard]] std::uint64_t rounds_of(RoundStatus status) const {
    return rounds.at(static_cast<std::size_t>(status));
  }
  [[nodiscard]] std::uint64_t all_rounds() const;
  bool operator==(const Totals&) const = default;
};

}  // namespace udperf::monitor
