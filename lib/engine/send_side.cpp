#include "engine/send_side.hpp"

#include <algorithm>

#include "session/compact_tag.hpp"

namespace udperf::engine {
namespace {

// As large as a piece of the report, whose way it shares: pays for three of them.
constexpr std::size_t kPaddedPull =
    wire::kCommonHeaderBytes + wire::ReportChunk::kHeadBytes + wire::ReportChunk::kMaxBytes;
constexpr Duration kLongestRtt = std::chrono::seconds{10};  // beyond it nothing is waited for

}  // namespace

SendSide::SendSide(const StreamSettings& settings, StreamSocket& socket, const Clock& clock,
                   TestState& test, const Task& endpoint)
    : settings_(settings),
      socket_(socket),
      clock_(clock),
      test_(test),
      endpoint_(endpoint),
      fin_(settings.session, settings.stream, settings.memory,
           settings.role == session::Role::client ? kPaddedPull : 0) {}

void SendSide::start() {
  // The permit to send begins with the last sign of life, not with our own readiness.
  permit_ = SendPermit{{settings_.sparse_control, settings_.feedback_patience, echo_patience()},
                       mono_from_ns(test_.last_heard_ns.load(std::memory_order_relaxed))};
  if (test_.agreed.gso_broken) {
    socket_.port().disable_gso();
  }
  sender_ = std::make_unique<sender::Sender>(sender_settings(), socket_.port(), clock_);
  const SendRate& rate = settings_.params.rate(settings_.send_way());
  if (rate.adjusted()) {
    adjuster_.emplace(settings_.params, settings_.send_way(), socket_.family());
    sender_->set_rate(adjuster_->payload_rate());
  }
  live_sender_.store(sender_.get(), std::memory_order_release);
  tx_task_ = std::make_unique<TxTask>(
      *sender_, test_, rate.limited() ? Urgency::deadline : Urgency::bulk, endpoint_);
  if (!settings_.sends_itself()) {
    settings_.senders->add(*tx_task_);
  }
}

sender::Sender::Settings SendSide::sender_settings() const {
  sender::Sender::Settings s;
  s.session = settings_.session;
  s.stream = settings_.stream;
  s.way = settings_.send_way();
  s.params = settings_.params;
  s.token_key = settings_.token_key;
  s.compact_tag = session::compact_tag(settings_.session, settings_.stream);
  s.payload_seed = settings_.payload_seed;
  s.trace = settings_.trace;
  s.threads = &test_.sending_threads;
  if (test_.agreed.peer_tells_queue) {
    s.receive_buffer = test_.agreed.peer_buffer;
    if (settings_.receives() && !settings_.params.rate(settings_.receive_way()).limited()) {
      // More of it is used when the other end offers that: see QueueReporter::Settings::yields.
      s.receive_buffer = std::min(s.receive_buffer, receiver::QueueReporter::kLeastOffered);
    }
    s.round_trip = test_.round_trip();
  }
  return s;
}

/// At a few packets a second, a lost one must not look like a receiver that is gone.
Duration SendSide::echo_patience() const {
  const auto& rate = settings_.params.rate(settings_.send_way());
  if (!rate.limited()) {
    return Duration{0};
  }
  const bool adjusted = rate.adjusted();
  const auto lowest = pacing::LoadAdjustment::rate_of_row(0);
  const MeanLength mean = settings_.params.mean_length(settings_.send_way());
  const auto period = pacing::PacketPeriod::of(
      adjusted ? SendRate{SendRate::Kind::bits, std::min(rate.value, lowest.bps())} : rate,
      mean.bytes, mean.packets, adjusted ? 1 : settings_.params.streams);
  return std::min(16 * period.times(1), Duration{16 * kPermit});
}

/// FEEDBACK with all that the compact header left out of it.
wire::Feedback SendSide::whole(const wire::Feedback& told, std::uint64_t batches,
                               MonoTime now) const {
  wire::Feedback feedback = told;
  if (settings_.params.header == HeaderKind::compact) {
    feedback.echo_batch = wire::extend_batch(told.echo_batch, batches);
    feedback.echo_tx_ns = wire::extend_time(wire::compact_units(told.echo_tx_ns), to_ns(now));
  }
  return feedback;
}

void SendSide::on_feedback(const wire::Feedback& told, MonoTime arrived, MonoTime now) {
  if (!sender_ || !permit_.is_news(told.number)) {
    return;
  }
  const std::uint64_t batches = sender_->batches();
  const wire::Feedback feedback = whole(told, batches, now);
  const bool authentic =
      feedback.has_echo &&
      feedback.echo_token == crypto::token(settings_.token_key, feedback.echo_batch);
  if (feedback.has_echo && !authentic) {
    return;  // whoever guesses gets nothing for it
  }
  const bool recent = authentic && permit_.is_recent(feedback.echo_batch, batches);
  permit_.on_feedback(feedback.number, batches == 0 || recent, now);
  std::optional<Duration> echo_rtt;
  if (authentic) {
    // When it arrived, not when this end had time to read it.
    const Duration rtt{to_ns(arrived) - feedback.echo_tx_ns - feedback.held_ns};
    echo_rtt = std::max(rtt, Duration{0});
    if (rtt >= Duration{0} && rtt < kLongestRtt) {
      test_.note_round_trip(rtt);
    }
  }
  govern(feedback, authentic, arrived);
  if (adjuster_) {  // run_timers() hands the rate on, in the same step
    adjuster_->on_feedback(feedback, echo_rtt, now);
  }
  live_.set(feedback);
}

/// Hands the receiver's word on its queue to a sender without a rate.
void SendSide::govern(const wire::Feedback& feedback, bool authentic, MonoTime arrived) {
  sender::QueueGate* const gate = sender_->gate();
  if (gate == nullptr) {
    return;
  }
  if (feedback.queue_limit == 0) {
    gate->on_untold();
    return;
  }
  sender::QueueGate::Report report;
  report.came = arrived;
  report.queue.next = feedback.next_expected;
  if (feedback.next_expected > feedback.omitted_next) {
    // It cannot know what was lost at the end of the warm-up; we do.
    const std::uint64_t omitted = sender_->omitted_packets();
    report.queue.next += omitted - std::min(omitted, feedback.omitted_next);
  }
  report.queue.read = feedback.unique + feedback.duplicates;
  const auto arrived_until = mono_from_ns(feedback.echo_tx_ns + feedback.held_ns);
  if (authentic && arrived_until <= arrived) {  // else a wall clock was set while that one waited
    report.queue.arrived_until = arrived_until;
    report.queue.waited = Duration{feedback.held_ns};
    report.queue.round_trip = test_.least_round_trip();
  }
  report.queue.queue_bytes = feedback.queue_bytes;
  report.queue.queue_limit = feedback.queue_limit;
  report.queue.drops = feedback.queue_drops;
  report.queue.cost = feedback.queue_cost;
  gate->on_report(report);
  if (!settings_.sends_itself()) {
    notify_sender();
  }
}

Wake SendSide::transmit(net::ReceiveBuffers& buffers) {
  if (!tx_task_ || !settings_.sends_itself() || tx_task_->over()) {
    return Wake{};
  }
  return tx_task_->step(clock_.now(), buffers);  // what was read before took its time
}

void SendSide::run_timers(MonoTime now) {
  if (sender_ && !sender_->finished()) {
    govern_sender(now);
  }
  if (sender_ && sender_->finished() && !fin_.started()) {
    start_fin(now);
  }
  fin_.on_timer(now);
}

/// How fast the sender may go, and whether it may at all.
void SendSide::govern_sender(MonoTime now) {
  if (!sender_->held()) {
    permit_.mark(sender_->batches(), test_.round_trip(), now);
  }
  if (adjuster_) {
    adjuster_->on_timer(now);
    sender_->set_rate(adjuster_->payload_rate());
  }
  if (const auto stop = test_.stop_sending.get()) {
    stop_sender(*stop);
  }
  if (permit_.out_of_patience(now)) {
    stop_sender(TxEnd::peer_silent);
  }
  if (settings_.role == session::Role::server) {
    const auto verdict = permit_.judge(peer(now), now);
    hold_sender(verdict != SendPermit::Verdict::go_on);
    if (verdict == SendPermit::Verdict::give_up) {
      stop_sender(TxEnd::peer_silent);
    }
  }
}

void SendSide::start_fin(MonoTime now) {
  const Duration longest{std::min<std::int64_t>(test_.rtt_max_ns.load(), kLongestRtt.count())};
  fin_.start(sender_->report(), longest, now);
}

void SendSide::flush(bool mute) {
  while (auto datagram = fin_.poll_transmit()) {
    if (!mute) {
      socket_.send(*std::move(datagram));
    }
  }
}

MonoTime SendSide::next_wake() const {
  const MonoTime wake = fin_.next_timeout();
  return sender_ && !fin_.started() ? std::min(wake, watch_sender(clock_.now())) : wake;
}

/// When to judge again whether the sender may go on. Of its end it tells itself.
MonoTime SendSide::watch_sender(MonoTime now) const {
  constexpr Duration kOften = std::chrono::milliseconds{20};
  constexpr Duration kUsually = std::chrono::milliseconds{100};
  constexpr Duration kSeldom = std::chrono::milliseconds{500};
  const bool served = settings_.role == session::Role::server;
  if (!settings_.sparse_control && !(settings_.light && served)) {
    return now + (adjuster_ ? kOften : kUsually);
  }
  const bool needs_permit = served && !sender_->held();
  return needs_permit ? std::min(now + kSeldom, permit_.end(peer(now), now)) : now + kSeldom;
}

void SendSide::notify_sender() const noexcept {
  if (tx_task_) {
    tx_task_->notify();
  }
}

void SendSide::stop_sender(TxEnd why) {
  sender_->stop(why);
  notify_sender();
}

void SendSide::hold_sender(bool held) {
  if (sender_->held() != held) {
    sender_->hold(held);
    notify_sender();
  }
}

StreamOutcome SendSide::outcome() const {
  StreamOutcome outcome;
  if (sender_) {
    sender_->abandon(test_.stop_sending.get().value_or(TxEnd::interrupted));
    outcome.tx = sender_->report();
  }
  outcome.rx = fin_.report();
  return outcome;
}

int SendSide::error() const {
  return sender_ && sender_->finished() && sender_->report().end == TxEnd::failed
             ? sender_->os_error()
             : 0;
}

}  // namespace udperf::engine
