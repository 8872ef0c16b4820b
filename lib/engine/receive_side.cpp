#include "engine/receive_side.hpp"

#include <algorithm>

#include "session/compact_tag.hpp"

namespace udperf::engine {
namespace {

using Budget = session::ControlBudget;
using wire::MessageType;

/// A datagram with a wrong checksum is the network's loss, but the kernel counts it among the
/// socket's drops. It tells of them for the whole host only: so the split becomes a bound.
void settle_checksum_errors(std::uint64_t errors, RxReport& report) {
  report.checksum_errors = errors;
  if (errors > 0 && report.rx_socket_drop.value_or(0) > 0) {
    *report.rx_socket_drop -= std::min(*report.rx_socket_drop, errors);
    report.rx_socket_drop_is_bound = true;
  }
}

receiver::Receiver::Settings receiver_settings(const StreamSettings& s, bool merging) {
  receiver::Receiver::Settings out;
  out.session = s.session;
  out.stream = s.stream;
  out.way = s.receive_way();
  out.params = s.params;
  out.compact_tag = session::compact_tag(s.session, s.stream);
  out.merging = merging;
  out.memory = s.memory;
  return out;
}

FeedbackSchedule::Settings schedule_settings(const StreamSettings& s) {
  FeedbackSchedule::Settings out;
  out.role = s.role;
  out.sparse_control = s.sparse_control;
  out.light = s.light;
  out.adjusted = s.params.rate(s.receive_way()).adjusted();
  out.interval = s.params.interval;
  return out;
}

}  // namespace

ReceiveSide::ReceiveSide(StreamSettings& settings, StreamSocket& socket, const Clock& clock,
                         TestState& test)
    : settings_(settings),
      socket_(socket),
      clock_(clock),
      test_(test),
      schedule_(schedule_settings(settings)),
      report_(settings.session, settings.stream, settings.memory),
      host_(&test.receiving_threads) {
  make_receiver();
}

void ReceiveSide::make_receiver() {
  auto settings = receiver_settings(settings_, socket_.port().gro_active());
  receiver_.emplace(settings);
  if (settings_.params.omit > Duration{0}) {
    settings.warm_up = true;
    warm_up_ = std::make_unique<receiver::Receiver>(settings);
  }
}

void ReceiveSide::adopt_payload_size() {
  if (settings_.adopt_payload_size(test_)) {
    make_receiver();
  }
}

void ReceiveSide::begin_account(MonoTime now) {
  account_from_ = now;
  host_.begin(clock_);
}

void ReceiveSide::start() {
  adopt_payload_size();
  if (!settings_.params.rate(settings_.receive_way()).limited() && test_.agreed.peer_tells_queue) {
    queue_reporter_.begin(
        {settings_.params.payload_bytes, settings_.params.streams,
         settings_.sends() && !settings_.params.rate(settings_.send_way()).limited()},
        test_.queue_words);
  }
}

std::size_t ReceiveSide::on_data(const net::Received& read, std::size_t offset, MonoTime now) {
  if (report_.closed()) {
    return read.data.size();  // the books are closed: a report never changes
  }
  const auto rest = read.data.subspan(offset);
  const auto datagram = rest.first(std::min<std::size_t>(rest.size(), read.segment));
  receiver::Receiver& receiver = receiver_for(datagram, read.at);
  const std::uint64_t before = receiver.accepted();
  const std::size_t after = receiver.on_read(read, offset);
  if (receiver.accepted() != before) {  // anyone can send what merely looks like DATA
    test_.heard(now);
    schedule_.on_data(now);
  }
  if (receiver.out_of_memory()) {
    test_.out_of_memory.store(true, std::memory_order_relaxed);
  }
  return after;
}

/// Who keeps the books of this datagram of DATA, ready to take it.
receiver::Receiver& ReceiveSide::receiver_for(std::span<const std::byte> datagram, MonoTime at) {
  const bool first = !receiver_->has_anchor() && !(warm_up_ && warm_up_->has_anchor());
  if (first) {
    adopt_payload_size();  // DATA on this stream may overtake GO or GO_ACK on the first
    schedule_.on_first_data(at);
  }
  if (warm_up_ && warm_up_->of_warm_up(datagram)) {
    if (!warm_up_->has_anchor()) {
      warm_up_->set_anchor(at);
      warm_up_->set_peer_clock(test_.peer_clock.get());
    }
    return *warm_up_;
  }
  if (!receiver_->has_anchor()) {
    if (warm_up_) {
      receiver_->follow(*warm_up_);
      account_from_ = clock_.now();
      host_.restart(clock_);
      checksum_errors_before_ = socket_.port().checksum_errors();
    }
    receiver_->set_anchor(test_.anchor.set_once(at));
    receiver_->set_peer_clock(test_.peer_clock.get());
  }
  return *receiver_;
}

void ReceiveSide::tell_queue() {
  if (queue_reporter_.on() && !report_.closed()) {
    const MonoTime now = clock_.now();
    if (queue_reporter_.due(socket_.port(), current(), now)) {
      send_feedback(now);
    }
  }
}

void ReceiveSide::run_timers(MonoTime now) {
  if (!test_.started.load(std::memory_order_acquire)) {
    return;
  }
  if (!report_.closed()) {
    schedule_.begin(now);
  }
  if (schedule_.due(now)) {
    send_feedback(now);
  }
  tell_queue();
  close_books_if_due(now);
  if (settings_.role == session::Role::client) {  // a server is asked until it has said enough
    report_.remind(now);
  }
}

wire::Feedback ReceiveSide::make_feedback(MonoTime now) {
  wire::Feedback feedback;
  feedback.number = ++feedback_number_;
  receiver_->fill(feedback, now);
  if (warm_up_) {
    wire::Feedback before;
    warm_up_->fill(before, now);
    receiver::Receiver::add_warm_up(before, feedback);
  }
  queue_reporter_.fill(socket_.port(), current(), feedback, now);
  return feedback;
}

void ReceiveSide::send_feedback(MonoTime now) {
  if (report_.closed() || test_.overrun.load(std::memory_order_relaxed)) {
    schedule_.stop();
    return;
  }
  const wire::Feedback feedback = make_feedback(now);
  const bool may =
      test_.unproven(now) <= kProofLease + test_.round_trip() && !settings_.muted(test_, now);
  if (may && socket_.send(
                 wire::encode(MessageType::feedback, settings_.session, settings_.stream, feedback),
                 Budget::Kind::feedback)) {
    queue_reporter_.told(current(), feedback, now);
  }
  schedule_.on_sent(accepted(), queue_reporter_.on(), now);
  live_.set(feedback);
}

session::ReportExchange::Books ReceiveSide::books() const {
  session::ReportExchange::Books books;
  books.last_arrival = receiver_->last_arrival();
  books.all_received = report_.fin() && receiver_->all_received(report_.fin()->packets);
  if (warm_up_) {
    const auto& fin = report_.fin();
    const std::uint64_t omitted = fin && fin->omitted ? fin->omitted->packets : 0;
    books.last_arrival = std::max(books.last_arrival, warm_up_->last_arrival());
    books.all_received = books.all_received && warm_up_->all_received(omitted);
  }
  return books;
}

void ReceiveSide::close_books_if_due(MonoTime now) {
  if (!report_.closed()) {
    if (const auto why = report_.due(books(), now)) {
      close_books(*why);
    }
  }
}

void ReceiveSide::close_books(Finalized why) {
  if (warm_up_ && !receiver_->has_anchor()) {
    receiver_->follow(*warm_up_);
  }
  const auto queue = socket_.port().receive_queue();
  rx_report_ = receiver_->finalize(report_.fin(), why, clock_.anchor(),
                                   queue ? std::optional{queue->drops} : std::nullopt);
  if (warm_up_) {
    rx_report_->omitted = warm_up_->finalize_warm_up(report_.fin());
  }
  report_host(*rx_report_);
  report_.set_report(*rx_report_);
}

/// What this host, and the headers of IP, have to say.
void ReceiveSide::report_host(RxReport& report) const {
  report.rcvbuf_bytes = socket_.port().receive_buffer_bytes();
  const net::PathSigns signs = socket_.port().path_signs();
  const std::uint64_t errors = socket_.port().checksum_errors();
  settle_checksum_errors(errors - std::min(errors, checksum_errors_before_), report);
  report.ttl = signs.ttl;
  report.fragment_bytes = signs.fragment_bytes;
  host_.fill(clock_, clock_.now() - account_from_, report);
}

void ReceiveSide::send_report(MonoTime now) {
  constexpr int kPiecesPerStep = 32;
  constexpr Duration kPieceAgain = std::chrono::microseconds{100};
  next_piece_ = kNever;
  for (int i = 0; i < kPiecesPerStep; ++i) {
    const std::size_t bytes = report_.waiting_bytes() + socket_.trailer_bytes();
    if (report_.waiting_bytes() == 0) {
      return;
    }
    if (!socket_.afford(bytes, Budget::Kind::answer, now)) {
      const bool paid = socket_.affordable() >= bytes;
      next_piece_ = paid ? std::max(socket_.budget_due(bytes), now + kPieceAgain) : kNever;
      return;
    }
    socket_.send_paid(*report_.poll_transmit());
  }
  next_piece_ = now;
}

MonoTime ReceiveSide::next_wake() const {
  // DATA and FIN may overtake GO: what they make due has to wait for it.
  if (!test_.started.load(std::memory_order_acquire)) {
    return kNever;
  }
  const MonoTime wake = std::min(
      {schedule_.next(), next_piece_, report_.next_timeout(books()), report_.next_reminder()});
  const bool mute = report_.closed() || test_.overrun.load(std::memory_order_relaxed);
  return std::min(wake, mute ? kNever : queue_reporter_.next(current()));
}

StreamOutcome ReceiveSide::outcome() {
  StreamOutcome outcome;
  if (!report_.closed() && test_.started.load()) {
    host_.forget_thread();  // it has gone: this one's times are not its own
    close_books(report_.fin() ? Finalized::tmax : Finalized::no_fin);
  }
  outcome.tx = report_.fin();
  outcome.rx = rx_report_;
  return outcome;
}

}  // namespace udperf::engine
