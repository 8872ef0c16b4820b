#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "model/voice.hpp"

namespace udperf {

/// Which mechanism spaced the datagrams of a paced sender.
enum class PacerKind : std::uint8_t { none = 0, sleep = 1, sleep_spin = 2, txtime = 3, kernel = 4 };

/// How the system schedules the thread of a sender with a rate.
enum class Scheduling : std::uint8_t {
  untold = 0,       ///< the sender has no rate, or is of a version that does not say
  normal = 1,       ///< as any other
  short_slice = 2,  ///< sooner, for less time at once (EEVDF, Linux 6.12)
  fifo = 3,         ///< before all others (SCHED_FIFO)
};

/// What kept a sender without a rate from overrunning the receiver's socket.
enum class TxGovernor : std::uint8_t {
  untold = 0,    ///< the sender is of a version that knows none
  none = 1,      ///< nothing: a rate was asked for, or the receiver does not tell of its queue
  receiver = 2,  ///< what the receiver told of its queue
  flood = 3,     ///< nothing, as was asked for
};

/// What a host kept from the thread that sent or received, in thousandths of the time.
struct HostLoad {
  static constexpr std::uint16_t kUntold = UINT16_MAX;

  std::uint16_t steal_permille = kUntold;  ///< of the thread's processor, taken by the hypervisor
  std::uint16_t throttled_permille = kUntold;  ///< its control group had used up its quota
  std::uint16_t waited_permille = kUntold;     ///< ready to run, but others were running

  bool operator==(const HostLoad&) const = default;
};

/// Why a sender stopped.
enum class TxEnd : std::uint8_t {
  complete = 0,      ///< everything that was agreed on has been sent
  interrupted = 1,   ///< the user at the sending end stopped it
  peer_stopped = 2,  ///< the other end asked for it
  peer_silent = 3,   ///< the receiver's feedback stopped, for good
  failed = 4,        ///< the operating system refused to send
};

/// A time in which a sender got nothing out although something was due.
struct SendPause {
  static constexpr std::uint32_t kReceiverFull = UINT32_MAX;

  std::int64_t start_ns = 0;  ///< since sending began
  std::int64_t duration_ns = 0;
  std::uint64_t refused = 0;  ///< numbered datagrams that the sending host refused in it
  /// Why, in Linux's numbers; 0: the receiver was silent; kReceiverFull: its socket had no room.
  std::uint32_t os_error = 0;

  bool operator==(const SendPause&) const = default;
};
inline constexpr std::size_t kMostSendPauses = 8;

/// How a stream's sending went, beside what it sent. A peer of before 0.2 does not tell.
struct SendTime {
  std::int64_t window_ns = 0;    ///< that sending was to last: the asked time, else what was needed
  std::int64_t silent_ns = 0;    ///< of it, without a datagram although one was due
  std::int64_t tail_ns = 0;      ///< of that, at the very end
  std::uint32_t os_error = 0;    ///< what ended it, where that was the system
  std::uint64_t queue_full = 0;  ///< sends that the way out refused at once: nothing was numbered
  /// What the queueing disciplines on the way out have dropped meanwhile, anybody's, those refused
  /// at once included; absent: not known.
  std::optional<std::uint64_t> queue_drops;
  std::vector<SendPause> pauses;

  bool operator==(const SendTime&) const = default;
};

/// What a sender sent before the figures began (--omit): numbered by itself, from 0.
struct OmittedTx {
  std::uint64_t packets = 0;
  std::uint64_t payload_bytes = 0;
  std::uint64_t local_drop = 0;
  std::uint64_t batches = 0;

  bool operator==(const OmittedTx&) const = default;
};

/// What the sender of one stream measured; the content of FIN (docs/protocol.md, FIN). Times are
/// the sender's own.
struct TxReport {
  std::uint64_t packets = 0;        ///< sequence numbers used: 0 .. packets-1
  std::uint64_t payload_bytes = 0;  ///< of those
  std::uint64_t send_blocked =
      0;  ///< datagrams that the kernel did not take at first (no number used)
  std::uint64_t local_drop = 0;  ///< numbered datagrams that are known to have died in this host
  std::uint64_t pacing_skipped = 0;  ///< deadlines given up after a stall
  std::uint64_t batches = 0;       ///< system calls or GSO buffers; mean batch = packets / batches
  std::int64_t first_unix_ns = 0;  ///< 0 when nothing was sent
  std::int64_t last_unix_ns = 0;
  std::int64_t span_ns = 0;        ///< monotonic, first to last
  std::uint32_t first_bytes = 0;   ///< length of the first datagram
  std::uint32_t gso_segments = 0;  ///< largest batch handed over as one buffer; 0 = GSO not used
  std::uint32_t cpu_permille = UINT32_MAX;  ///< of one core; UINT32_MAX = not measured
  std::uint32_t sndbuf_bytes = 0;
  PacerKind pacer = PacerKind::none;
  TxEnd end = TxEnd::complete;
  std::int64_t gap_p50_ns = -1;  ///< between the starts of successive batches; -1 = not measured
  std::int64_t gap_p99_ns = -1;
  std::int64_t gap_max_ns = -1;
  std::uint64_t target_milli_pps = 0;  ///< packets per 1000 s asked of this stream; 0 = unlimited
  Scheduling scheduling = Scheduling::untold;  ///< at the end
  std::int64_t burst_ns = -1;         ///< longest burst window in force; -1 = no rate, or not told
  std::int64_t lateness_p50_ns = -1;  ///< of wake-ups, after the time asked for; -1 = not measured
  std::int64_t lateness_p99_ns = -1;
  std::int64_t lateness_max_ns = -1;
  TxGovernor governor = TxGovernor::untold;
  std::uint16_t held_permille = UINT16_MAX;  ///< of the time, waiting for room in the receiver's
                                             ///< socket; UINT16_MAX = not told
  std::uint16_t held_path_permille = UINT16_MAX;  ///< of the time, held although there was room, as
                                                  ///< word of it was on its way; likewise
  HostLoad load;
  std::optional<SendTime> time;      ///< absent: not told
  std::optional<OmittedTx> omitted;  ///< where a warm-up was asked for

  bool operator==(const TxReport&) const = default;
};

/// "Network is unreachable (ENETUNREACH)", in English whatever the locale.
[[nodiscard]] std::string os_error_text(std::uint32_t os_error);
/// Why this sender did not send all that was agreed on, in words; "" where it did.
[[nodiscard]] std::string early_end_text(const TxReport& report);

/// One row of the interval table of one stream. `sent` counts the sequence numbers passed in the
/// interval, so that sums over intervals equal the totals exactly (docs/metrics.md).
struct IntervalRow {
  std::uint64_t unique = 0;
  std::uint64_t bytes = 0;
  std::uint64_t sent = 0;
  std::uint64_t lost = 0;
  std::uint64_t duplicates = 0;
  std::uint64_t reordered = 0;
  std::int64_t dv_p50_ns = -1;  ///< delay variation over the stream's minimum; -1 = not measured
  std::int64_t dv_p99_ns = -1;
  std::int64_t rtt_p50_ns = -1;
  // The client adds what follows; it is not on the wire.
  std::int64_t rtt_min_ns = -1;
  std::int64_t rtt_max_ns = -1;

  bool operator==(const IntervalRow&) const = default;
};

/// Makes one row of each two neighbours, the last alone where their number is odd. Counts are
/// exact; of the two 99th percentiles the larger is kept, medians are not known any more.
void merge_rows_in_pairs(std::vector<IntervalRow>& rows);
/// How often rows of `length` are to be merged in pairs to be `wanted` long, or as near to it as
/// does not go beyond. Precondition: length > 0.
[[nodiscard]] unsigned merges_between(std::int64_t length, std::int64_t wanted);

/// A silence of the receiver longer than the gap threshold.
struct Outage {
  std::int64_t start_ns = 0;  ///< since the first arrival
  std::int64_t duration_ns = 0;
  std::uint64_t lost = 0;  ///< sequence numbers missing across it when it ended

  bool operator==(const Outage&) const = default;
};

/// The loss threshold Tmax: what arrives so much later is not counted as arrived (RFC 7680 s2.8.2,
/// RFC 8912), and so books are closed after it at the latest.
inline constexpr Duration kTmax = std::chrono::seconds{3};

/// Why the receiver closed its books (docs/metrics.md, `finalize_reason`).
enum class Finalized : std::uint8_t { all_received = 0, quiet = 1, tmax = 2, no_fin = 3 };

/// Which clock read stamped arrivals.
enum class RxStamp : std::uint8_t { user = 0, kernel = 1 };

/// A distribution of delays in short. A percentile is the smallest value that so many per cent of
/// the samples do not exceed (RFC 2330 s11.3).
struct DelaySummary {
  std::uint64_t n = 0;
  std::int64_t min_ns = 0;
  std::int64_t mean_ns = 0;
  std::int64_t p50_ns = 0;
  std::int64_t p90_ns = 0;
  std::int64_t p95_ns = 0;
  std::int64_t p99_ns = 0;
  std::optional<std::int64_t> p999_ns;  ///< absent below 1000 samples
  std::int64_t max_ns = 0;

  bool operator==(const DelaySummary&) const = default;
};

/// Some values of a distribution, for its shape and for that of several streams together.
struct DelayBin {
  std::int64_t value_ns = 0;  ///< middle of the bin, over the stream's smallest delay
  std::uint64_t count = 0;

  bool operator==(const DelayBin&) const = default;
};
inline constexpr std::size_t kMostDelayBins = 4096;  ///< of one of several streams
inline constexpr std::size_t kFewDelayBins = 256;    ///< of a stream alone

/// What became of a stream's warm-up. Always, as of the rest: sent == unique + lost.
struct OmittedRx {
  std::uint64_t sent = 0;
  std::uint64_t unique = 0;
  std::uint64_t unique_bytes = 0;
  std::uint64_t lost = 0;
  std::uint64_t lost_bytes = 0;
  std::uint64_t duplicates = 0;
  std::uint64_t reordered = 0;
  std::uint64_t late = 0;
  std::uint64_t invalid = 0;

  bool operator==(const OmittedRx&) const = default;
};

/// What the receiver of one stream measured; the content of REPORT (docs/protocol.md, REPORT).
/// Always: sent == unique + lost and datagrams == unique + duplicates + late + invalid.
// NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding): by meaning, as the report tells it
struct RxReport {
  // counts
  std::uint64_t datagrams = 0;  ///< everything read from the data socket that was not control
  std::uint64_t unique = 0;     ///< first copies (RFC 5560)
  std::uint64_t unique_bytes = 0;
  std::uint64_t late = 0;     ///< beyond the loss threshold Tmax (RFC 7680 s2.8.2)
  std::uint64_t invalid = 0;  ///< wrong session, impossible number or length
  std::uint64_t duplicates = 0;
  std::uint64_t replicated = 0;  ///< sequence numbers that arrived twice or more
  std::uint64_t sent = 0;        ///< from the FIN, or the highest number seen plus one
  std::uint64_t lost = 0;
  std::uint64_t lost_bytes = 0;
  std::uint64_t head_lost = 0;
  std::uint64_t tail_lost = 0;
  // times; only meaningful when unique > 0
  std::int64_t first_unix_ns = 0;
  std::int64_t last_unix_ns = 0;
  std::int64_t first_mono_ns = 0;  ///< receiver's monotonic clock: joins streams of one host
  std::int64_t last_mono_ns = 0;
  std::uint32_t first_bytes = 0;  ///< length of the first datagram that arrived
  // where it was lost
  std::optional<std::uint64_t> rx_socket_drop;  ///< datagrams, at most `lost`
  bool rx_socket_drop_is_bound = false;         ///< the split is a bound, not exact (fast-udp 2.5)
  // loss pattern (RFC 3357, RFC 3611)
  std::uint64_t loss_periods = 0;
  std::uint64_t loss_period_max = 0;
  std::optional<double> burst_ratio;
  std::uint64_t bursts = 0;         ///< RFC 3611 s4.7.2 with Gmin = 16
  std::uint64_t burst_packets = 0;  ///< numbers that lie in them
  std::uint64_t burst_lost = 0;     ///< of these, lost
  // reordering (RFC 4737)
  std::uint64_t reordered = 0;
  std::uint64_t extent_sum = 0;
  std::uint64_t extent_count = 0;
  std::uint64_t extent_max = 0;
  std::int64_t late_ns_max = 0;
  std::uint64_t n3_reordered = 0;
  // delay; absent where a figure could not be measured
  std::optional<std::int64_t> jitter_ns;  ///< RFC 3550 s6.4.1, last value
  std::optional<std::int64_t> jitter_max_ns;
  std::optional<std::int64_t> ipdv_mean_abs_ns;
  std::optional<std::int64_t> ipdv_p95_abs_ns;
  std::optional<std::int64_t> ipdv_max_abs_ns;
  std::optional<DelaySummary> delay_variation;   ///< over the smallest delay seen (RFC 5481)
  std::optional<std::int64_t> raw_delay_min_ns;  ///< receiver's clock minus sender's, smallest seen
  /// Of the delay variation, ascending.
  std::vector<DelayBin> delay_bins;
  RxStamp stamp = RxStamp::user;
  // marks received, first copies, by code point (RFC 3168 s5): not-ECT, ECT(1), ECT(0), CE
  std::optional<std::array<std::uint64_t, 4>> ecn;
  std::optional<std::uint8_t> dscp;
  // the receiving host
  std::uint64_t batches = 0;  ///< reads from the socket
  std::uint32_t gro = 0;      ///< largest number of datagrams in one read; 0 = GRO not used
  std::uint32_t cpu_permille = UINT32_MAX;  ///< of one core; UINT32_MAX = not measured
  std::uint32_t rcvbuf_bytes = 0;
  HostLoad load;
  std::optional<std::uint8_t> ttl;    ///< TTL or hop limit of what arrived before the data
  std::uint64_t checksum_errors = 0;  ///< of the whole host, while the books were open
  std::uint32_t fragment_bytes = 0;   ///< largest IP fragment seen; 0 = none were fragments
  Finalized finalized = Finalized::all_received;
  bool tail_known = true;  ///< false when no FIN said how much was sent

  std::int64_t interval_ns = 0;
  std::int64_t anchor_mono_ns = 0;  ///< start of the interval grid on the receiver's clock
  std::vector<IntervalRow> intervals;
  std::vector<Outage> outages;
  /// The receiver had no memory for all of it: fewer rows, no delays, or late datagrams counted as
  /// lost before their time.
  bool memory_limited = false;
  std::optional<VoiceReport> voice;  ///< where a listener was asked for
  std::optional<OmittedRx> omitted;  ///< where a warm-up was asked for; in nothing else of this

  bool operator==(const RxReport&) const = default;
};

/// Round-trip times of probes, measured at the client (RFC 2681).
struct RttSummary {
  std::uint64_t sent = 0;
  DelaySummary delay;          ///< n = probes that came back
  bool kernel_stamps = false;  ///< of all arrivals at both ends: no wait to be read is in them
  /// The distribution, ascending, at most kFewDelayBins of neighbours joined.
  std::vector<DelayBin> bins = {};
};

/// Something the user should know that did not stop the test.
struct Warning {
  std::string code;     ///< stable, e.g. "rcvbuf_capped"
  std::string message;  ///< a sentence that says what to do
};

}  // namespace udperf
