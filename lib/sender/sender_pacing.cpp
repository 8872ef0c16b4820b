// When a sender with a rate sends: its timetable, and how well it kept to it.

#include <algorithm>

#include "base/saturating.hpp"
#include "sender/sender.hpp"

namespace udperf::sender {
namespace {

// At or below this rate a wake-up a little late does not matter, and spinning would cost a core.
constexpr Duration kSleepOnlyPeriod = std::chrono::milliseconds{1};

std::optional<Duration> burst_window(const TestParams& params) {
  return params.burst == Duration{0} ? std::nullopt : std::optional{params.burst};
}

}  // namespace

void fill_lateness(const LogHistogram& lateness, TxReport& report) {
  if (const auto p50 = lateness.percentile(0.5)) {
    report.lateness_p50_ns = p50->count();
    report.lateness_p99_ns = lateness.percentile(0.99).value_or(*p50).count();
    report.lateness_max_ns = lateness.max().count();
  }
}

void Sender::begin_timetable(MonoTime now) {
  const auto period = period_now();
  if (plan_.even()) {
    schedule_.emplace(pacing::Schedule{
        now, period, pacing::Schedule::Bursts{batch_now(), burst_window(settings_.params)}});
    pauses_.plan(period.times(1));
    report_.pacer = pacer_for(period);
  } else {
    // The kernel would only even out what is meant to be uneven.
    begin_shaped(now);
    report_.pacer = period.times(1) >= kSleepOnlyPeriod ? PacerKind::sleep : PacerKind::sleep_spin;
  }
  if (!adjusted()) {
    report_.target_milli_pps =
        saturating_mul_div(Uint128{period.denominator}, 1'000'000'000'000U, period.numerator);
  }
}

void Sender::begin_shaped(MonoTime start) {
  const traffic::ShapedSchedule shaped{start, plan_.deadlines()};
  pauses_.plan(shaped.longest_gap());
  schedule_.emplace(shaped);
}

/// Equal gaps just go on. Where times belong to lengths, the test's begin with its first datagram.
void Sender::restart_timetable() {
  if (schedule_ && plan_.even()) {
    pauses_.plan(period_now().times(1));
  } else if (schedule_) {
    begin_shaped(begun_);
    skipped_before_ = 0;
  }
}

/// Of one datagram at the rate that is asked for now.
pacing::PacketPeriod Sender::period_now() {
  if (!adjusted()) {
    return plan_.period();
  }
  const MeanLength mean = settings_.params.mean_length(settings_.way);
  scheduled_bps_ = std::max<std::uint64_t>(rate_bps_.load(std::memory_order_relaxed), 1);
  return pacing::PacketPeriod::of(SendRate{SendRate::Kind::bits, scheduled_bps_}, mean.bytes,
                                  mean.packets, 1);
}

void Sender::follow_rate(MonoTime now) {
  if (adjusted() && rate_bps_.load(std::memory_order_relaxed) != scheduled_bps_) {
    const auto period = period_now();
    pauses_.plan(period.times(1));
    schedule_->even()->change(period, batch_now(), now);  // an adjusted rate is evenly spaced
    // Without fq, asking again tells nothing new.
    if (report_.pacer != PacerKind::sleep_spin || period.times(1) >= kSleepOnlyPeriod) {
      report_.pacer = pacer_for(period);
    }
  }
}

PacerKind Sender::pacer_for(const pacing::PacketPeriod& period) {
  if (period.times(1) >= kSleepOnlyPeriod) {
    return PacerKind::sleep;
  }
  // The schedule stays in charge of the mean: the kernel only spreads what a late wake-up or a
  // batch would bunch up, so it is given a little more than the schedule's own highest rate. An
  // IPv6, UDP and Ethernet header is as much as a datagram costs on most paths.
  constexpr std::uint32_t kHeaders = 62;
  constexpr std::uint64_t kSlackPercent = pacing::Schedule::kCatchUpPercent + 2;
  const Uint128 bytes = Uint128{settings_.params.payload_bytes} + kHeaders;
  const std::uint64_t per_second =
      saturating_mul_div(bytes * 1'000'000'000U, period.denominator, period.numerator);
  const std::uint64_t held = saturating_mul_div(Uint128{per_second}, 100 + kSlackPercent, 100);
  return port_.pace_in_kernel(held) ? PacerKind::kernel : PacerKind::sleep_spin;
}

Wake Sender::paced(MonoTime now) {
  follow_rate(now);
  const std::uint64_t due = schedule_->take_due(now);
  if (due > 0) {
    note_lateness();
    const std::uint64_t before = next_;
    const bool all = send_batch(due, now);
    const std::uint64_t sent = next_ - before;
    if (!all && sent < due) {
      schedule_->give_back(due - sent);
      return after_refusal(now);
    }
  }
  report_.pacing_skipped = schedule_->skipped() - skipped_before_;
  MonoTime next = schedule_->next_deadline();
  const Duration limit = time_limit();
  if (limit != Duration{0}) {
    next = std::min(next, begun_ + limit);  // the end of the test is not a datagram late
  }
  return Wake{next, false, report_.pacer == PacerKind::sleep_spin};
}

void Sender::note_lateness() {
  if (const auto late = schedule_->lateness(); late && next_ > 0) {
    lateness_.add(*late);
  }
}

/// What had become due before the time was over, and still fits a burst.
void Sender::send_last(MonoTime now) {
  const Duration limit = settings_.params.amount.duration;
  if (!schedule_ || limit == Duration{0}) {
    return;
  }
  const std::uint64_t due = schedule_->take_last(begun_ + limit, now);
  const std::uint64_t before = next_;
  send_batch(due, now);
  report_.pacing_skipped =
      schedule_->skipped() - skipped_before_ + due - std::min(due, next_ - before);
}

void Sender::report_pacing() {
  if (!schedule_) {
    return;
  }
  report_.scheduling = scheduling_;
  if (const pacing::Schedule* const even = schedule_->even()) {
    report_.burst_ns = even->window().longest().count();
  } else if (const std::int64_t window = report_.time ? report_.time->window_ns : 0; window > 0) {
    // What the plan had for the time: chance, too, makes a rate other than its mean.
    const std::uint64_t planned = saturating_add(report_.packets, report_.pacing_skipped);
    report_.target_milli_pps = saturating_mul_div(Uint128{planned}, 1'000'000'000'000U,
                                                  Uint128{static_cast<std::uint64_t>(window)});
  }
  fill_lateness(lateness_, report_);
}

}  // namespace udperf::sender
