#include <string>

#include "result/document.hpp"

namespace udperf::result {
namespace {

bool datagrams_add_up(const DirectionPart& part) {
  const RxPart& rx = part.rx;
  return *rx.datagrams == *rx.unique + *part.duplicates.packets + *rx.late + *rx.invalid;
}

bool intervals_add_up(const DirectionPart& part) {
  IntervalPart sums;
  for (const IntervalPart& row : part.intervals) {
    sums.packets += row.packets;
    sums.payload_bytes += row.payload_bytes;
    sums.sent += row.sent;
    sums.lost += row.lost;
    sums.duplicates += row.duplicates;
    sums.reordered += row.reordered;
  }
  return sums.packets == *part.rx.unique && sums.payload_bytes == *part.rx.unique_bytes &&
         sums.lost == *part.loss.packets && sums.sent == *part.rx.unique + *part.loss.packets &&
         sums.duplicates == *part.duplicates.packets && sums.reordered == *part.reordering.packets;
}

std::optional<std::string> violated(const DirectionPart& part, const std::string& way) {
  const Count& sent = part.tx.packets;
  const Count& unique = part.rx.unique;
  const LossPart& loss = part.loss;
  if (sent && unique && loss.packets && *sent != *unique + *loss.packets) {
    return way + ": tx.packets != rx.unique + loss.packets";
  }
  if (loss.packets && loss.network_packets &&
      *loss.packets !=
          *loss.rx_socket_drop + loss.local_tx_drop.value_or(0) + *loss.network_packets) {
    return way + ": loss.packets != rx_socket_drop + local_tx_drop + network_packets";
  }
  if (part.omitted && part.omitted->sent && part.omitted->unique &&
      *part.omitted->sent != *part.omitted->unique + *part.omitted->lost) {
    return way + ": omitted.sent != omitted.unique + omitted.lost";
  }
  const bool of_iperf3 = part.intervals.empty() && !part.rx.gro;
  if (!unique || !part.rx.datagrams || of_iperf3) {
    return std::nullopt;  // a peer that speaks iperf3 tells neither
  }
  if (!datagrams_add_up(part)) {
    return way + ": rx.datagrams != rx.unique + duplicates.packets + rx.late + rx.invalid";
  }
  if (!intervals_add_up(part)) {
    return way + ": the intervals do not sum to the totals";
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> violated_identity(const ResultDocument& document) {
  if (document.up) {
    if (auto broken = violated(*document.up, "up")) {
      return broken;
    }
  }
  return document.down ? violated(*document.down, "down") : std::nullopt;
}

}  // namespace udperf::result
