#include "stats/stream_stats.hpp"

#include <algorithm>

namespace udperf::stats {
namespace {

/// 36 years: no monotonic clock has run that long. Departure stamps come from the wire; within this
/// limit no difference of two transit times can overflow.
constexpr std::int64_t kMostClockNs = std::int64_t{1} << 60U;

bool is_clock_time(std::int64_t ns) {
  return ns > -kMostClockNs && ns < kMostClockNs;
}

}  // namespace

StreamStats::StreamStats(const Settings& settings)
    : settings_(settings),
      ledger_(
          settings.tmax, [this](const SequenceLedger::Stretch& s) { on_fold(s); }, settings.memory,
          settings.plan.packets()),
      reordering_(settings.memory),
      ipdv_(std::min(settings.plan.packets(), settings.neighbours_apart)),
      delays_(settings.memory),
      grid_(settings.interval, settings.memory, settings.full_grid),
      outages_(settings.gap_threshold, settings.memory),
      playout_(settings.voice.wanted()
                   ? std::make_unique<voice::Playout>(settings.voice, settings.memory)
                   : nullptr) {}

void StreamStats::on_fold(const SequenceLedger::Stretch& stretch) {
  if (stretch.arrived) {
    runs_.received(stretch.count);
  } else {
    runs_.lost(stretch.count);
    lost_bytes_ += bytes_of(stretch.first, stretch.count);
  }
  grid_.settle(stretch);
}

void StreamStats::add(const Run& run) {
  tally_.arrived(run.count);
  if (!grid_.anchored()) {
    grid_.set_anchor(run.rx);
  }
  grid_.move_to(run.rx, ledger_.next_expected());
  if (ledger_.record_fresh(run.first, run.count, run.rx)) {
    note_first_copies(run, run.first, run.count);
    note_timing(run, run.count);
    return;
  }
  // The stamps belong to the head; where it counts, so do those that follow it without a break.
  std::uint32_t leading = 0;
  for (std::uint32_t i = 0; i < run.count; ++i) {
    const bool fresh = add_one(run, run.first + i);
    leading += fresh && leading == i ? 1U : 0U;
  }
  if (leading > 0) {
    note_timing(run, leading);
  }
}

bool StreamStats::add_one(const Run& run, std::uint64_t sequence) {
  const SequenceLedger::Arrival arrival = ledger_.record(sequence, run.rx);
  switch (arrival) {
    case SequenceLedger::Arrival::first_copy:
      note_first_copies(run, sequence, 1);
      break;
    case SequenceLedger::Arrival::duplicate:
    case SequenceLedger::Arrival::more_duplicates:
      tally_.duplicate(arrival == SequenceLedger::Arrival::duplicate);
      ++grid_.row().duplicates;
      break;
    case SequenceLedger::Arrival::late:
      tally_.count_late();
      break;
    case SequenceLedger::Arrival::out_of_range:
      tally_.count_invalid();
      break;
    case SequenceLedger::Arrival::no_memory:
      tally_.count_invalid();
      out_of_memory_ = true;
      break;
  }
  return arrival == SequenceLedger::Arrival::first_copy;
}

void StreamStats::note_first_copies(const Run& run, std::uint64_t first, std::uint64_t count) {
  const bool open = settings_.plan.open();
  const std::uint64_t bytes = open ? count * run.length : bytes_of(first, count);
  outages_.arrived(run.rx, first, reordering_.next_expected());
  play(run, first, count);
  note_order(run, first, count);
  if (unique() == 0) {
    first_bytes_ = open ? run.length : settings_.plan.length(first);
  }
  tally_.first_copies(count, bytes, run.ecn);
  grid_.row().unique += count;
  grid_.row().bytes += bytes;
}

void StreamStats::play(const Run& run, std::uint64_t first, std::uint64_t count) {
  if (!playout_) {
    return;
  }
  if (run.timed && is_clock_time(run.tx_ns)) {
    playout_->arrived(first, count, Duration{to_ns(run.rx) - run.tx_ns}, mono_from_ns(run.tx_ns));
  } else {
    playout_.reset();  // nobody can say whether it came in time: nothing is said at all
  }
}

/// The numbers lie all above the highest seen, or all below it: that one arrived before.
void StreamStats::note_order(const Run& run, std::uint64_t first, std::uint64_t count) {
  if (first >= reordering_.next_expected()) {
    reordering_.in_order(first, count, run.rx);
    return;
  }
  for (std::uint64_t i = 0; i < count; ++i) {
    reordering_.late(first + i, run.rx);
  }
  grid_.row().reordered += count;
}

void StreamStats::note_timing(const Run& run, std::uint32_t count) {
  if (!run.timed || !is_clock_time(run.tx_ns)) {
    return;
  }
  const Duration transit{to_ns(run.rx) - run.tx_ns};
  jitter_.add(transit);
  ipdv_.add(run.first, run.first + count, transit);
  delays_.add(transit);
  grid_.add_delay(transit);
}

void StreamStats::finalize(std::uint64_t sent, bool tail_known, const ClockAnchor& clock,
                           RxReport& out) {
  // A sender that says less than what was folded long ago is not believed.
  sent = std::max(sent, ledger_.folded_below());
  grid_.finish(sent, delays_.min().value_or(Duration{0}));
  std::uint64_t beyond = 0;
  std::uint64_t beyond_bytes = 0;
  ledger_.close(sent, [&](const SequenceLedger::Stretch& stretch) {
    beyond += stretch.count;
    beyond_bytes += bytes_of(stretch.first, stretch.count);
  });
  runs_.finish();
  disown(beyond, beyond_bytes);
  out.sent = sent;
  out.tail_known = tail_known;
  tally_.fill(out);
  fill_pattern(out);
  fill_times(clock, out);
  fill_delays(out);
  fill_voice(out);
  out.interval_ns = grid_.length().count();
  out.anchor_mono_ns = to_ns(grid_.anchor());
  out.memory_limited = memory_limited();
  out.intervals = grid_.take();
  out.outages = outages_.take();
  delays_.clear();
}

void StreamStats::fill_voice(RxReport& out) {
  if (!playout_) {
    return;
  }
  const VoiceReport heard = playout_->finish(out.sent);
  // A sender that says it sent less than what was played already is not believed in this.
  if (heard.whole.packets == out.sent && heard.whole.missed >= out.lost) {
    out.voice = heard;
  }
  playout_.reset();
}

bool StreamStats::memory_limited() const {
  return out_of_memory_ || ledger_.hurried() || delays_.given_up() || grid_.cut_short();
}

/// Numbers that the sender says it never used.
void StreamStats::disown(std::uint64_t count, std::uint64_t bytes) {
  tally_.disown(count, bytes);
  disowned_reordered_ = reordering_.reordered() - std::min(reordering_.reordered(), unique());
  grid_.take_back(count, bytes, disowned_reordered_);
}

std::uint64_t StreamStats::bytes_of(std::uint64_t first, std::uint64_t count) const {
  return settings_.plan.open() ? 0 : settings_.plan.bytes_of(first, count);
}

void StreamStats::fill_pattern(RxReport& out) const {
  out.lost = runs_.lost();
  out.lost_bytes = sent_bytes_ && settings_.plan.open()
                       ? *sent_bytes_ - std::min(*sent_bytes_, unique_bytes())
                       : lost_bytes_;
  out.head_lost = runs_.head();
  out.tail_lost = runs_.tail();
  out.loss_periods = runs_.periods();
  out.loss_period_max = runs_.longest();
  out.burst_ratio = runs_.burst_ratio();
  out.bursts = runs_.bursts();
  out.burst_packets = runs_.burst_packets();
  out.burst_lost = runs_.burst_lost();
  out.reordered = reordering_.reordered() - disowned_reordered_;
  out.n3_reordered = std::min(reordering_.n3(), out.reordered);
  out.extent_sum = reordering_.extent_sum();
  out.extent_count = reordering_.extent_count();
  out.extent_max = reordering_.extent_max();
  out.late_ns_max = reordering_.late_max().count();
}

void StreamStats::fill_times(const ClockAnchor& clock, RxReport& out) const {
  const auto first = outages_.first_arrival();
  if (!first) {
    return;
  }
  const MonoTime last = outages_.last_arrival().value_or(*first);
  out.first_mono_ns = to_ns(*first);
  out.last_mono_ns = to_ns(last);
  out.first_unix_ns = to_ns(clock.to_unix(*first));
  out.last_unix_ns = to_ns(clock.to_unix(last));
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
  const Duration zero = delays_.min().value_or(Duration{0});
  out.delay_variation = delays_.summary_over(zero);
  out.delay_bins = delays_.bins(zero, settings_.share_delays ? kMostDelayBins : kFewDelayBins);
}

}  // namespace udperf::stats
