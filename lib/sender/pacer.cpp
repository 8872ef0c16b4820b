#include "sender/pacer.hpp"

#include <algorithm>

#include "base/saturating.hpp"

namespace udperf::sender {
namespace {

// At or below this rate a wake-up a little late does not matter, and spinning would cost a core.
constexpr Duration kSleepOnlyPeriod = std::chrono::milliseconds{1};

std::optional<Duration> burst_window(const TestParams& params) {
  return params.burst == Duration{0} ? std::nullopt : std::optional{params.burst};
}

/// How often datagrams are due by a plan, over what its result looks at: chance, too, makes a rate
/// other than the mean.
void fill_planned(TxReport& report) {
  const auto milli_pps = [](std::uint64_t packets, std::int64_t ns) {
    return saturating_mul_div(Uint128{packets}, 1'000'000'000'000U,
                              Uint128{static_cast<std::uint64_t>(ns)});
  };
  const std::uint64_t planned = saturating_add(report.packets, report.pacing_skipped);
  const std::int64_t window = report.time ? report.time->window_ns : 0;
  if (window <= 0) {
    return;
  }
  report.target_milli_pps = milli_pps(planned, window);
  if (planned > 1 && report.span_ns > 0) {
    report.target_milli_pps =
        std::min(report.target_milli_pps, milli_pps(planned - 1, report.span_ns));
  }
}

void fill_lateness(const LogHistogram& lateness, TxReport& report) {
  if (const auto p50 = lateness.percentile(0.5)) {
    report.lateness_p50_ns = p50->count();
    report.lateness_p99_ns = lateness.percentile(0.99).value_or(*p50).count();
    report.lateness_max_ns = lateness.max().count();
  }
}

}  // namespace

void Pacer::begin(const traffic::TrafficPlan& plan, std::uint32_t batch, MonoTime now) {
  if (!params_.rate(way_).limited()) {
    return;
  }
  const auto period = adjusted() ? adjusted_period() : plan.period();
  if (plan.even()) {
    const MonoTime start = adjusted() ? now : saturating_after(now, plan.first_due());
    schedule_.emplace(
        pacing::Schedule{start, period, pacing::Schedule::Bursts{batch, burst_window(params_)}});
    if (params_.omit == Duration{0}) {
      schedule_->even()->end_after(plan.packets());
    }
    longest_gap_ = period.times(1);
    kind_ = kind_for(period);
  } else {
    // The kernel would only even out what is meant to be uneven.
    begin_shaped(plan, now);
    kind_ = period.times(1) >= kSleepOnlyPeriod ? PacerKind::sleep : PacerKind::sleep_spin;
  }
  if (!adjusted()) {
    target_milli_pps_ =
        saturating_mul_div(Uint128{period.denominator}, 1'000'000'000'000U, period.numerator);
  }
}

void Pacer::begin_shaped(const traffic::TrafficPlan& plan, MonoTime start) {
  const traffic::ShapedSchedule shaped{start, plan.deadlines()};
  longest_gap_ = shaped.longest_gap();
  schedule_.emplace(shaped);
}

void Pacer::end_warm_up() {
  if (schedule_) {
    schedule_->begin_figures();
  }
  lateness_ = LogHistogram{};
}

void Pacer::restart(const traffic::TrafficPlan& plan, MonoTime begun) {
  if (!schedule_) {
    return;
  }
  if (pacing::Schedule* const even = schedule_->even()) {
    even->forget_before(begun);
    even->end_after(plan.packets());
  } else {
    begin_shaped(plan, begun);
  }
}

/// Of one datagram at the rate that is asked for now.
pacing::PacketPeriod Pacer::adjusted_period() {
  const MeanLength mean = params_.mean_length(way_);
  scheduled_bps_ = std::max<std::uint64_t>(rate_bps_.load(std::memory_order_relaxed), 1);
  return pacing::PacketPeriod::of(SendRate{SendRate::Kind::bits, scheduled_bps_}, mean.bytes,
                                  mean.packets, 1);
}

void Pacer::follow_rate(std::uint32_t batch, MonoTime now) {
  if (!adjusted() || rate_bps_.load(std::memory_order_relaxed) == scheduled_bps_) {
    return;
  }
  const auto period = adjusted_period();
  longest_gap_ = period.times(1);
  schedule_->even()->change(period, batch, now);  // an adjusted rate is evenly spaced
  // Without fq, asking again tells nothing new.
  if (kind_ != PacerKind::sleep_spin || period.times(1) >= kSleepOnlyPeriod) {
    kind_ = kind_for(period);
  }
}

PacerKind Pacer::kind_for(const pacing::PacketPeriod& period) {
  if (period.times(1) >= kSleepOnlyPeriod) {
    return PacerKind::sleep;
  }
  if (params_.burst != Duration{0}) {
    return PacerKind::sleep_spin;  // the kernel would spread what is to leave together
  }
  // The schedule stays in charge of the mean: the kernel only spreads what a late wake-up or a
  // batch would bunch up, so it is given a little more than the schedule's own highest rate. An
  // IPv6, UDP and Ethernet header is as much as a datagram costs on most paths.
  constexpr std::uint32_t kHeaders = 62;
  constexpr std::uint64_t kSlackPercent = pacing::Schedule::kCatchUpPercent + 2;
  const Uint128 bytes = Uint128{params_.payload_bytes} + kHeaders;
  const std::uint64_t per_second =
      saturating_mul_div(bytes * 1'000'000'000U, period.denominator, period.numerator);
  const std::uint64_t held = saturating_mul_div(Uint128{per_second}, 100 + kSlackPercent, 100);
  return kernel_ && port_.pace_in_kernel(held) ? PacerKind::kernel : PacerKind::sleep_spin;
}

std::uint64_t Pacer::take_due(std::uint64_t next, std::uint32_t batch, MonoTime now) {
  follow_rate(batch, now);
  const std::uint64_t due = schedule_->take_due(now);
  if (due > 0 && next > 0) {
    if (const auto late = schedule_->lateness()) {
      lateness_.add(*late);
    }
  }
  return due;
}

MonoTime Pacer::await_next(MonoTime now) {
  const MonoTime next = schedule_->next_deadline();
  if (next <= now) {
    schedule_->give_back(0, pacing::Unsent::no_time);
  }
  return next;
}

void Pacer::fill(TxReport& report) const {
  if (!schedule_) {
    return;
  }
  report.pacer = kind_;
  report.scheduling = scheduling_;
  report.target_milli_pps = target_milli_pps_;
  report.pacing_skipped = schedule_->skipped() + given_up_;
  report.burst_ns = schedule_->window().longest().count();
  if (schedule_->even() == nullptr) {
    fill_planned(report);
  }
  fill_lateness(lateness_, report);
}

}  // namespace udperf::sender
