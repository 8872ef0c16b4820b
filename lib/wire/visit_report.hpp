#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "model/reports.hpp"
#include "wire/visit.hpp"
#include "wire/visit_fin.hpp"

namespace udperf::wire {

/// The format of the report: another one is refused. Changes when the report is laid out anew.
inline constexpr std::uint16_t kReportFormat = 1;

/// How a format grew: fields are only added, behind all others, and each addition is a revision.
struct ReportRevision {
  std::uint16_t number = 0;
  std::size_t fields = 0;   ///< lines of its table in docs/protocol.md
  std::uint64_t shape = 0;  ///< shape_digest() of them
};
/// Those of kReportFormat. Whoever adds a field adds a row; none of these ever changes within a
/// format.
inline constexpr std::array kReportRevisions{
    ReportRevision{1, 79, 0x1C7D'03E4'382A'909D},  // does not say its number
    ReportRevision{2, 80, 0x0A3D'7F0C'668C'E0E2},
};
inline constexpr std::uint16_t kReportRevision = kReportRevisions.back().number;

inline constexpr std::size_t kMaxRows = 100'000;
inline constexpr std::size_t kMaxOutages = 1000;

UDPERF_TABLE(IntervalRow, "interval");
UDPERF_VISIT(IntervalRow) {
  io.field(m.unique, "unique: datagrams, first copies");
  io.field(m.bytes, "bytes: payload of those");
  io.field(m.sent, "sent: sequence numbers passed in it");
  io.field(m.lost, "lost: of those");
  io.field(m.duplicates, "duplicates: further copies");
  io.field(m.reordered, "reordered: of the unique");
  io.field(m.dv_p50_ns,
           "delay variation p50: over the stream's smallest delay, ns; -1 = not measured, as the "
           "next two");
  io.field(m.dv_p99_ns, "delay variation p99");
  io.field(m.rtt_p50_ns, "rtt p50: -1 on the wire");
}

UDPERF_TABLE(Outage, "silence");
UDPERF_VISIT(Outage) {
  io.field(m.start_ns, "begin: ns since the first arrival");
  io.field(m.duration_ns, "length: ns");
  io.field(m.lost, "lost: numbers missing across it when it ended");
}

UDPERF_TABLE(DelayBin, "delay");
UDPERF_VISIT(DelayBin) {
  io.field(m.value_ns, "value: ns over the stream's smallest delay, 0..2^61, ascending");
  io.field(m.count, "datagrams: with about that delay");
}

UDPERF_TABLE(VoiceTally, "tally");
UDPERF_VISIT(VoiceTally) {
  io.field(m.packets, "packets: to be played");
  io.field(m.missed, "missed: of these, not there when they were to be played");
  io.field(m.runs, "runs: of missed ones in a row");
  io.field(m.buffer_ns, "buffer: its mean delay above the least delay, ns, to 500 ms; -1 = none");
}

UDPERF_TABLE(VoiceReport, "listener");
UDPERF_VISIT(VoiceReport) {
  io.field(m.whole, "whole: all of the stream");
  io.field(m.worst, "worst: the 10 s that sounded worst, or the test where it is shorter");
  io.field(m.worst_start_ns, "begin: of those, ns since the first departure");
  io.field(m.worst_end_ns, "end: of those, likewise");
}

UDPERF_TABLE(OmittedRx, "omitted by the receiver");
UDPERF_VISIT(OmittedRx) {
  io.field(m.sent, "sent: unique and lost together; to 2^60, as the next four");
  io.field(m.unique, "unique: first copies");
  io.field(m.unique_bytes, "unique bytes: payload of those");
  io.field(m.lost, "lost: sent less unique");
  io.field(m.lost_bytes, "lost bytes: payload of those");
  io.field(m.duplicates, "duplicates: further copies");
  io.field(m.reordered, "reordered: of the unique");
  io.field(m.late, "late: as in the report");
  io.field(m.invalid, "invalid: as in the report");
}

UDPERF_TABLE(DelaySummary, "summary");
UDPERF_VISIT(DelaySummary) {
  io.field(m.n, "n: values");
  io.field(m.min_ns, "min: ns, as all that follow");
  io.field(m.mean_ns, "mean");
  io.field(m.p50_ns, "p50");
  io.field(m.p90_ns, "p90");
  io.field(m.p95_ns, "p95");
  io.field(m.p99_ns, "p99");
  io.field(m.p999_ns, "p999: with 1000 values or more");
  io.field(m.max_ns, "max");
}

template <typename Io, typename R>
void visit_counts(Io& io, R& r) {
  io.field(r.datagrams, "datagrams: all that was read and no control message; to 2^60");
  io.field(r.unique, "unique: first copies (RFC 5560); to 2^60, as all counts up to lost bytes");
  io.field(r.unique_bytes, "unique bytes: payload of those");
  io.field(r.late, "late: came later than 3 s after it was passed");
  io.field(r.invalid, "invalid: wrong session or stream, impossible number or length");
  io.field(r.duplicates, "duplicates: further copies");
  io.field(r.replicated, "replicated: numbers that came twice or more");
  io.field(r.sent, "sent: of FIN, else the highest number seen plus one");
  io.field(r.lost, "lost: sent less unique");
  io.field(r.lost_bytes, "lost bytes: payload of those");
  io.field(r.head_lost, "head lost: before the first that came");
  io.field(r.tail_lost, "tail lost: behind the last that came");
  io.field(r.first_unix_ns, "first: arrival, UTC, ns since 1970; valid with a unique one");
  io.field(r.last_unix_ns, "last: arrival, likewise");
  io.field(r.first_mono_ns, "first mono: the same, by the receiver's mono");
  io.field(r.last_mono_ns, "last mono: likewise");
  io.field(r.first_bytes, "first bytes: length of the first that came");
  io.field(r.rx_socket_drop, "socket drops: lost in the receiving socket, at most lost");
  io.field(r.rx_socket_drop_is_bound, "socket drops are a bound: 1 = and not exact, else 0");
}

template <typename Io, typename R>
void visit_patterns(Io& io, R& r) {
  io.field(r.loss_periods, "loss periods: runs of lost numbers (RFC 3357)");
  io.field(r.loss_period_max, "loss period max: the longest");
  io.field(r.burst_ratio, "burst ratio: ITU-T G.107");
  io.field(r.bursts, "bursts: RFC 3611 s4.7.2 with Gmin = 16");
  io.field(r.burst_packets, "burst packets: numbers in them, at most sent");
  io.field(r.burst_lost, "burst lost: of these, lost");
  io.field(r.reordered, "reordered: RFC 4737");
  io.field(r.extent_sum, "extent sum: of the reordering extents");
  io.field(r.extent_count, "extent count: that they are of");
  io.field(r.extent_max, "extent max: the largest");
  io.field(r.late_ns_max, "late max: largest late time offset, ns (RFC 4737 s4.3)");
  io.field(r.n3_reordered, "n3 reordered: RFC 4737 s5.4 with n = 3");
}

template <typename Io, typename R>
void visit_delays(Io& io, R& r) {
  io.field(r.jitter_ns, "jitter: RFC 3550 s6.4.1 at the end, ns, as all that follow");
  io.field(r.jitter_max_ns, "jitter max");
  io.field(r.ipdv_mean_abs_ns, "ipdv mean: of the absolute values (RFC 3393)");
  io.field(r.ipdv_p95_abs_ns, "ipdv p95");
  io.field(r.ipdv_max_abs_ns, "ipdv max");
  io.field(r.delay_variation, "delay variation: over the smallest delay (RFC 5481)");
  io.field(r.raw_delay_min_ns,
           "smallest delay: the receiver's mono at arrival less the sender's at departure");
  io.field(r.stamp, "stamps: of arrivals, 0 the program's, 1 the kernel's");
}

template <typename Io, typename R>
void visit_host(Io& io, R& r) {
  io.field(r.ecn, "ecn: first copies by code point (RFC 3168): not-ECT, ECT(1), ECT(0), CE");
  io.field(r.dscp, "dscp: of what arrived");
  io.field(r.batches, "batches: reads from the socket");
  io.field(r.gro, "gro: most datagrams in one read; 0 = none were merged");
  io.field(r.cpu_permille, "cpu: thousandths of a core; 0xffffffff = not measured");
  io.field(r.rcvbuf_bytes, "receive buffer: of the socket, bytes");
  io.field(r.ttl, "ttl: or hop limit, as it came before the data");
  io.field(r.fragment_bytes, "fragment bytes: largest IP fragment seen; 0 = none");
  io.field(r.checksum_errors, "checksum errors: of the whole host meanwhile");
  io.field(r.finalized,
           "finalized: 0 all had come, 1 nothing new came, 2 the longest wait was over, 3 no FIN");
  io.field(r.tail_known, "tail known: 0 = no FIN said how much was sent, else 1");
  io.field(r.interval_ns, "interval: of the rows, ns, above 0");
  io.field(r.anchor_mono_ns, "anchor: start of the first row, by the receiver's mono");
}

/// The whole report. `revision`: of who wrote it; stays as it is where that does not say it.
template <typename Io, typename R, typename Number>
void visit_report(Io& io, R& r, Number& format, Number& revision) {
  io.field(format, "format: 1; another one is refused");
  visit_counts(io, r);
  visit_patterns(io, r);
  visit_delays(io, r);
  visit_host(io, r);
  io.template list<std::uint32_t>(r.intervals, kMaxRows, "intervals: at most 100000");
  io.template list<std::uint32_t>(r.outages, kMaxOutages,
                                  "silences: longer than the gap threshold, at most 1000");
  io.template list<std::uint32_t>(
      r.delay_bins, kMostDelayBins,
      "delays: their distribution, at most 4096, and 256 where the stream is alone");
  io.later(r.memory_limited, "memory limited: 1 = there was no memory for all of it, else 0");
  visit_load(io, r.load);
  io.later(r.voice, "listener: what it heard, where one was asked for");
  io.later(r.omitted, "warm-up: where one was asked for");
  io.later(revision, "revision: of the format, 2 or more; 1 does not say so");
}

}  // namespace udperf::wire
