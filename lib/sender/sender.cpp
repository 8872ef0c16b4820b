#include "sender/sender.hpp"

#include <algorithm>
#include <functional>

#include "base/saturating.hpp"

namespace udperf::sender {
namespace {

using Status = net::SendOutcome::Status;

// At or below this rate a wake-up a little late does not matter, and spinning would cost a core.
constexpr Duration kSleepOnlyPeriod = std::chrono::milliseconds{1};
// Refusals in a row after which a sender that nothing paces waits a moment each time.
constexpr std::uint32_t kFewRefusals = 8;
constexpr Duration kRetry = std::chrono::milliseconds{1};
// The loop goes on so long, or so often, before the caller gets its turn, when no rate is asked
// for.
constexpr Duration kTurn = std::chrono::microseconds{50};
constexpr int kBatchesPerTurn = 32;

/// Datagrams that ever leave together, even after a late wake-up: a slow sender, of which there may
/// be thousands, needs no room for a batch of a fast one.
std::uint32_t most_together(const Sender::Settings& s) {
  constexpr std::uint64_t kSlowPps = 200;
  constexpr std::uint32_t kFew = 8;
  const SendRate& rate = s.params.rate(s.way);
  const Spacing spacing = s.params.shape(s.way).spacing;
  const bool single = (spacing == Spacing::even || spacing == Spacing::poisson) &&
                      s.params.burst == Duration{0};  // else as many as the user says
  if (!single || !rate.limited() || rate.kind == SendRate::Kind::adjusted) {
    return UINT32_MAX;
  }
  const MeanLength mean = s.params.mean_length(s.way);
  const std::uint64_t pps = saturating_mul_div(Uint128{payload_bps(s.params, s.way, rate)},
                                               mean.packets, Uint128{mean.bytes} * 8);
  return pps <= kSlowPps ? kFew : UINT32_MAX;
}

BatchBuffer::Settings buffer_settings(const Sender::Settings& s, std::uint32_t payload_bytes,
                                      std::uint32_t capacity) {
  BatchBuffer::Settings out;
  out.session = s.session;
  out.stream = s.stream;
  out.payload_bytes = payload_bytes;
  out.payload = s.params.payload;
  out.seed = s.payload_seed;
  out.capacity = capacity;
  out.header = s.params.header;
  out.tag = s.compact_tag;
  out.warm_up = s.params.omit > Duration{0};
  return out;
}

/// The largest first: what is shorter and alone can be sent from that one.
std::vector<BatchBuffer> make_buffers(const Sender::Settings& s, const net::DatagramPort& port) {
  std::vector<std::uint32_t> lengths;
  const TrafficShape& shape = s.params.shape(s.way);
  for (const SizeShare& share : shape.mix()) {
    if (shape.spacing != Spacing::trace) {
      lengths.push_back(share.bytes);
    }
  }
  std::sort(lengths.begin(), lengths.end(), std::greater<>{});
  lengths.erase(std::unique(lengths.begin(), lengths.end()), lengths.end());
  const bool mixed = lengths.size() > 1;
  if (lengths.empty()) {
    lengths.push_back(s.params.payload_bytes);
  }
  std::vector<BatchBuffer> buffers;
  for (const std::uint32_t length : lengths) {
    const std::uint32_t limit = std::min(port.batch_limit(length), most_together(s));
    buffers.emplace_back(
        buffer_settings(s, length, mixed ? std::min(limit, Sender::kMixedBatch) : limit));
  }
  return buffers;
}

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

Sender::Sender(const Settings& settings, net::DatagramPort& port, const Clock& clock)
    : settings_(settings),
      port_(port),
      clock_(clock),
      plan_(settings.params, settings.way, settings.stream, settings.trace),
      buffers_(make_buffers(settings, port)),
      queue_drops_before_(port.queue_drops()) {
  if (settings.params.omit > Duration{0}) {
    warm_up_.emplace(settings.params, settings.way, settings.stream, settings.trace,
                     traffic::Part::warm_up);
  }
  const SendRate& rate = settings.params.rate(settings.way);
  report_.governor = rate.flood ? TxGovernor::flood : TxGovernor::none;
  if (!rate.limited() && !rate.flood && settings.receive_buffer != 0) {
    report_.governor = TxGovernor::receiver;
    gate_ = std::make_unique<QueueGate>(
        pacing::Governor::Start{settings.params.payload_bytes, settings.receive_buffer});
  }
}

std::uint32_t Sender::batch_of(const BatchBuffer& buffer, std::uint32_t length) const {
  return std::min(buffer.capacity(), port_.batch_limit(length));
}

/// Of the largest datagrams.
std::uint32_t Sender::batch_now() const {
  return batch_of(buffers_.front(), buffers_.front().payload_bytes());
}

/// The one whose datagrams have this length, else the largest.
BatchBuffer& Sender::buffer_for(std::uint32_t length) {
  const auto fits = [length](const BatchBuffer& b) { return b.payload_bytes() == length; };
  const auto found = std::find_if(buffers_.begin(), buffers_.end(), fits);
  return found == buffers_.end() ? buffers_.front() : *found;
}

void Sender::begin(MonoTime now) {
  started_ = true;
  begun_ = now;
  pauses_.begin(now);
  anchor_ = clock_.anchor();
  cpu_at_start_ = clock_.thread_cpu_time();
  held_up_at_start_ = clock_.held_up();
  if (settings_.params.rate(settings_.way).limited()) {
    begin_timetable(now);
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

bool Sender::over(MonoTime now) const {
  const Duration limit = settings_.params.amount.duration;
  if (warm_up_) {
    return false;
  }
  return next_ >= plan_.packets() || (limit != Duration{0} && now - begun_ >= limit);
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

Wake Sender::step(MonoTime now) {
  if (finished()) {
    return Wake{};
  }
  if (!started_) {
    begin(now);
  }
  const int stop = stop_.load(std::memory_order_relaxed);
  if (stop >= 0) {
    finish(static_cast<TxEnd>(stop));
    return Wake{};
  }
  if (warm_up_ && now - begun_ >= settings_.params.omit) {
    end_warm_up(now);
    restart_timetable();
  }
  if (over(now)) {
    if (!held()) {
      send_last(now);
    }
    if (!finished()) {
      finish(held() ? TxEnd::peer_silent : TxEnd::complete);
    }
    return Wake{};
  }
  if (held()) {
    constexpr Duration kLook = std::chrono::milliseconds{5};
    pauses_.stopped(now, 0, 0);
    return Wake{now + kLook, false, false};
  }
  return schedule_ ? paced(now) : flat_out(now);
}

Wake Sender::flat_out(MonoTime now) {
  if (gate_) {
    gate_->take_report(numbered());
  }
  const MonoTime turn_over = now + kTurn;
  for (int i = 0; i < kBatchesPerTurn && now < turn_over && !over(now); ++i) {
    std::uint64_t count = batch_now();
    if (gate_) {
      count = gate_->admit(numbered(), count, plan_now().packets() - next_, now);
      if (count == 0) {
        return Wake{gate_->ask_again(now), false, false};
      }
    }
    if (!send_batch(count, now)) {
      return after_refusal(now);
    }
    now = clock_.now();
  }
  return Wake{kAtOnce, false, false};
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

bool Sender::send_batch(std::uint64_t count, MonoTime now) {
  const traffic::TrafficPlan& plan = plan_now();
  std::uint64_t left = std::min(count, plan.packets() - next_);
  while (left > 0) {
    const std::uint32_t length = plan.length(next_);
    BatchBuffer& buffer = buffer_for(length);
    const bool fits = buffer.payload_bytes() == length;  // else alone, from the larger one
    const std::uint64_t most = fits ? std::min<std::uint64_t>(left, batch_of(buffer, length)) : 1;
    const auto n = static_cast<std::uint32_t>(plan.run_at(next_, most));
    const auto batch = static_cast<std::uint32_t>(batches_before_ + report_.batches);
    const auto data = buffer.stamped(
        {next_, to_ns(now), batch, crypto::token(settings_.token_key, batch)}, n, length);
    const auto outcome = port_.send(data, length);
    account(n, length, outcome, now);
    if (outcome.status != Status::taken && trouble_ != Status::denied) {
      return false;
    }
    if (trouble_ == Status::denied && !schedule_ && pauses_.refusals() > kFewRefusals) {
      return false;
    }
    left -= std::min<std::uint64_t>(left, std::uint64_t{outcome.datagrams} + outcome.lost);
  }
  return true;
}

Wake Sender::after_refusal(MonoTime now) {
  if (trouble_ == Status::too_big || trouble_ == Status::failed) {
    finish(TxEnd::failed);
    return Wake{};
  }
  // A qdisc that is full does not make the socket unwritable: also look again after a moment.
  return Wake{now + kRetry, trouble_ == Status::blocked, false};
}

void Sender::stop(TxEnd why) {
  int none = -1;
  stop_.compare_exchange_strong(none, static_cast<int>(why));
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
