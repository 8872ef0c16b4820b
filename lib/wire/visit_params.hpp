#pragma once

#include "model/test_params.hpp"
#include "wire/visit.hpp"

namespace udperf::wire {

template <typename Io, typename P>
void visit_params(Io& io, P& p) {
  io.field(p.direction, "direction: 1 up (client to server), 2 down, 3 both");
  io.field(p.payload, "payload: 0 random, 1 alphabet (a-z again and again), 2 zero");
  io.field(p.streams, "streams: 1..128");
  io.field(p.payload_bytes,
           "datagram size: UDP payload, header included, 40 (with the compact header 16)..65507");
  io.field(p.amount.size_bytes,
           "size: payload bytes of each direction, all streams, to 2^60; 0 = not the limit");
  io.field(p.amount.packets, "packets: likewise datagrams, to 2^60");
  io.field(p.amount.duration, "duration: likewise ns, to 366 days");
  io.field(
      p.rate_up.kind,
      "rate up, kind: 0 none, 1 bit/s, 2 packets in 1000 s, 3 adjusted, at most so many bit/s");
  io.field(p.rate_up.value, "rate up, value: payload of all streams; 0 without a rate");
  io.field(p.rate_down.kind, "rate down, kind: likewise");
  io.field(p.rate_down.value, "rate down, value: likewise");
  io.field(p.interval, "interval: of the receiver's rows, ns, 10 ms..1 h");
  io.field(p.gap_threshold, "gap threshold: silences longer than this are listed, ns, 1 us..1 h");
  io.field(p.gso, "gso: segmentation offload at the senders, 0 automatic, 1 on, 2 off");
  io.field(p.gro, "gro: the same at the receivers");
  io.field(p.dscp, "dscp: to send with, 0..63");
  io.field(p.ecn, "ecn: code point to send with, 0..3 (RFC 3168)");
  io.field(p.df, "df: 1 = datagrams must not be fragmented, else 0");
}

UDPERF_TABLE(SizeShare, "share");
UDPERF_VISIT(SizeShare) {
  io.later(m.bytes, "length: header to datagram size; 0 behind the last");
  io.later(m.weight, "weight: 1..4096, of all together at most 4096; 0 behind the last");
}

template <typename Io, typename S>
void visit_shape(Io& io, S& shape) {
  io.later(shape.spacing,
           "spacing: 0 even, 1 Poisson, 2 bursts, 3 frames, 4 a trace; other than 0 with a rate "
           "only, 3 and 4 with one in bit/s, 4 up only");
  io.later(shape.burst_packets, "burst: datagrams of a burst, 2..65535; 0 with another spacing");
  io.later(shape.sizes, "shares: lengths and how often they come; all 0 = the datagram size only");
}

template <typename Io, typename F>
void visit_frames(Io& io, F& frames) {
  io.later(frames.per_1000_s, "frames: in 1000 s, 1..10^8; all of this is 0 with another spacing");
  io.later(frames.sigma_e4,
           "deviation: standard deviation of the sizes' logarithm, in 1/10000, 0..20000");
  io.later(frames.key_every, "key every: each so many-th is a key frame, 2..1000; 0 = none");
  io.later(frames.key_times, "key times: which is so many times as large, 2..100; 0 = none");
}

/// All 0 in the padding of an earlier version's REQUEST: equal datagrams, equal gaps.
template <typename Io, typename P>
void visit_traffic(Io& io, P& params) {
  io.part("shape", "shape up: of what the client sends",
          [&params](auto& in) { visit_shape(in, params.shape_up); });
  io.part("shape", "shape down: of what the server sends",
          [&params](auto& in) { visit_shape(in, params.shape_down); });
  io.later(params.seed, "seed: what lengths and gaps are drawn by");
  io.later(params.header, "header: of DATA, 0 full, 1 compact");
  io.part("frames", "frames up: with that spacing",
          [&params](auto& in) { visit_frames(in, params.shape_up.frames); });
  io.part("frames", "frames down: likewise",
          [&params](auto& in) { visit_frames(in, params.shape_down.frames); });
  io.later(params.profile,
           "profile: for who wants to know, 0 none, 1 voip-g711, 2 voip-g729, 3 voip-opus, 4 "
           "video-5M, 5 gaming, 6 imix, 7 isochronous, 8 trace; any is taken");
}

/// What a REQUEST has behind the parameters. All 0 in the padding of an earlier version's.
template <typename Io, typename P>
void visit_wishes(Io& io, P& params) {
  io.later(params.burst,
           "burst window: of the server's senders, ns, at most 50 ms; 0 = as its host needs");
  io.part("shapes", "shapes: of the traffic (section 3.3); all 0 = equal datagrams, equal gaps",
          [&params](auto& in) { visit_traffic(in, params); });
  io.later(params.voice.codec,
           "codec: of a listener at each receiver (docs/voice.md), 0 nobody listens, 1 G.711, 2 "
           "G.711 with concealment, 3 G.729A, 4 Opus");
  io.later(params.voice.buffer, "buffer: of that listener, ns, 20 ms..500 ms; 0 = adaptive");
  io.later(params.omit,
           "warm-up: what each sender sends before the test (section 4), ns, at most 1 h; 0 = "
           "none");
}

}  // namespace udperf::wire
