#include "result/document.hpp"

namespace udperf::result {
namespace {

/// Of a sender that speaks iperf3 the counts are known, and nothing of how it sent.
void keep_of_sender(DirectionPart& part) {
  TxPart told;
  told.packets = part.tx.packets;
  told.payload_bytes = part.tx.payload_bytes;
  part.tx = told;
  part.pacing = PacingPart{};
  if (part.loss.packets) {
    // The sender did not tell of its own drops.
    part.loss.local_tx_drop = part.loss.network_packets = std::nullopt;
  }
}

RxPart told_of(const RxPart& of, bool tells_copies) {
  RxPart rx;
  rx.unique = of.unique;
  rx.unique_bytes = of.unique_bytes;
  rx.goodput_bps = of.goodput_bps;
  rx.ip_bps = of.ip_bps;
  rx.wire_bps = of.wire_bps;
  rx.pps = of.pps;
  rx.span_ns = of.span_ns;
  if (tells_copies) {
    rx.datagrams = of.datagrams;
    rx.late = of.late;
    rx.invalid = of.invalid;
  }
  return rx;
}

/// A receiver that speaks iperf3 tells bytes, losses and jitter of each stream.
void keep_of_receiver(DirectionPart& part, bool tells_copies) {
  LossPart loss;
  loss.packets = part.loss.packets;
  loss.ratio = part.loss.ratio;
  loss.bytes = part.loss.bytes;
  loss.ci95 = part.loss.ci95;
  DuplicatesPart duplicates;
  ReorderingPart reordering;
  if (tells_copies) {
    duplicates.packets = part.duplicates.packets;
    duplicates.fraction = part.duplicates.fraction;
    reordering.packets = part.reordering.packets;
    reordering.ratio = part.reordering.ratio;
  }
  JitterPart jitter;
  jitter.rfc3550_ns = part.jitter.rfc3550_ns;
  for (StreamPart& stream : part.streams) {
    stream.intervals.clear();
    if (!tells_copies) {
      stream.duplicates = stream.reordered = std::nullopt;
    }
  }
  part.rx = told_of(part.rx, tells_copies);
  part.loss = loss;
  part.duplicates = duplicates;
  part.reordering = reordering;
  part.jitter = jitter;
  part.delay_variation = part.delay = DelayPart{};
  part.ecn = EcnPart{};
  part.intervals.clear();
  part.outages.clear();
}

}  // namespace

void keep_what_iperf3_tells(DirectionPart& part, Iperf3Side peer, bool tells_copies) {
  if (peer == Iperf3Side::sender) {
    keep_of_sender(part);
  } else {
    keep_of_receiver(part, tells_copies);
  }
}

}  // namespace udperf::result
