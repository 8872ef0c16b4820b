#pragma once

// How each message is laid out: one function a message, used for writing and for reading. The order
// of the fields here is the order on the wire (docs/protocol.md).

#include <algorithm>

#include "wire/byte_io.hpp"
#include "wire/messages.hpp"

namespace udperf::wire {

/// Takes the constness of the message from whether it is written or read.
template <typename Io, typename T>
void visit_duration(Io& io, T& duration) {
  if constexpr (std::is_const_v<T>) {
    io.field(static_cast<std::int64_t>(duration.count()));
  } else {
    std::int64_t ns = 0;
    io.field(ns);
    duration = Duration{ns};
  }
}

template <typename Io, typename M>
void visit_rate(Io& io, M& m) {
  io.field(m.kind);
  io.field(m.value);
}

template <typename Io, typename M>
void visit_params(Io& io, M& m) {
  io.field(m.direction);
  io.field(m.payload);
  io.field(m.streams);
  io.field(m.payload_bytes);
  io.field(m.amount.size_bytes);
  io.field(m.amount.packets);
  visit_duration(io, m.amount.duration);
  visit_rate(io, m.rate_up);
  visit_rate(io, m.rate_down);
  visit_duration(io, m.interval);
  visit_duration(io, m.gap_threshold);
  io.field(m.gso);
  io.field(m.gro);
  io.field(m.dscp);
  io.field(m.ecn);
  io.field(m.df);
}

/// 0 in the padding of an earlier version's REQUEST: none was asked for.
template <typename Io, typename P>
void visit_burst(Io& io, P& params) {
  if constexpr (std::is_const_v<P>) {
    io.later(static_cast<std::int64_t>(params.burst.count()));
  } else {
    std::int64_t ns = 0;
    io.later(ns);
    params.burst = Duration{ns};
  }
}

template <typename Io, typename S>
void visit_shape(Io& io, S& shape) {
  io.later(shape.spacing);
  io.later(shape.burst_packets);
  for (auto& share : shape.sizes) {
    io.later(share.bytes);
    io.later(share.weight);
  }
}

template <typename Io, typename F>
void visit_frames(Io& io, F& frames) {
  io.later(frames.per_1000_s);
  io.later(frames.sigma_e4);
  io.later(frames.key_every);
  io.later(frames.key_times);
}

/// All 0 in the padding of an earlier version's REQUEST: equal datagrams, equal gaps.
template <typename Io, typename P>
void visit_traffic(Io& io, P& params) {
  visit_shape(io, params.shape_up);
  visit_shape(io, params.shape_down);
  io.later(params.seed);
  io.later(params.header);
  visit_frames(io, params.shape_up.frames);
  visit_frames(io, params.shape_down.frames);
  io.later(params.profile);
}

/// 0 in the padding of an earlier version's REQUEST: nobody listens.
template <typename Io, typename P>
void visit_voice(Io& io, P& params) {
  io.later(params.voice.codec);
  if constexpr (std::is_const_v<P>) {
    io.later(static_cast<std::int64_t>(params.voice.buffer.count()));
  } else {
    std::int64_t ns = 0;
    io.later(ns);
    params.voice.buffer = Duration{ns};
  }
}

/// As visit_burst: 0 where an earlier version asks.
template <typename Io, typename P>
void visit_omit(Io& io, P& params) {
  if constexpr (std::is_const_v<P>) {
    io.later(static_cast<std::int64_t>(params.omit.count()));
  } else {
    std::int64_t ns = 0;
    io.later(ns);
    params.omit = Duration{ns};
  }
}

/// What may be absent, behind a byte that says whether it is there, behind all that earlier
/// versions know.
template <typename Io, typename T>
void visit_optional_later(Io& io, T& value) {
  bool present = value.has_value();
  io.later(present);
  if (present) {
    if constexpr (std::is_const_v<T>) {
      visit(io, *value);
    } else {
      visit(io, value.emplace());
    }
  }
}

template <typename Io, typename M>
void visit_endpoint(Io& io, M& m) {
  io.field(m.address.family);
  io.field(m.address.bytes);
  io.field(m.port);
}

template <typename Io, typename M>
void visit_versions(Io& io, M& m) {
  io.field(m.lowest);
  io.field(m.highest);
}

/// Declares visit(io, m) for a message and its const form: fields in wire order.
#define UDPERF_VISIT(Message)                              \
  template <typename Io, typename M>                       \
  requires std::is_same_v<std::remove_const_t<M>, Message> \
  void visit(Io& io, M& m)

UDPERF_VISIT(Hello) {
  io.field(m.nonce);
  io.field(m.params_hash);
  visit_versions(io, m.versions);
  io.field(m.capabilities);
}

UDPERF_VISIT(Challenge) {
  io.field(m.nonce);
  io.field(m.cookie);
  visit_versions(io, m.versions);
  io.field(m.capabilities);
  io.field(m.needs_key);
}

UDPERF_VISIT(Request) {
  io.field(m.nonce);
  io.field(m.cookie);
  io.field(m.capabilities);
  visit_params(io, m.params);
  visit_burst(io, m.params);
  visit_traffic(io, m.params);
  visit_voice(io, m.params);
  visit_omit(io, m.params);
}

UDPERF_VISIT(Accept) {
  io.field(m.nonce);
  io.field(m.server_nonce);
  visit_params(io, m.params);
  visit_endpoint(io, m.client);
  io.field(m.host);
  io.field(m.capabilities);
  io.field(m.concurrent);
  io.later(m.receive_buffer);
  visit_traffic(io, m.params);
  io.later(m.instance);
}

UDPERF_VISIT(Reject) {
  io.field(m.nonce);
  io.field(m.reason);
  visit_versions(io, m.versions);
  io.field(m.retry_after_ms);
  io.field(m.limit);
}

UDPERF_VISIT(Go) {
  io.field(m.server_nonce);
  io.field(m.payload_bytes);
  io.later(m.receive_buffer);
}

UDPERF_VISIT(Empty) {
  static_cast<void>(io);
  static_cast<void>(m);
}

UDPERF_VISIT(Probe) {
  io.field(m.id);
  io.field(m.t1_ns);
  io.field(m.reply_bytes);
}

UDPERF_VISIT(ProbeReply) {
  io.field(m.id);
  io.field(m.t1_ns);
  io.field(m.t2_ns);
  io.field(m.t3_ns);
  io.field(m.received_bytes);
  io.field(m.sessions_max);
  io.field(m.utc_minus_mono_ns);
  io.field(m.path_mtu);
  io.later(m.stamp);
}

UDPERF_VISIT(Feedback) {
  io.field(m.number);
  io.field(m.next_expected);
  io.field(m.unique);
  io.field(m.unique_bytes);
  io.field(m.duplicates);
  io.field(m.reordered);
  io.field(m.echo_batch);
  io.field(m.echo_token);
  io.field(m.has_echo);
  io.field(m.echo_tx_ns);
  io.field(m.held_ns);
  io.field(m.intervals);
  io.field(m.at_unique);
  io.field(m.at_bytes);
  io.field(m.at_next);
  io.field(m.at_duplicates);
  io.field(m.at_reordered);
  io.later(m.queue_bytes);
  io.later(m.queue_limit);
  io.later(m.queue_drops);
  io.later(m.queue_cost);
  io.later(m.omitted_next);
}

UDPERF_VISIT(TxReport) {
  io.field(m.packets);
  io.field(m.payload_bytes);
  io.field(m.send_blocked);
  io.field(m.local_drop);
  io.field(m.pacing_skipped);
  io.field(m.batches);
  io.field(m.first_unix_ns);
  io.field(m.last_unix_ns);
  io.field(m.span_ns);
  io.field(m.first_bytes);
  io.field(m.gso_segments);
  io.field(m.cpu_permille);
  io.field(m.sndbuf_bytes);
  io.field(m.pacer);
  io.field(m.end);
  io.field(m.gap_p50_ns);
  io.field(m.gap_p99_ns);
  io.field(m.gap_max_ns);
  io.field(m.target_milli_pps);
}

UDPERF_VISIT(SendPause) {
  io.field(m.start_ns);
  io.field(m.duration_ns);
  io.field(m.refused);
  io.field(m.os_error);
}

template <typename Io, typename M>
void visit_send_time(Io& io, M& m) {
  io.field(m.window_ns);
  io.field(m.silent_ns);
  io.field(m.tail_ns);
  io.field(m.os_error);
  io.field(m.queue_full);
  io.field(m.queue_drops);
  std::uint8_t count = static_cast<std::uint8_t>(std::min(m.pauses.size(), kMostSendPauses));
  io.field(count);
  if constexpr (!std::is_const_v<M>) {
    if (count > kMostSendPauses) {
      io.fail();
      count = 0;
    }
    m.pauses.resize(count);
  }
  for (std::size_t i = 0; i < count; ++i) {
    visit(io, m.pauses[i]);
  }
}

template <typename Io, typename M>
void visit_load(Io& io, M& m) {
  io.later(m.steal_permille);
  io.later(m.throttled_permille);
  io.later(m.waited_permille);
}

UDPERF_VISIT(OmittedTx) {
  io.field(m.packets);
  io.field(m.payload_bytes);
  io.field(m.local_drop);
  io.field(m.batches);
}

UDPERF_VISIT(OmittedRx) {
  io.field(m.sent);
  io.field(m.unique);
  io.field(m.unique_bytes);
  io.field(m.lost);
  io.field(m.lost_bytes);
  io.field(m.duplicates);
  io.field(m.reordered);
  io.field(m.late);
  io.field(m.invalid);
}

UDPERF_VISIT(Fin) {
  visit(io, m.report);
  io.field(m.rtt_max_ns);
  io.later(m.report.scheduling);
  io.later(m.report.burst_ns);
  io.later(m.report.lateness_p50_ns);
  io.later(m.report.lateness_p99_ns);
  io.later(m.report.lateness_max_ns);
  io.later(m.report.governor);
  io.later(m.report.held_permille);
  visit_load(io, m.report.load);
  // What came after version 1 was first spoken: absent from who does not know it.
  if constexpr (std::is_const_v<M>) {
    if (m.report.time) {
      visit_send_time(io, *m.report.time);
    }
    if (m.report.time && m.report.omitted) {
      visit_optional_later(io, m.report.omitted);
    }
  } else if (io.remaining() > 0) {
    visit_send_time(io, m.report.time.emplace());
    visit_optional_later(io, m.report.omitted);
  }
}

UDPERF_VISIT(ReportPull) {
  io.field(m.offset);
  io.field(m.chunks);
}

UDPERF_VISIT(Bye) {
  io.field(m.reason);
}

UDPERF_VISIT(Join) {
  io.field(m.nonce);
  io.field(m.cookie);
  io.field(m.server_nonce);
}

UDPERF_VISIT(IntervalRow) {
  io.field(m.unique);
  io.field(m.bytes);
  io.field(m.sent);
  io.field(m.lost);
  io.field(m.duplicates);
  io.field(m.reordered);
  io.field(m.dv_p50_ns);
  io.field(m.dv_p99_ns);
  io.field(m.rtt_p50_ns);
}

UDPERF_VISIT(Outage) {
  io.field(m.start_ns);
  io.field(m.duration_ns);
  io.field(m.lost);
}

UDPERF_VISIT(DelayBin) {
  io.field(m.value_ns);
  io.field(m.count);
}

UDPERF_VISIT(VoiceTally) {
  io.field(m.packets);
  io.field(m.missed);
  io.field(m.runs);
  io.field(m.buffer_ns);
}

UDPERF_VISIT(VoiceReport) {
  visit(io, m.whole);
  visit(io, m.worst);
  io.field(m.worst_start_ns);
  io.field(m.worst_end_ns);
}

UDPERF_VISIT(DelaySummary) {
  io.field(m.n);
  io.field(m.min_ns);
  io.field(m.mean_ns);
  io.field(m.p50_ns);
  io.field(m.p90_ns);
  io.field(m.p95_ns);
  io.field(m.p99_ns);
  io.field(m.p999_ns);
  io.field(m.max_ns);
}

}  // namespace udperf::wire
