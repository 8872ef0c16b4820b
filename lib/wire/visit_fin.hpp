#pragma once

#include "wire/messages.hpp"
#include "wire/visit.hpp"

namespace udperf::wire {

/// What a host kept from a thread: in FIN and in the report.
template <typename Io, typename M>
void visit_load(Io& io, M& m) {
  io.later(
      m.steal_permille,
      "stolen: thousandths of its processor's time that the hypervisor took; 0xffff = not known");
  io.later(m.throttled_permille, "throttled: likewise, the control group's quota was used up");
  io.later(m.waited_permille, "waited: likewise, ready to run, but others were running");
}

UDPERF_TABLE(SendPause, "pause");
UDPERF_VISIT(SendPause) {
  io.field(m.start_ns, "begin: ns since sending began, 0..2^56");
  io.field(m.duration_ns, "length: ns, 0..2^56");
  io.field(m.refused, "refused: numbered datagrams that the sending host refused in it");
  io.field(m.os_error,
           "errno: why, in Linux's numbers; 0 = the receiver was silent; 0xffffffff = its socket "
           "had no room");
}

UDPERF_TABLE(SendTime, "sending");
UDPERF_VISIT(SendTime) {
  io.field(m.window_ns, "window: ns that sending was to last, 0..2^56, as the next two");
  io.field(m.silent_ns, "silent: of it, without a datagram although one was due");
  io.field(m.tail_ns, "tail: of that, at the very end");
  io.field(m.os_error,
           "errno: of a system that refused and so ended it, in Linux's numbers; else 0");
  io.field(m.queue_full, "queue full: sends that the way out refused at once, without a number");
  io.field(m.queue_drops, "queue drops: of the queueing disciplines meanwhile");
  io.template list<std::uint8_t>(m.pauses, kMostSendPauses,
                                 "pauses: times in which nothing got out, at most 8");
}

UDPERF_TABLE(OmittedTx, "omitted by the sender");
UDPERF_VISIT(OmittedTx) {
  io.field(m.packets, "packets: sequence numbers used, to 2^60");
  io.field(m.payload_bytes, "payload bytes: of those, to 2^60");
  io.field(m.local_drop, "local drops: of those, known to have died in this host");
  io.field(m.batches, "batches: handed over at once");
}

template <typename Io, typename R>
void visit_tx_report(Io& io, R& r) {
  io.field(r.packets, "packets: sequence numbers used, 0 to packets - 1; to 2^60");
  io.field(r.payload_bytes, "payload bytes: of those");
  io.field(r.send_blocked, "send_blocked: datagrams that the kernel did not take at first");
  io.field(r.local_drop, "local drops: numbered, known to have died in this host");
  io.field(r.pacing_skipped, "pacing_skipped: deadlines given up after a stall");
  io.field(r.batches, "batches: handed over at once");
  io.field(r.first_unix_ns, "first: send, UTC, ns since 1970; 0 = nothing was sent");
  io.field(r.last_unix_ns, "last: send, likewise");
  io.field(r.span_ns, "span: first to last, by mono, not below 0");
  io.field(r.first_bytes, "first bytes: length of the first datagram");
  io.field(r.gso_segments, "segments: most datagrams in one buffer; 0 = no offload");
  io.field(r.cpu_permille, "cpu: thousandths of a core; 0xffffffff = not measured");
  io.field(r.sndbuf_bytes, "send buffer: of the socket, bytes");
  io.field(r.pacer, "pacer: 0 none, 1 sleep, 2 sleep and spin, 3 SO_TXTIME, 4 SO_MAX_PACING_RATE");
  io.field(r.end,
           "end: 0 all was sent, 1 interrupted, 2 the other end asked for it, 3 the receiver was "
           "silent, 4 the system refused");
  io.field(r.gap_p50_ns, "gap p50: between sends, ns; -1 = not measured, as in the next two");
  io.field(r.gap_p99_ns, "gap p99");
  io.field(r.gap_max_ns, "gap max");
  io.field(r.target_milli_pps,
           "target: packets in 1000 s asked of this stream; 0 = as fast as goes");
}

UDPERF_VISIT(Fin) {
  auto& r = m.report;
  visit_tx_report(io, r);
  io.field(m.rtt_max_ns, "longest round trip: that the sender has seen, ns; 0 = not known");
  io.later(r.scheduling,
           "scheduling: of a sender with a rate, 0 not told, 1 as any other, 2 short slices, 3 "
           "SCHED_FIFO");
  io.later(r.burst_ns, "burst window: longest in force, ns; -1 = no rate, or not told");
  io.later(r.lateness_p50_ns, "lateness p50: of wake-ups, ns; -1 = not measured, as the next two");
  io.later(r.lateness_p99_ns, "lateness p99");
  io.later(r.lateness_max_ns, "lateness max");
  io.later(r.governor, "governor: 0 not told, 1 none, 2 the receiver's queue, 3 flood");
  io.later(r.held_permille,
           "held: thousandths of the time waiting for room in the receiver's socket; 0xffff = not "
           "told");
  visit_load(io, r.load);
  // What came after version 1 was first spoken: absent from who does not know it.
  io.rest(r.time, "sending: how the sending went");
  if (r.time) {
    io.told(r.omitted, "warm-up: where there was one; in none of the figures before");
    io.told(r.held_path_permille,
            "held by the path: thousandths of the time, of those of *held*, in which there was "
            "room but word of it was still on its way; 0xffff = not told");
  }
}

UDPERF_VISIT(ReportPull) {
  io.field(m.offset, "offset: of the first piece wanted; that of the end = all of it is here");
  io.field(m.chunks, "pieces: at most to be sent, 1..32");
}

UDPERF_VISIT(ReportChunk) {
  io.field(m.total, "total: bytes of the whole report, at most 12 MiB");
  io.field(m.offset, "offset: of this piece");
  io.bytes(m.bytes, ReportChunk::kMaxBytes, "piece: bytes of the report, up to 1100");
}

}  // namespace udperf::wire
