#include <cstdint>

#include "wire/messages.hpp"
#include "wire/visit.hpp"

// RxReport as bytes (docs/protocol.md, Report): a format number, the figures in fixed order, then
// the interval rows and outages, each list behind its length.

namespace udperf::wire {
namespace {

constexpr std::uint16_t kFormat = 1;
constexpr std::uint32_t kMaxRows = 100'000;
constexpr std::uint32_t kMaxOutages = 1000;
constexpr std::int64_t kLongestDelay = std::int64_t{1} << 61U;

template <typename Io, typename R>
void visit_counts(Io& io, R& r) {
  io.field(r.datagrams);
  io.field(r.unique);
  io.field(r.unique_bytes);
  io.field(r.late);
  io.field(r.invalid);
  io.field(r.duplicates);
  io.field(r.replicated);
  io.field(r.sent);
  io.field(r.lost);
  io.field(r.lost_bytes);
  io.field(r.head_lost);
  io.field(r.tail_lost);
  io.field(r.first_unix_ns);
  io.field(r.last_unix_ns);
  io.field(r.first_mono_ns);
  io.field(r.last_mono_ns);
  io.field(r.first_bytes);
  io.field(r.rx_socket_drop);
  io.field(r.rx_socket_drop_is_bound);
}

template <typename Io, typename R>
void visit_patterns(Io& io, R& r) {
  io.field(r.loss_periods);
  io.field(r.loss_period_max);
  io.field(r.burst_ratio);
  io.field(r.bursts);
  io.field(r.burst_packets);
  io.field(r.burst_lost);
  io.field(r.reordered);
  io.field(r.extent_sum);
  io.field(r.extent_count);
  io.field(r.extent_max);
  io.field(r.late_ns_max);
  io.field(r.n3_reordered);
}

template <typename Io, typename S>
void visit_summary(Io& io, S& summary) {
  io.field(summary.has_value());
  if (summary) {
    visit(io, *summary);
  }
}

void read_summary(Reader& io, std::optional<DelaySummary>& summary) {
  bool present = false;
  io.field(present);
  if (present) {
    visit(io, summary.emplace());
  }
}

template <typename Io, typename R>
void visit_delays(Io& io, R& r) {
  io.field(r.jitter_ns);
  io.field(r.jitter_max_ns);
  io.field(r.ipdv_mean_abs_ns);
  io.field(r.ipdv_p95_abs_ns);
  io.field(r.ipdv_max_abs_ns);
  if constexpr (std::is_const_v<R>) {
    visit_summary(io, r.delay_variation);
  } else {
    read_summary(io, r.delay_variation);
  }
  io.field(r.raw_delay_min_ns);
  io.field(r.stamp);
}

template <typename Io, typename R>
void visit_host(Io& io, R& r) {
  io.field(r.ecn);
  io.field(r.dscp);
  io.field(r.batches);
  io.field(r.gro);
  io.field(r.cpu_permille);
  io.field(r.rcvbuf_bytes);
  io.field(r.ttl);
  io.field(r.fragment_bytes);
  io.field(r.checksum_errors);
  io.field(r.finalized);
  io.field(r.tail_known);
  io.field(r.interval_ns);
  io.field(r.anchor_mono_ns);
}

/// What later versions know beside, behind everything else.
template <typename Io, typename R>
void visit_later(Io& io, R& r) {
  visit_load(io, r.load);
  visit_optional_later(io, r.voice);
  visit_optional_later(io, r.omitted);
}

template <typename Row>
void write_list(Writer& io, const std::vector<Row>& rows) {
  io.field(static_cast<std::uint32_t>(rows.size()));
  for (const Row& row : rows) {
    visit(io, row);
  }
}

/// Grows row by row as long as bytes are there, so a lying length allocates nothing.
template <typename Row>
void read_list(Reader& io, std::vector<Row>& rows, std::uint32_t limit) {
  std::uint32_t count = 0;
  io.field(count);
  if (count > limit) {
    io.fail();
  }
  for (std::uint32_t i = 0; i < count && io.ok(); ++i) {
    Row row;
    visit(io, row);
    rows.push_back(row);
  }
}

bool is_tally(const VoiceTally& t) {
  return t.missed <= t.packets && t.runs <= t.missed && (t.runs > 0 || t.missed == 0) &&
         t.buffer_ns >= -1 && t.buffer_ns <= VoiceSetup::kMostBuffer.count();
}

/// A listener heard no more than what arrived.
bool heard_holds(const RxReport& r) {
  if (!r.voice) {
    return true;
  }
  const VoiceReport& v = *r.voice;
  return is_tally(v.whole) && is_tally(v.worst) && v.whole.packets == r.sent &&
         v.whole.missed >= r.lost && v.worst.packets <= v.whole.packets &&
         v.worst.missed <= v.whole.missed && v.worst_start_ns >= 0 &&
         v.worst_end_ns >= v.worst_start_ns && v.worst_end_ns <= kLongestDelay * 2 - 1;
}

bool omitted_holds(const RxReport& r) {
  constexpr std::uint64_t kLimit = std::uint64_t{1} << 60U;
  return !r.omitted || (r.omitted->sent <= kLimit && r.omitted->unique <= kLimit &&
                        r.omitted->lost <= kLimit && r.omitted->unique_bytes <= kLimit &&
                        r.omitted->sent == r.omitted->unique + r.omitted->lost);
}

/// The conservation laws hold in every report that can be believed (metrics 2.1).
bool consistent(const RxReport& r) {
  // Sums of what a peer says could wrap: each term is bounded first.
  constexpr std::uint64_t kLimit = std::uint64_t{1} << 62U;
  for (const std::uint64_t n : {r.datagrams, r.unique, r.late, r.invalid, r.duplicates, r.sent,
                                r.lost, r.unique_bytes, r.lost_bytes}) {
    if (n > kLimit / 4) {
      return false;
    }
  }
  const auto bins_hold = [&r] {
    const DelayBin* last = nullptr;
    for (const DelayBin& bin : r.delay_bins) {
      const bool rises = last == nullptr || bin.value_ns >= last->value_ns;
      if (!rises || bin.value_ns < 0 || bin.value_ns > kLongestDelay || bin.count > kLimit / 4) {
        return false;
      }
      last = &bin;
    }
    return true;
  };
  if (!heard_holds(r) || !omitted_holds(r) || !bins_hold() || r.burst_lost > r.lost ||
      r.burst_lost > r.burst_packets || r.burst_packets > r.sent) {
    return false;
  }
  return r.stamp <= RxStamp::kernel && r.finalized <= Finalized::no_fin && r.interval_ns > 0 &&
         r.datagrams == r.unique + r.duplicates + r.late + r.invalid &&
         r.sent == r.unique + r.lost && (!r.rx_socket_drop || *r.rx_socket_drop <= r.lost);
}

}  // namespace

std::vector<std::byte> encode_report(const RxReport& report) {
  std::vector<std::byte> out;
  Writer io{out};
  io.field(kFormat);
  visit_counts(io, report);
  visit_patterns(io, report);
  visit_delays(io, report);
  visit_host(io, report);
  write_list(io, report.intervals);
  write_list(io, report.outages);
  write_list(io, report.delay_bins);
  io.field(report.memory_limited);
  visit_later(io, report);
  return out;
}

std::optional<RxReport> decode_report(std::span<const std::byte> bytes) {
  Reader io{bytes};
  std::uint16_t format = 0;
  io.field(format);
  if (format != kFormat) {
    return std::nullopt;
  }
  RxReport report;
  visit_counts(io, report);
  visit_patterns(io, report);
  visit_delays(io, report);
  visit_host(io, report);
  read_list(io, report.intervals, kMaxRows);
  read_list(io, report.outages, kMaxOutages);
  read_list(io, report.delay_bins, kMostDelayBins);
  if (io.remaining() > 0) {  // else it comes from a version that did not tell
    io.field(report.memory_limited);
  }
  visit_later(io, report);
  if (!io.ok() || !consistent(report)) {
    return std::nullopt;
  }
  return report;
}

}  // namespace udperf::wire
