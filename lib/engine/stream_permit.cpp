// What FEEDBACK means to the sending end of a lane: leave to go on, and how fast.

#include <algorithm>

#include "engine/stream_endpoint.hpp"
#include "session/light.hpp"

namespace udperf::engine {
namespace {

// So long a server sends on without FEEDBACK; then it waits, and after this it gives up.
constexpr Duration kLicence = std::chrono::seconds{1};
constexpr Duration kGiveUp = std::chrono::seconds{6};

}  // namespace

void StreamEndpoint::on_feedback(const wire::Feedback& told, MonoTime arrived, MonoTime now) {
  if (!sender_ || told.number <= feedback_seen_) {
    return;
  }
  const std::uint64_t batches = sender_->batches();
  wire::Feedback feedback = told;
  if (settings_.params.header == HeaderKind::compact) {  // which said only a part of these
    feedback.echo_batch = wire::extend_batch(told.echo_batch, batches);
    feedback.echo_tx_ns = wire::extend_time(wire::compact_units(told.echo_tx_ns), to_ns(now));
  }
  const std::uint64_t floor = marks_.empty() ? 0 : marks_.front().batches;
  const std::uint32_t age = static_cast<std::uint32_t>(batches) - 1U - feedback.echo_batch;
  const bool recent = age < batches - std::min(floor, batches) + 1;
  const bool authentic =
      feedback.has_echo &&
      feedback.echo_token == crypto::token(settings_.token_key, feedback.echo_batch);
  if (feedback.has_echo && !authentic) {
    return;  // whoever guesses gets nothing for it
  }
  feedback_seen_ = feedback.number;
  licensed_ = now;
  if (batches == 0 || (recent && authentic)) {
    echoed_ = now;
  }
  std::optional<Duration> echo_rtt;
  if (authentic) {
    const auto rtt = to_ns(now) - feedback.echo_tx_ns - feedback.held_ns;
    echo_rtt = Duration{rtt};
    if (rtt < 10'000'000'000) {
      shared_.note_round_trip(*echo_rtt);
    }
  }
  govern(feedback, authentic, arrived);
  if (adjuster_) {  // check_licence() hands the rate on, in the same step
    adjuster_->on_feedback(feedback, echo_rtt, now);
  }
  const std::lock_guard lock{live_mutex_};
  live_sent_ = Live{feedback, true};
}

/// Hands the receiver's word on its queue to a sender without a rate.
void StreamEndpoint::govern(const wire::Feedback& feedback, bool authentic, MonoTime arrived) {
  sender::QueueGate* const gate = sender_->gate();
  if (gate == nullptr || feedback.queue_limit == 0) {
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
  if (authentic) {
    report.queue.arrived_until = mono_from_ns(feedback.echo_tx_ns + feedback.held_ns);
  }
  report.queue.queue_bytes = feedback.queue_bytes;
  report.queue.queue_limit = feedback.queue_limit;
  report.queue.drops = feedback.queue_drops;
  report.queue.cost = feedback.queue_cost;
  gate->on_report(report);
  if (!sends_itself()) {
    tell_sender();
  }
}

/// A sender at full speed must hear of the queue before it is full.
void StreamEndpoint::tell_queue() {
  if (receiver_ && teller_.on() && !report_.closed()) {
    const MonoTime now = clock_.now();
    if (teller_.due(*port_, current(), now)) {
      send_feedback(now);
    }
  }
}

/// A sender at full speed runs here: what the receiver tells is then read between two batches,
/// without waking anybody up.
Wake StreamEndpoint::send_data(net::ReceiveBuffers& buffers) {
  if (!tx_task_ || !sends_itself() || tx_task_->over()) {
    return Wake{};
  }
  return tx_task_->step(clock_.now(), buffers);  // what was read before took its time
}

/// How long FEEDBACK may go without echoing recent data.
Duration StreamEndpoint::echo_licence() const {
  const auto& rate = settings_.params.rate(send_way());
  const Duration least = licence() + shared_.round_trip();
  if (!rate.limited()) {
    return least;
  }
  // At a few packets a second, a lost one must not look like a receiver that is gone.
  const bool adjusted = rate.kind == SendRate::Kind::adjusted;
  const auto lowest = pacing::LoadAdjustment::rate_of_row(0);
  const MeanLength mean = settings_.params.mean_length(send_way());
  const auto period = pacing::PacketPeriod::of(
      adjusted ? SendRate{SendRate::Kind::bits, std::min(rate.value, lowest.bps())} : rate,
      mean.bytes, mean.packets, adjusted ? 1 : settings_.params.streams);
  return std::max(least, std::min(16 * period.times(1), Duration{16 * kLicence}));
}

void StreamEndpoint::check_licence(MonoTime now) {
  constexpr Duration kMarkEvery = std::chrono::milliseconds{100};
  constexpr Duration kRecent = std::chrono::seconds{2};
  if (!sender_ || sender_->finished()) {
    return;
  }
  // A sender that waits makes no marks: what it sent last stays what can be echoed.
  if (!sender_->held() && (marks_.empty() || now - marks_.back().at >= kMarkEvery)) {
    marks_.push_back(Mark{now, sender_->batches()});
    const Duration recent = kRecent + shared_.round_trip();
    while (marks_.size() > 1 && now - marks_[1].at > recent) {
      marks_.pop_front();
    }
  }
  if (adjuster_) {
    adjuster_->on_timer(now);
    sender_->set_rate(adjuster_->payload_rate());
  }
  if (const int stop = shared_.stop_sending.load(); stop >= 0) {
    stop_sender(static_cast<TxEnd>(stop));
  }
  if (settings_.feedback_patience > Duration{0} && now - licensed_ > settings_.feedback_patience) {
    stop_sender(TxEnd::peer_silent);
  }
  if (settings_.role == session::Role::server) {
    const bool licensed = now - licensed_ <= first_licence() && now - echoed_ <= echo_licence() &&
                          shared_.unproven(now) <= kProofLease + shared_.round_trip();
    hold_sender(!licensed);
    if (licensed) {
      last_licensed_ = now;
    } else if (now - last_licensed_ > kGiveUp + 2 * shared_.round_trip()) {
      stop_sender(TxEnd::peer_silent);
    }
  }
}

void StreamEndpoint::stop_sender(TxEnd why) {
  sender_->stop(why);
  tell_sender();
}

void StreamEndpoint::hold_sender(bool held) {
  if (sender_->held() != held) {
    sender_->hold(held);
    tell_sender();
  }
}

/// How long FEEDBACK may stay away: the first comes a round trip after the start.
Duration StreamEndpoint::first_licence() const {
  return feedback_seen_ == 0 ? licence() + shared_.round_trip() : licence();
}

Duration StreamEndpoint::licence() const {
  return settings_.seldom ? session::kLightPermit : kLicence;
}

/// When a server has to stop where nothing more comes: just later than check_licence() allows.
MonoTime StreamEndpoint::licence_end(MonoTime now) const {
  constexpr Duration kJustLater = std::chrono::microseconds{1};
  if (settings_.role == session::Role::client || sender_->held()) {
    return kNever;
  }
  const MonoTime proof = now - shared_.unproven(now) + kProofLease + shared_.round_trip();
  return std::min({licensed_ + first_licence(), echoed_ + echo_licence(), proof}) + kJustLater;
}

}  // namespace udperf::engine
