#include "monitor/totals.hpp"

#include "base/saturating.hpp"
#include "monitor/ratio.hpp"

namespace udperf::monitor {
namespace {

void grow(std::uint64_t& sum, std::uint64_t by) {
  sum = saturating_add(sum, by);
}

/// What one of both does not know is left out.
void grow(std::optional<std::uint64_t>& sum, const std::optional<std::uint64_t>& by) {
  if (by) {
    sum = saturating_add(sum.value_or(0), *by);
  }
}

void grow(Duration& sum, Duration by) {
  sum = by > Duration::max() - sum ? Duration::max() : sum + by;
}

}  // namespace

void WayTotals::add(const RoundWay& way) {
  grow(sent, way.sent);
  grow(unique, way.unique);
  grow(lost, way.lost);
  grow(lost_rx_socket, way.lost_rx_socket);
  grow(lost_tx_host, way.lost_tx_host);
  grow(duplicates, way.duplicates);
  grow(reordered, way.reordered);
  grow(late, way.late);
  grow(sent_bytes, way.sent_bytes);
  grow(unique_bytes, way.unique_bytes);
  delay_variation.add(way.delay_variation);
  if (way.delay) {
    delay.add(*way.delay);
  }
}

void WayTotals::add(const WayTotals& other) {
  grow(sent, other.sent);
  grow(unique, other.unique);
  grow(lost, other.lost);
  grow(lost_rx_socket, other.lost_rx_socket);
  grow(lost_tx_host, other.lost_tx_host);
  grow(duplicates, other.duplicates);
  grow(reordered, other.reordered);
  grow(late, other.late);
  grow(sent_bytes, other.sent_bytes);
  grow(unique_bytes, other.unique_bytes);
  delay_variation.add(other.delay_variation);
  delay.add(other.delay);
}

std::uint64_t WayTotals::lost_network() const {
  const std::uint64_t hosts = saturating_add(lost_rx_socket.value_or(0), lost_tx_host.value_or(0));
  return lost > hosts ? lost - hosts : 0;
}

std::optional<double> WayTotals::loss_ratio() const {
  return ratio_of(lost, sent);
}

void Totals::add(const RoundResult& round) {
  grow(rounds.at(static_cast<std::size_t>(round.status)), round.rounds);
  if (round.not_asked) {
    grow(not_asked, round.rounds);
  }
  if (round.up) {
    up.add(*round.up);
  }
  if (round.down) {
    down.add(*round.down);
  }
  if (round.up || round.down) {
    grow(measured, round.length);
  }
  if (round.rtt) {
    grow(rtt_sent, round.rtt->sent);
    rtt.add(round.rtt->times);
  }
}

void Totals::add(const Totals& other) {
  for (std::size_t i = 0; i < rounds.size(); ++i) {
    grow(rounds.at(i), other.rounds.at(i));
  }
  grow(not_asked, other.not_asked);
  grow(measured, other.measured);
  up.add(other.up);
  down.add(other.down);
  grow(rtt_sent, other.rtt_sent);
  rtt.add(other.rtt);
}

std::uint64_t Totals::all_rounds() const {
  std::uint64_t all = 0;
  for (const std::uint64_t count : rounds) {
    grow(all, count);
  }
  return all;
}

}  // namespace udperf::monitor
