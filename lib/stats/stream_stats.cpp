#include "stats/stream_stats.hpp"

#include <algorithm>

namespace udperf::stats {
namespace {

constexpr std::size_t kMostOutages = 1000;

}  // namespace

StreamStats::StreamStats(const Settings& settings)
    : settings_(settings),
      ledger_(settings.tmax, [this](const SequenceLedger::Stretch& s) { on_fold(s); }),
      grid_(settings.interval) {}

void StreamStats::on_fold(const SequenceLedger::Stretch& stretch) {
  if (stretch.arrived) {
    runs_.received(stretch.count);
  } else {
    runs_.lost(stretch.count);
    lost_bytes_ += settings_.plan.bytes_of_first(stretch.first + stretch.count) -
                   settings_.plan.bytes_of_first(stretch.first);
  }
  grid_.settle(stretch);
}

void StreamStats::add(const Run& run) {
  datagrams_ += run.count;
  if (!grid_.anchored()) {
    grid_.set_anchor(run.rx);
  }
  grid_.move_to(run.rx, ledger_.next_expected());
  if (ledger_.record_fresh(run.first, run.count, run.rx)) {
    add_fresh(run);
    return;
  }
  for (std::uint32_t i = 0; i < run.count; ++i) {
    add_one(run, run.first + i, i == 0);
  }
}

void StreamStats::add_fresh(const Run& run) {
  // Reordering has its own idea of what was expected: the part below it is late, the rest in order.
  const std::uint64_t expected = reordering_.next_expected();
  const std::uint64_t end = run.first + run.count;
  for (std::uint64_t s = run.first; s < std::min(expected, end); ++s) {
    reordering_.late(s, run.rx);
    ++grid_.row().reordered;
  }
  const std::uint64_t from = std::max(run.first, std::min(expected, end));
  note_arrival(run.rx, run.first);
  if (from < end) {
    reordering_.in_order(from, end - from, run.rx);
  }
  note_first_copies(run, run.first, run.count);
  note_timing(run);
}

void StreamStats::add_one(const Run& run, std::uint64_t sequence, bool head) {
  switch (ledger_.record(sequence, run.rx)) {
    case SequenceLedger::Arrival::first_copy:
      note_arrival(run.rx, sequence);
      if (sequence >= reordering_.next_expected()) {
        reordering_.in_order(sequence, 1, run.rx);
      } else {
        reordering_.late(sequence, run.rx);
        ++grid_.row().reordered;
      }
      note_first_copies(run, sequence, 1);
      if (head) {
        note_timing(run);
      }
      break;
    case SequenceLedger::Arrival::duplicate:
      ++replicated_;
      [[fallthrough]];
    case SequenceLedger::Arrival::more_duplicates:
      ++duplicates_;
      ++grid_.row().duplicates;
      break;
    case SequenceLedger::Arrival::late:
      ++late_;
      break;
    case SequenceLedger::Arrival::out_of_range:
      ++invalid_;
      break;
  }
}

void StreamStats::note_first_copies(const Run& run, std::uint64_t first, std::uint64_t count) {
  const PacketPlan& plan = settings_.plan;
  const std::uint64_t bytes = first + count <= plan.first_short()
                                  ? count * plan.payload_bytes()
                                  : plan.bytes_of_first(first + count) - plan.bytes_of_first(first);
  if (unique_ == 0) {
    first_bytes_ = plan.length(first);
  }
  unique_ += count;
  unique_bytes_ += bytes;
  ecn_[run.ecn & 3U] += count;
  grid_.row().unique += count;
  grid_.row().bytes += bytes;
}

void StreamStats::note_arrival(MonoTime at, std::uint64_t first) {
  if (!first_at_) {
    first_at_ = at;
    last_at_ = at;
    return;
  }
  if (at - last_at_ > settings_.gap_threshold && outages_.size() < kMostOutages) {
    const std::uint64_t expected = reordering_.next_expected();
    outages_.push_back(Outage{(last_at_ - *first_at_).count(), (at - last_at_).count(),
                              first > expected ? first - expected : 0});
  }
  last_at_ = std::max(last_at_, at);
}

void StreamStats::note_timing(const Run& run) {
  if (!run.timed) {
    return;
  }
  const Duration transit{to_ns(run.rx) - run.tx_ns};
  jitter_.add(transit);
  ipdv_.add(run.first, run.first + run.count, transit);
  delays_.add(transit);
  grid_.add_variation(transit - delays_.min().value_or(transit));
}

void StreamStats::finalize(std::uint64_t sent, bool tail_known, const ClockAnchor& clock,
                           RxReport& out) {
  // A sender that says less than what was folded long ago is not believed.
  sent = std::max(sent, ledger_.folded_below());
  grid_.finish(sent, ledger_.next_expected());
  const std::uint64_t highest = ledger_.next_expected();
  const std::uint64_t beyond = ledger_.close(sent);
  if (beyond > 0) {
    // Numbers that the sender says it never used: whatever they were, they were not its datagrams.
    const std::uint64_t bytes =
        std::min(unique_bytes_, settings_.plan.bytes_of_first(highest) -
                                    settings_.plan.bytes_of_first(highest - beyond));
    unique_ -= beyond;
    invalid_ += beyond;
    unique_bytes_ -= bytes;
  }
  out.datagrams = datagrams_;
  out.unique = unique_;
  out.unique_bytes = unique_bytes_;
  out.late = late_;
  out.invalid = invalid_;
  out.duplicates = duplicates_;
  out.replicated = replicated_;
  out.sent = sent;
  out.lost = runs_.lost();
  out.lost_bytes = lost_bytes_;
  out.head_lost = runs_.head();
  out.tail_lost = runs_.tail();
  out.tail_known = tail_known;
  out.loss_periods = runs_.periods();
  out.loss_period_max = runs_.longest();
  out.burst_ratio = runs_.burst_ratio();
  out.reordered = reordering_.reordered();
  out.extent_sum = reordering_.extent_sum();
  out.extent_count = reordering_.extent_count();
  out.extent_max = reordering_.extent_max();
  out.late_ns_max = reordering_.late_max().count();
  out.n3_reordered = reordering_.n3();
  out.ecn = ecn_;
  out.interval_ns = settings_.interval.count();
  out.anchor_mono_ns = to_ns(grid_.anchor());
  out.intervals = grid_.take();
  out.outages = outages_;
  fill_times(clock, out);
  fill_delays(out);
}

void StreamStats::fill_times(const ClockAnchor& clock, RxReport& out) const {
  if (!first_at_) {
    return;
  }
  out.first_mono_ns = to_ns(*first_at_);
  out.last_mono_ns = to_ns(last_at_);
  out.first_unix_ns = to_ns(clock.to_unix(*first_at_));
  out.last_unix_ns = to_ns(clock.to_unix(last_at_));
  out.first_bytes = first_bytes_;
}

void StreamStats::fill_delays(RxReport& out) const {
  const auto ns = [](const std::optional<Duration>& d) {
    return d ? std::optional<std::int64_t>{d->count()} : std::nullopt;
  };
  out.jitter_ns = ns(jitter_.value());
  out.jitter_max_ns = ns(jitter_.largest());
  out.ipdv_mean_abs_ns = ns(ipdv_.mean_abs());
  out.ipdv_p95_abs_ns = ns(ipdv_.p95_abs());
  out.ipdv_max_abs_ns = ns(ipdv_.max_abs());
  out.raw_delay_min_ns = ns(delays_.min());
  out.delay_variation = delays_.summary_over(delays_.min().value_or(Duration{0}));
}

}  // namespace udperf::stats
