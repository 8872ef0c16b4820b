#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace udperf::result {

// What one direction of a test came to: a part of the result document (document.hpp), in the shape
// in which it is published.

using Count = std::optional<std::uint64_t>;
using Nanoseconds = std::optional<std::int64_t>;
using Number = std::optional<double>;

/// A time in which a stream's sender got nothing out.
struct SendPausePart {
  std::uint64_t stream = 0;
  double start_s = 0;  ///< since the stream's sending began
  double duration_s = 0;
  std::uint64_t packets = 0;  ///< numbered, refused by the sending host, and so lost
  std::string reason;         ///< in words
};
inline constexpr const char* kReceiverWasSilent = "the receiver was silent";
inline constexpr const char* kReceiverWasFull = "the receiver's socket was full";

/// What a host kept from the threads of this test.
struct HostPart {
  std::optional<bool> busy;
  Number steal_ratio;
  Number throttled_ratio;
  Number waited_ratio;
};

struct TxPart {
  Count packets;
  Count payload_bytes;
  Nanoseconds first_unix_ns;
  Nanoseconds last_unix_ns;
  Nanoseconds span_ns;
  Number offered_bps;
  Number pps;
  Count send_blocked;
  Count pacing_skipped;
  Count gso;  ///< most datagrams handed over as one buffer; 0 = segmentation offload was not used
  Number batch_mean;
  Number cpu_percent;
  Count sndbuf_bytes;
  std::optional<std::string> scheduling;  ///< "fifo", "short_slice" or "default"
  std::optional<std::string> end;  ///< complete, interrupted, peer_stopped, peer_silent, failed
  Nanoseconds window_ns;           ///< that sending was to last
  Nanoseconds silent_ns;           ///< of it, without a datagram although one was due
  std::vector<SendPausePart> pauses;
  std::optional<std::string> governor;  ///< none, receiver, flood
  Number held_ratio;
  Number held_path_ratio;
  HostPart host;
};

struct RxPart {
  Count datagrams;
  Count unique;
  Count unique_bytes;
  Count late;
  Count invalid;
  Nanoseconds first_unix_ns;
  Nanoseconds last_unix_ns;
  Nanoseconds span_ns;
  Number goodput_bps;
  Number ip_bps;
  Number wire_bps;
  Number pps;
  Count gro;  ///< most datagrams in one read; 0 = none were merged
  Number batch_mean;
  Number cpu_percent;
  Count rcvbuf_bytes;
  Count checksum_errors;
  Count ttl;                                   ///< as it arrived
  Count hops;                                  ///< from the nearest usual start value
  Count fragments_per_datagram;                ///< of a full one; 1 = they came whole
  std::optional<std::string> timestamps;       ///< "kernel" or "user"
  std::optional<std::string> finalize_reason;  ///< all_received, quiet, tmax, no_fin
  bool memory_limited = false;                 ///< said in a note, not in the document's tree
  HostPart host;
};

struct LossPart {
  Count packets;
  Number ratio;
  Count bytes;
  std::optional<std::pair<double, double>> ci95;
  Count head_packets;
  Count tail_packets;
  Count rx_socket_drop;
  std::optional<bool> rx_socket_drop_is_bound;
  Count local_tx_drop;
  std::optional<bool> local_tx_drop_is_bound;
  Count network_packets;
  Count periods;
  Number period_mean;
  Count period_max;
  Number burst_ratio;
  Count bursts;
  Number burst_density;  ///< share lost within bursts
  Number burst_mean;     ///< numbers from a burst's first loss to its last
  Number gap_density;    ///< share lost between bursts
};

struct DuplicatesPart {
  Count packets;
  Number fraction;
  Count replicated_packets;
};

struct ReorderingPart {
  Count packets;
  Number ratio;
  Number extent_mean;
  Count extent_max;
  Nanoseconds late_ns_max;
  Count n3_packets;
};

struct JitterPart {
  Nanoseconds rfc3550_ns;
  Nanoseconds rfc3550_max_ns;
  Nanoseconds ipdv_mean_abs_ns;
  Nanoseconds ipdv_p95_abs_ns;
  Nanoseconds ipdv_max_abs_ns;
};

/// A step of a histogram: how many values lie above the step before and not above this.
struct HistogramStep {
  std::int64_t up_to_ns = 0;
  std::uint64_t packets = 0;
};

/// Delay variation and delay share it; what one of them does not publish stays absent.
struct DelayPart {
  Count n;
  Nanoseconds min_ns;
  Nanoseconds mean_ns;
  Nanoseconds p50_ns;
  Nanoseconds p90_ns;
  Nanoseconds p95_ns;
  Nanoseconds p99_ns;
  Nanoseconds p999_ns;
  Nanoseconds max_ns;
  Nanoseconds uncertainty_ns;
  std::optional<bool> absolute_valid;
  /// Of delay variation only: steps of 1, 2, 5, 10, ... us, as far as there are values.
  std::vector<HistogramStep> histogram;
};

struct EcnPart {
  Count not_ect;
  Count ect0;
  Count ect1;
  Count ce;
  Count dscp_received;
};

struct PacingPart {
  std::optional<std::string> pacer;
  Nanoseconds gap_p50_ns;
  Nanoseconds gap_p99_ns;
  Nanoseconds gap_max_ns;
  Number rate_error_ratio;
  Nanoseconds burst_ns;
  Nanoseconds lateness_p50_ns;
  Nanoseconds lateness_p99_ns;
  Nanoseconds lateness_max_ns;
};

struct IntervalPart {
  double start_s = 0;
  double end_s = 0;
  std::uint64_t packets = 0;
  std::uint64_t payload_bytes = 0;
  Number goodput_bps;
  std::uint64_t sent = 0;
  std::uint64_t lost = 0;
  std::uint64_t duplicates = 0;
  std::uint64_t reordered = 0;
  Nanoseconds delay_variation_p50_ns;
  Nanoseconds delay_variation_p99_ns;
  Nanoseconds rtt_p50_ns;
};

/// A silence of one stream longer than the gap threshold.
struct OutagePart {
  std::uint64_t stream = 0;
  double start_s = 0;  ///< since the stream's first arrival
  std::int64_t start_unix_ns = 0;
  double duration_s = 0;
  std::uint64_t packets = 0;  ///< missing across it when it ended
};

/// How one call sounded.
struct CallPart {
  Number loss_ratio;  ///< after the buffer
  Number r;
  Number mos;
};

struct StreamPart {
  std::uint64_t stream = 0;
  Count tx_packets;
  Count tx_payload_bytes;
  Count rx_unique;
  Count rx_unique_bytes;
  Number goodput_bps;
  Count lost;
  Number loss_ratio;
  Count duplicates;
  Count reordered;
  std::optional<bool> silent;  ///< nothing of it arrived although it was sent
  std::optional<CallPart> voice;
  /// As the direction's, of this stream; only where there are several streams, and not more than
  /// kMostStreamRows rows in all.
  std::vector<IntervalPart> intervals;
};
inline constexpr std::size_t kMostStreamRows = 20'000;

/// Ten seconds, or a shorter test, as a listener heard them.
struct WorstVoicePart {
  std::uint64_t stream = 0;
  double start_s = 0;  ///< since the stream's first departure
  double end_s = 0;
  Number loss_ratio;
  Number burst_ratio;
  Number r;
  Number mos;
};

/// What a call would have been like (ITU-T G.107).
struct VoicePart {
  std::string codec;
  std::string title;  ///< of the codec, for people
  Number ie;
  Number bpl;
  std::string buffer;  ///< "fixed" or "adaptive"
  Nanoseconds buffer_ns;
  Count lost_packets;
  Count discarded_packets;
  Number loss_before_ratio;
  Number loss_after_ratio;
  Number burst_ratio;
  Nanoseconds network_ns;
  std::optional<std::string> network_source;  ///< "one_way" or "half_round_trip"
  Nanoseconds ta_ns;
  Number idd;
  Number ie_eff;
  Number r;
  Number mos;
  Number mos_least;  ///< of the call that sounded worst
  std::optional<WorstVoicePart> worst;
};

/// A warm-up, which is in no other figure.
struct OmittedPart {
  Count sent;
  Count sent_bytes;
  Count unique;
  Count unique_bytes;
  Count lost;
  Count duplicates;
  Count reordered;
  Count late;
  Count invalid;
};

struct DirectionPart {
  TxPart tx;
  RxPart rx;
  LossPart loss;
  DuplicatesPart duplicates;
  ReorderingPart reordering;
  JitterPart jitter;
  DelayPart delay_variation;
  DelayPart delay;
  EcnPart ecn;
  PacingPart pacing;
  std::optional<VoicePart> voice;
  std::optional<OmittedPart> omitted;
  std::vector<IntervalPart> intervals;
  std::vector<OutagePart> outages;
  std::vector<StreamPart> streams;
};

}  // namespace udperf::result
