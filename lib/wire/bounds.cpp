#include "wire/bounds.hpp"

#include <algorithm>
#include <initializer_list>
#include <optional>

#include "base/saturating.hpp"

namespace udperf::wire {
namespace {

constexpr std::uint64_t kMostCount = std::uint64_t{1} << 60U;
constexpr std::int64_t kLongestDelay = std::int64_t{1} << 61U;
constexpr std::int64_t kLatestMono = std::int64_t{1} << 60U;  // so that differences do not overflow
constexpr std::int64_t kLatestDate = std::int64_t{1} << 62U;  // 2116
constexpr std::int64_t kLongestSpan = std::int64_t{1} << 56U;  // two years

template <typename T>
bool within(T value, T least, T most) {
  return value >= least && value <= most;
}
bool is_count(std::uint64_t value) {
  return value <= kMostCount;
}
bool all_at_most(std::uint64_t most, std::initializer_list<std::uint64_t> values) {
  return std::all_of(values.begin(), values.end(), [most](std::uint64_t n) { return n <= most; });
}
bool is_delay(std::int64_t ns) {
  return within<std::int64_t>(ns, 0, kLongestDelay);
}
bool is_delay(const std::optional<std::int64_t>& ns) {
  return !ns || is_delay(*ns);
}
bool is_span(std::int64_t ns) {
  return within<std::int64_t>(ns, 0, kLongestSpan);
}
/// -1: not measured.
bool is_span_or_none(std::int64_t ns) {
  return ns == -1 || is_span(ns);
}
bool is_delay_or_none(std::int64_t ns) {
  return ns == -1 || is_delay(ns);
}
bool is_date(std::int64_t ns) {
  return within(ns, -kLatestMono, kLatestDate);
}
bool is_mono(std::int64_t ns) {
  return within(ns, -kLatestMono, kLatestMono);
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
         v.worst.missed <= v.whole.missed && is_delay(v.worst_start_ns) &&
         is_delay(v.worst_end_ns) && v.worst_end_ns >= v.worst_start_ns;
}

bool omitted_holds(const RxReport& r) {
  if (!r.omitted) {
    return true;
  }
  const OmittedRx& o = *r.omitted;
  return all_at_most(kMostCount, {o.sent, o.unique, o.unique_bytes, o.lost, o.lost_bytes,
                                  o.duplicates, o.late, o.invalid}) &&
         o.reordered <= o.unique && o.sent == o.unique + o.lost;
}

/// The conservation laws (docs/metrics.md). Each term is bounded first: a sum could wrap.
bool counts_hold(const RxReport& r) {
  return all_at_most(kMostCount,
                     {r.datagrams, r.unique, r.unique_bytes, r.late, r.invalid, r.duplicates,
                      r.sent, r.lost, r.lost_bytes, r.extent_sum, r.batches, r.checksum_errors}) &&
         r.datagrams == r.unique + r.duplicates + r.late + r.invalid &&
         r.unique_bytes <= saturating_mul(r.unique, kMaxPayloadBytes) &&
         r.lost_bytes <= saturating_mul(r.lost, kMaxPayloadBytes) && r.sent == r.unique + r.lost &&
         (!r.rx_socket_drop || *r.rx_socket_drop <= r.lost) && r.replicated <= r.duplicates;
}

/// Parts are at most their whole. Marks and reordered ones may include datagrams that turned out to
/// be none of the test's.
bool patterns_hold(const RxReport& r) {
  return all_at_most(r.lost,
                     {r.head_lost, r.tail_lost, r.loss_periods, r.loss_period_max, r.burst_lost}) &&
         r.bursts <= r.burst_packets && r.burst_lost <= r.burst_packets &&
         r.burst_packets <= r.sent && r.n3_reordered <= r.reordered && r.extent_max <= r.sent &&
         all_at_most(r.datagrams, {r.reordered, r.extent_count}) &&
         (!r.burst_ratio || within(*r.burst_ratio, 0.0, 1e18)) && is_delay(r.late_ns_max) &&
         (!r.ecn || std::all_of(r.ecn->begin(), r.ecn->end(),
                                [&r](std::uint64_t n) { return n <= r.datagrams; })) &&
         r.dscp.value_or(0) <= 63;
}

bool summary_holds(const std::optional<DelaySummary>& summary, std::uint64_t most) {
  if (!summary) {
    return true;
  }
  const DelaySummary& s = *summary;
  const std::int64_t p999 = s.p999_ns.value_or(s.max_ns);
  return s.n <= most && is_delay(s.min_ns) && is_delay(s.max_ns) && s.min_ns <= s.p50_ns &&
         s.p50_ns <= s.p90_ns && s.p90_ns <= s.p95_ns && s.p95_ns <= s.p99_ns && s.p99_ns <= p999 &&
         p999 <= s.max_ns && within(s.mean_ns, s.min_ns, s.max_ns);
}

bool delays_hold(const RxReport& r) {
  const DelayBin* last = nullptr;
  for (const DelayBin& bin : r.delay_bins) {
    const bool rises = last == nullptr || bin.value_ns >= last->value_ns;
    if (!rises || !is_delay(bin.value_ns) || bin.count > r.datagrams) {
      return false;
    }
    last = &bin;
  }
  return is_delay(r.jitter_ns) && is_delay(r.jitter_max_ns) && is_delay(r.ipdv_mean_abs_ns) &&
         is_delay(r.ipdv_p95_abs_ns) && is_delay(r.ipdv_max_abs_ns) &&
         summary_holds(r.delay_variation, r.datagrams) &&
         (!r.raw_delay_min_ns || within(*r.raw_delay_min_ns, -kLongestDelay, kLongestDelay)) &&
         r.stamp <= RxStamp::kernel;
}

/// The rows of a column have together the whole.
bool rows_hold(const RxReport& r) {
  IntervalRow sum;
  for (const IntervalRow& row : r.intervals) {
    sum.unique = saturating_add(sum.unique, row.unique);
    sum.bytes = saturating_add(sum.bytes, row.bytes);
    sum.sent = saturating_add(sum.sent, row.sent);
    sum.lost = saturating_add(sum.lost, row.lost);
    sum.duplicates = saturating_add(sum.duplicates, row.duplicates);
    sum.reordered = saturating_add(sum.reordered, row.reordered);
    if (!is_delay_or_none(row.dv_p50_ns) || !is_delay_or_none(row.dv_p99_ns) ||
        !is_delay_or_none(row.rtt_p50_ns)) {
      return false;
    }
  }
  const auto quiet = [&r](const Outage& o) {
    return is_delay(o.start_ns) && is_delay(o.duration_ns) && o.lost <= r.sent;
  };
  const bool all = sum.unique == r.unique && sum.bytes == r.unique_bytes && sum.sent == r.sent &&
                   sum.lost == r.lost && sum.duplicates == r.duplicates &&
                   sum.reordered == r.reordered;
  return (all || r.intervals.empty()) && within<std::int64_t>(r.interval_ns, 1, kLongestSpan) &&
         std::all_of(r.outages.begin(), r.outages.end(), quiet);
}

bool times_hold(const RxReport& r) {
  return is_date(r.first_unix_ns) && is_date(r.last_unix_ns) && is_mono(r.first_mono_ns) &&
         is_mono(r.last_mono_ns) && is_mono(r.anchor_mono_ns) && r.finalized <= Finalized::no_fin;
}

bool holds(const SendTime& t, const TxReport& r) {
  return is_span(t.window_ns) && is_span(t.silent_ns) && is_span(t.tail_ns) &&
         is_count(t.queue_full) && is_count(t.queue_drops.value_or(0)) &&
         std::all_of(t.pauses.begin(), t.pauses.end(), [&r](const SendPause& p) {
           return is_span(p.start_ns) && is_span(p.duration_ns) && p.refused <= r.packets;
         });
}

bool holds(const OmittedTx& o) {
  return all_at_most(kMostCount, {o.packets, o.payload_bytes, o.batches}) &&
         o.local_drop <= o.packets;
}

}  // namespace

bool believable(const RxReport& report) {
  return counts_hold(report) && patterns_hold(report) && delays_hold(report) && rows_hold(report) &&
         times_hold(report) && heard_holds(report) && omitted_holds(report);
}

bool believable(const TxReport& r) {
  return all_at_most(kMostCount,
                     {r.packets, r.payload_bytes, r.send_blocked, r.pacing_skipped, r.batches}) &&
         r.local_drop <= r.packets && is_date(r.first_unix_ns) && is_date(r.last_unix_ns) &&
         is_span(r.span_ns) && is_span_or_none(r.gap_p50_ns) && is_span_or_none(r.gap_p99_ns) &&
         is_span_or_none(r.gap_max_ns) && is_span_or_none(r.burst_ns) &&
         is_span_or_none(r.lateness_p50_ns) && is_span_or_none(r.lateness_p99_ns) &&
         is_span_or_none(r.lateness_max_ns) && r.pacer <= PacerKind::kernel &&
         r.end <= TxEnd::failed && r.scheduling <= Scheduling::fifo &&
         r.governor <= TxGovernor::flood && (!r.time || holds(*r.time, r)) &&
         (!r.omitted || holds(*r.omitted));
}

bool believable(const Feedback& f) {
  const auto fits = [](std::uint64_t datagrams, std::uint64_t bytes) {
    return bytes <= saturating_mul(datagrams, kMaxPayloadBytes);
  };
  return within<std::int64_t>(f.held_ns, 0, kLatestMono) && is_mono(f.echo_tx_ns) &&
         all_at_most(kMostCount, {f.next_expected, f.duplicates, f.reordered, f.at_next,
                                  f.at_duplicates, f.at_reordered}) &&
         f.unique <= f.next_expected && f.omitted_next <= f.next_expected &&
         f.at_unique <= f.at_next && fits(f.unique, f.unique_bytes) &&
         fits(f.at_unique, f.at_bytes);
}

}  // namespace udperf::wire
