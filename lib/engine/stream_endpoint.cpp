#include "engine/stream_endpoint.hpp"

#include <algorithm>
#include <utility>

#include "base/saturating.hpp"
#include "sender/host_load.hpp"
#include "session/compact_tag.hpp"
#include "session/light.hpp"

namespace udperf::engine {
namespace {

using wire::MessageType;

constexpr Duration kFeedbackEvery = std::chrono::milliseconds{50};
/// To a sender that waits for it, lest it waits long where one is lost.
constexpr Duration kTellEvery = std::chrono::milliseconds{10};
constexpr int kReadsPerStep = 32;
constexpr Duration kLongestRead = std::chrono::microseconds{500};  // others want their turn
// As large as a piece of the report, whose way it shares: pays for three of them.
constexpr std::size_t kPaddedPull = wire::kCommonHeaderBytes + 10 + wire::ReportChunk::kMaxBytes;
using Budget = session::ControlBudget;
constexpr Duration kPieceAgain = std::chrono::microseconds{100};
constexpr Duration kLongestRtt = std::chrono::seconds{10};  // beyond it nothing is waited for

/// A datagram with a wrong checksum is the network's loss, but the kernel counts it among the
/// socket's drops. It tells of them for the whole host only: so the split becomes a bound.
void settle_checksum_errors(std::uint64_t errors, RxReport& report) {
  report.checksum_errors = errors;
  if (errors > 0 && report.rx_socket_drop.value_or(0) > 0) {
    *report.rx_socket_drop -= std::min(*report.rx_socket_drop, errors);
    report.rx_socket_drop_is_bound = true;
  }
}

receiver::Receiver::Settings receiver_settings(const StreamEndpoint::Settings& s, bool merging) {
  receiver::Receiver::Settings out;
  out.session = s.session;
  out.stream = s.stream;
  out.way = s.role == session::Role::client ? Way::down : Way::up;
  out.params = s.params;
  out.compact_tag = session::compact_tag(s.session, s.stream);
  out.merging = merging;
  out.memory = s.memory;
  return out;
}

}  // namespace

StreamEndpoint::StreamEndpoint(const Settings& settings, std::unique_ptr<net::DatagramPort> port,
                               const Clock& clock, TestState& shared, SessionControl* conversation)
    : settings_(settings),
      port_(std::move(port)),
      clock_(clock),
      shared_(shared),
      conversation_(conversation),
      moderation_(port_->receive_buffer_bytes()),
      fin_(settings.session, settings.stream, settings.memory,
           settings.role == session::Role::client ? kPaddedPull : 0),
      report_(settings.session, settings.stream, settings.memory) {
  make_receiver();
  if (conversation_ != nullptr) {
    shared_.speaker.store(this, std::memory_order_release);
  }
}

void StreamEndpoint::make_receiver() {
  if (receives()) {
    auto settings = receiver_settings(settings_, port_->gro_active());
    receiver_.emplace(settings);
    if (settings_.params.omit > Duration{0}) {
      settings.warm_up = true;
      warm_up_ = std::make_unique<receiver::Receiver>(settings);
    }
  }
}

void StreamEndpoint::take_payload_size() {
  if (payload_bytes() != settings_.params.payload_bytes) {
    settings_.params.payload_bytes = payload_bytes();
    make_receiver();
  }
}

void StreamEndpoint::start() {
  begun_ = true;
  port_->ignore_ttl();
  take_payload_size();
  if (receives() && !settings_.params.rate(receive_way()).limited() &&
      shared_.peer_tells_queue.load()) {
    teller_.begin(settings_.params.payload_bytes, settings_.params.streams);
  }
  // The licence to send begins with the last sign of life, not with our own readiness.
  licensed_ = mono_from_ns(shared_.last_heard_ns.load(std::memory_order_relaxed));
  echoed_ = last_licensed_ = licensed_;
  if (!sends()) {
    return;
  }
  if (shared_.gso_broken.load()) {
    port_->disable_gso();
  }
  sender::Sender::Settings s;
  s.session = settings_.session;
  s.stream = settings_.stream;
  s.way = send_way();
  s.params = settings_.params;
  s.token_key = settings_.token_key;
  s.compact_tag = session::compact_tag(settings_.session, settings_.stream);
  s.payload_seed = settings_.payload_seed;
  s.trace = settings_.trace;
  if (shared_.peer_tells_queue.load()) {
    s.receive_buffer = shared_.peer_buffer.load();
  }
  sender_ = std::make_unique<sender::Sender>(s, *port_, clock_);
  if (s.params.rate(s.way).kind == SendRate::Kind::adjusted) {
    adjuster_.emplace(s.params, s.way, port_->remote().address.family);
    sender_->set_rate(adjuster_->payload_rate());
  }
  live_sender_.store(sender_.get(), std::memory_order_release);
  tx_task_ = std::make_unique<TxTask>(
      *sender_, shared_, s.params.rate(s.way).limited() ? Urgency::deadline : Urgency::bulk, *this);
  if (!sends_itself()) {
    settings_.senders->add(*tx_task_);
  }
}

bool StreamEndpoint::afford(std::size_t bytes, Budget::Kind kind, MonoTime now) {
  return settings_.budget == nullptr || settings_.budget->take(bytes, kind, now);
}

std::uint64_t StreamEndpoint::affordable() const {
  return settings_.budget != nullptr ? settings_.budget->affordable() : UINT64_MAX;
}

void StreamEndpoint::send(std::vector<std::byte> datagram, Budget::Kind kind) {
  if (afford(datagram.size() + trailer_bytes(), kind, clock_.now())) {
    settings_.sealer.seal(datagram);
    send_sealed(datagram);
  }
}

void StreamEndpoint::send_sealed(std::span<const std::byte> datagram) {
  const auto outcome = port_->send_control(datagram);
  if (outcome.status == net::SendOutcome::Status::refused) {
    shared_.refused();
  }
}

net::SendOutcome::Status StreamEndpoint::send_probe(const wire::Probe& probe, std::size_t bytes) {
  auto datagram = wire::encode(MessageType::probe, settings_.session, settings_.stream, probe,
                               bytes - std::min(bytes, trailer_bytes()));
  settings_.sealer.seal(datagram);
  return port_->send_whole(datagram).status;
}

bool StreamEndpoint::send_merged(const std::vector<wire::Probe>& probes, std::size_t bytes) {
  std::vector<std::byte> buffer;
  for (const wire::Probe& probe : probes) {
    auto one = wire::encode(MessageType::probe, settings_.session, settings_.stream, probe,
                            bytes - trailer_bytes());
    settings_.sealer.seal(one);
    buffer.insert(buffer.end(), one.begin(), one.end());
  }
  if (!afford(buffer.size(), Budget::Kind::answer, clock_.now())) {
    return false;
  }
  port_->send(buffer, static_cast<std::uint32_t>(buffer.size() / probes.size()));
  return true;
}

Wake StreamEndpoint::step(MonoTime now, net::ReceiveBuffers& buffers) {
  if (over_) {
    return Wake{};
  }
  if (cpu_from_ == MonoTime{}) {
    cpu_from_ = now;
    cpu_at_start_ = clock_.thread_cpu_time();
    if (receives()) {
      held_up_at_start_ = clock_.held_up();
    }
  }
  if (!begun_ && shared_.started.load(std::memory_order_acquire)) {
    start();
  }
  const Reading reading = read(now, buffers);
  const Wake sending = send_data(buffers);
  run_timers(now);
  update_complete();
  if (conversation_) {
    conversation_wake_ = conversation_->on_timer(*this, now);
  }
  flush(now);
  if (shared_.quit.load(std::memory_order_acquire)) {
    over_ = true;
    tell_sender();
    return Wake{};
  }
  const Duration doze = moderation_.after(reading.reads, reading.bytes, now);
  if (reading.more) {
    return Wake{now, false, false, doze > Duration{0}};
  }
  const MonoTime next = std::min(next_wake(), sending.at);
  return doze > Duration{0} ? Wake{std::min(next, now + doze), false, false, true}
                            : Wake{next, false, false, false, slack()};
}

void StreamEndpoint::abandon() noexcept {
  over_ = true;
  shared_.out_of_memory.store(true, std::memory_order_relaxed);
  shared_.quit.store(true, std::memory_order_release);
  tell_sender();
  if (conversation_) {
    conversation_->abandon();
  }
}

/// Has the transmit loop look at what has changed: it may sleep until its next datagram is due.
void StreamEndpoint::tell_sender() const noexcept {
  if (tx_task_) {
    tx_task_->notify();
  }
}

StreamEndpoint::Reading StreamEndpoint::read(MonoTime now, net::ReceiveBuffers& buffers) {
  Reading reading;
  for (int i = 0; i < kReadsPerStep; ++i) {
    const auto reads = port_->receive(buffers);
    if (reads.empty()) {
      if (port_->take_refused()) {
        shared_.refused();
      }
      return reading;
    }
    std::uint64_t bytes = 0;
    for (const net::Received& received : reads) {
      bytes += received.data.size();
    }
    if (settings_.budget != nullptr) {
      settings_.budget->received(bytes);
    }
    for (const net::Received& received : reads) {
      on_read(received, now);
    }
    reading.bytes += bytes;
    reading.reads += reads.size();
    tell_queue();
    if (clock_.now() - now > kLongestRead) {
      break;
    }
  }
  reading.more = true;
  return reading;
}

void StreamEndpoint::on_read(const net::Received& read, MonoTime now) {
  std::size_t offset = 0;
  while (offset < read.data.size()) {
    const auto rest = read.data.subspan(offset);
    const auto datagram = rest.first(std::min<std::size_t>(rest.size(), read.segment));
    if (!receiver_ || !wire::is_data(datagram, settings_.params.header)) {
      on_control(datagram, Arrival{read.at, read.kernel_stamp}, now);
      offset += datagram.size();
    } else if (report_.closed()) {
      return;  // the books are closed: a report never changes
    } else {
      receiver::Receiver& receiver = receiver_for(datagram, read.at);
      const std::uint64_t before = receiver.accepted();
      offset = receiver.on_read(read, offset);
      if (receiver.accepted() != before) {  // anyone can send what merely looks like DATA
        shared_.heard(now);
        next_feedback_ = std::min(next_feedback_, now + feedback_every());
      }
      if (receiver.out_of_memory()) {
        shared_.out_of_memory.store(true, std::memory_order_relaxed);
      }
    }
  }
}

/// Who keeps the books of this datagram of DATA, ready to take it.
receiver::Receiver& StreamEndpoint::receiver_for(std::span<const std::byte> datagram, MonoTime at) {
  const bool first = !receiver_->has_anchor() && !(warm_up_ && warm_up_->has_anchor());
  if (first) {
    take_payload_size();  // DATA on this stream may overtake GO or GO_ACK on the first
    next_feedback_ = at;
  }
  if (warm_up_ && wire::is_warm_up(datagram)) {
    if (!warm_up_->has_anchor()) {
      warm_up_->set_anchor(at);
    }
    return *warm_up_;
  }
  if (!receiver_->has_anchor()) {
    if (warm_up_) {
      receiver_->follow(*warm_up_);
    }
    receiver_->set_anchor(shared_.anchor(at));
    receiver_->set_peer_clock(shared_.peer_clock());
  }
  return *receiver_;
}

void StreamEndpoint::on_control(std::span<const std::byte> datagram, const Arrival& arrival,
                                MonoTime now) {
  const auto header = wire::decode_common(datagram);
  if (!header || header->version != wire::kVersion) {
    return;
  }
  const bool handshake = header->type == MessageType::hello ||
                         header->type == MessageType::request || header->type == MessageType::join;
  if (handshake) {
    hand_on_stray(datagram, header->type, now);
    return;
  }
  if (header->session != settings_.session || header->stream != settings_.stream) {
    return;
  }
  const auto inner = settings_.sealer.open(datagram, session::Sealer::Replay::refused);
  if (!inner) {
    return;
  }
  shared_.heard(now);
  if (!on_stream_message(header->type, *inner, datagram.size(), arrival, now) && conversation_) {
    conversation_->on_message(header->type, *inner, *this, arrival);
  }
}

void StreamEndpoint::hand_on_stray(std::span<const std::byte> datagram, MessageType type,
                                   MonoTime now) {
  if (type == MessageType::join && settings_.role == session::Role::server &&
      settings_.stream != 0) {
    // The answer to the first one was lost; but who only looks like the client gets none.
    const auto header = wire::decode_common(datagram);
    if (header && header->session == settings_.session && header->stream == settings_.stream &&
        authentic(datagram)) {
      send(wire::encode(MessageType::join_ack, settings_.session, settings_.stream, wire::Empty{}));
    }
    return;
  }
  if (conversation_) {
    conversation_->on_stray(datagram, *this, now);
  }
}

bool StreamEndpoint::on_stream_message(MessageType type, std::span<const std::byte> inner,
                                       std::size_t bytes, const Arrival& arrival, MonoTime now) {
  switch (type) {
    case MessageType::probe:
      if (const auto probe = wire::decode<wire::Probe>(inner)) {
        shared_.note_peer_clock(mono_from_ns(probe->t1_ns), arrival.at);
        answer(*probe, bytes, arrival);
      }
      return true;
    case MessageType::feedback:
      if (const auto feedback = wire::decode<wire::Feedback>(inner)) {
        on_feedback(*feedback, arrival.at, now);
      }
      return true;
    case MessageType::fin:
      if (const auto fin = wire::decode<wire::Fin>(inner); fin && receiver_) {
        report_.on_fin(*fin, now);
      }
      return true;
    case MessageType::fin_ack:
      fin_.on_fin_ack();
      return true;
    case MessageType::report:
      if (const auto chunk = wire::decode<wire::ReportChunk>(inner)) {
        fin_.on_report(*chunk, now);
      }
      return true;
    case MessageType::report_pull:
      if (const auto pull = wire::decode<wire::ReportPull>(inner); pull && receiver_) {
        report_.on_pull(*pull, now);
      }
      return true;
    default:
      return false;
  }
}

void StreamEndpoint::answer(const wire::Probe& probe, std::size_t bytes, const Arrival& arrival) {
  // A client that looks for the path's MTU asks for answers of a size. Its address has been proven,
  // and DATA goes there next: so they may be larger than the questions, but not for ever.
  constexpr std::uint32_t kMostPadded = 2 * session::PathMtuSearch::kMostProbes;
  const bool sizing = probe.reply_bytes != 0 && !begun_;
  std::size_t most = bytes;
  if (sizing && settings_.role == session::Role::server && sends() &&
      padded_answers_ < kMostPadded) {
    ++padded_answers_;
    most = std::max<std::size_t>(bytes, kAutoPayloadV4);
  }
  mtu_hint_ = port_->take_mtu_hint().value_or(mtu_hint_);
  session::ProbeContext context;
  context.session = settings_.session;
  context.bytes = bytes;
  context.arrived = arrival.at;
  context.kernel_stamp = arrival.kernel;
  context.clock = clock_.anchor();
  context.sessions_max = shared_.sessions_max.load(std::memory_order_relaxed);
  const std::size_t padded = std::min<std::size_t>(probe.reply_bytes, most);
  context.padding = padded - std::min(padded, trailer_bytes());
  context.path_mtu = mtu_hint_;
  auto reply = session::answer_probe(probe, context, clock_.now());
  if (!sizing) {
    send(std::move(reply));
    return;
  }
  settings_.sealer.seal(reply);
  if (!afford(reply.size(), Budget::Kind::answer, clock_.now())) {
    return;
  }
  if (port_->send_whole(reply).status == net::SendOutcome::Status::too_big) {
    mtu_hint_ = port_->take_mtu_hint().value_or(mtu_hint_);
    context.padding = 0;
    context.path_mtu = mtu_hint_;
    send(session::answer_probe(probe, context, clock_.now()));
  }
}

void StreamEndpoint::run_timers(MonoTime now) {
  check_licence(now);
  if (sender_ && sender_->finished() && !fin_.started()) {
    const Duration longest{std::min<std::int64_t>(shared_.rtt_max_ns.load(), kLongestRtt.count())};
    fin_.start(sender_->report(), longest, now);
  }
  fin_.on_timer(now);
  if (receiver_ && shared_.started.load(std::memory_order_acquire)) {
    if (next_feedback_ == kNever && !report_.closed()) {
      next_feedback_ = now;
    }
    if (now >= next_feedback_) {
      send_feedback(now);
    }
    tell_queue();
    close_books_if_due(now);
  }
}

void StreamEndpoint::send_feedback(MonoTime now) {
  if (report_.closed() || shared_.overrun.load(std::memory_order_relaxed)) {
    next_feedback_ = kNever;
    return;
  }
  wire::Feedback feedback;
  feedback.number = ++feedback_number_;
  receiver_->fill(feedback, now);
  if (warm_up_) {
    wire::Feedback before;
    warm_up_->fill(before, now);
    receiver::Receiver::add_warm_up(before, feedback);
  }
  teller_.fill(*port_, current(), feedback, now);
  if (shared_.unproven(now) <= kProofLease + shared_.round_trip() && !speechless(now)) {
    send(wire::encode(MessageType::feedback, settings_.session, settings_.stream, feedback),
         Budget::Kind::feedback);
  }
  next_feedback_ = now + feedback_wait();
  const std::lock_guard lock{live_mutex_};
  live_received_ = Live{feedback, true};
}

Duration StreamEndpoint::feedback_every() const {
  return settings_.seldom ? session::kLightFeedback : kFeedbackEvery;
}

/// Where nothing came since the last FEEDBACK there is little to tell. Whose rate is adjusted has
/// to know at once, a sender that is held back may wait for what was lost, and a client's words are
/// the licence to be sent to: five of them in a row may be lost.
Duration StreamEndpoint::feedback_wait() {
  constexpr Duration kServerIdle = std::chrono::milliseconds{250};
  constexpr Duration kClientIdle = std::chrono::milliseconds{160};
  const Duration usual =
      std::min(teller_.on() ? kTellEvery : feedback_every(), settings_.params.interval);
  const bool idle = settings_.params.rate(receive_way()).kind != SendRate::Kind::adjusted &&
                    accepted() == feedback_accepted_;
  feedback_accepted_ = accepted();
  if (!idle) {
    return usual;
  }
  if (settings_.role == session::Role::server) {
    return std::max(usual, teller_.on() ? kFeedbackEvery : kServerIdle);
  }
  return teller_.on() ? usual : std::max(usual, kClientIdle);
}

session::ReportExchange::Books StreamEndpoint::books() const {
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

void StreamEndpoint::close_books_if_due(MonoTime now) {
  if (!report_.closed()) {
    if (const auto why = report_.due(books(), now)) {
      close_books(*why);
    }
  }
}

void StreamEndpoint::close_books(Finalized why) {
  if (warm_up_ && !receiver_->has_anchor()) {
    receiver_->follow(*warm_up_);
  }
  const auto queue = port_->receive_queue();
  rx_report_ = receiver_->finalize(report_.fin(), why, clock_.anchor(),
                                   queue ? std::optional{queue->drops} : std::nullopt);
  if (warm_up_) {
    rx_report_->omitted = warm_up_->finalize_warm_up(report_.fin());
  }
  rx_report_->rcvbuf_bytes = port_->receive_buffer_bytes();
  const net::PathSigns signs = port_->path_signs();
  settle_checksum_errors(port_->checksum_errors(), *rx_report_);
  rx_report_->ttl = signs.ttl;
  rx_report_->fragment_bytes = signs.fragment_bytes;
  const auto cpu = clock_.thread_cpu_time();
  const Duration wall = clock_.now() - cpu_from_;
  if (cpu && cpu_at_start_ && wall > Duration{0}) {
    rx_report_->cpu_permille = static_cast<std::uint32_t>(
        std::clamp<std::int64_t>((*cpu - *cpu_at_start_) * 1000 / wall, 0, 1000));
  }
  rx_report_->load = sender::load_between(held_up_at_start_, clock_.held_up(), wall);
  report_.set_report(*rx_report_);
}

/// A server keeps the session of a client that is silent for a while, but tells it nothing any
/// more: it may be gone, and somebody else at its address.
bool StreamEndpoint::speechless(MonoTime now) const {
  constexpr Duration kTalkTo = std::chrono::milliseconds{2500};
  return settings_.role == session::Role::server &&
         shared_.silence(now) > kTalkTo + shared_.round_trip();
}

void StreamEndpoint::flush(MonoTime now) {
  const bool mute = speechless(now);
  while (auto datagram = fin_.poll_transmit()) {
    if (!mute) {
      send(*std::move(datagram));
    }
  }
  if (!mute) {
    send_report(now);
  }
}

/// Pieces of the report as far as budget and pace go; the rest when the pace allows it, or when the
/// peer asks again.
void StreamEndpoint::send_report(MonoTime now) {
  constexpr int kPiecesPerStep = 32;
  next_piece_ = kNever;
  for (int i = 0; i < kPiecesPerStep; ++i) {
    const std::size_t bytes = report_.waiting_bytes() + trailer_bytes();
    if (report_.waiting_bytes() == 0) {
      return;
    }
    if (!afford(bytes, Budget::Kind::answer, now)) {
      const bool paid = affordable() >= bytes;
      next_piece_ = paid ? std::max(settings_.budget->due(bytes), now + kPieceAgain) : kNever;
      return;
    }
    auto datagram = *report_.poll_transmit();
    settings_.sealer.seal(datagram);
    send_sealed(datagram);
  }
  next_piece_ = now;
}

void StreamEndpoint::update_complete() {
  const bool sent = !sends() || fin_.over();
  const bool received = !receives() || report_.closed();
  if (sent && received && !complete_.exchange(true, std::memory_order_acq_rel)) {
    if (const Task* const speaker = shared_.speaker.load(std::memory_order_acquire)) {
      speaker->notify();
    }
  }
}

MonoTime StreamEndpoint::next_wake() const {
  MonoTime wake = fin_.next_timeout();
  // DATA and FIN may overtake GO: what they make due has to wait for it.
  if (receiver_ && shared_.started.load(std::memory_order_acquire)) {
    wake = std::min({wake, next_feedback_, next_piece_, report_.next_timeout(books())});
    wake = std::min(wake, report_.closed() ? kNever : teller_.next(current()));
  }
  if (conversation_) {
    wake = std::min(wake, conversation_wake_);
  }
  if (sender_ && !fin_.started()) {
    wake = std::min(wake, watch_sender(clock_.now()));
  }
  return wake;
}

/// When to judge again whether the sender may go on. Of its end it tells itself.
MonoTime StreamEndpoint::watch_sender(MonoTime now) const {
  constexpr Duration kOften = std::chrono::milliseconds{20};
  constexpr Duration kUsually = std::chrono::milliseconds{100};
  constexpr Duration kSeldom = std::chrono::milliseconds{500};
  if (settings_.seldom) {
    return std::min(now + kSeldom, licence_end(now));
  }
  return now + (adjuster_ ? kOften : kUsually);
}

/// How much later than asked for a step may be: many sessions that are idle, or light, are stepped
/// together then. A client's start is on time.
Duration StreamEndpoint::slack() const {
  constexpr Duration kTogether = std::chrono::milliseconds{20};
  constexpr Duration kSettled = std::chrono::seconds{1};
  const bool started = shared_.started.load(std::memory_order_relaxed);
  if (settings_.role == session::Role::client) {
    return settings_.light && started ? kTogether : Duration{0};
  }
  const bool waits = !started && clock_.now() - cpu_from_ > kSettled;
  const bool quiet =
      started && receiver_ && !sender_ && !teller_.on() && accepted() == feedback_accepted_;
  return settings_.light || waits || quiet ? kTogether : Duration{0};
}

StreamEndpoint::Live StreamEndpoint::live(Way way) const {
  const std::lock_guard lock{live_mutex_};
  return way == send_way() ? live_sent_ : live_received_;
}

StreamOutcome StreamEndpoint::sent_outcome() const {
  StreamOutcome outcome;
  if (sender_) {
    const int stop = shared_.stop_sending.load();
    sender_->abandon(stop >= 0 ? static_cast<TxEnd>(stop) : TxEnd::interrupted);
    outcome.tx = sender_->report();
  }
  outcome.rx = fin_.report();
  return outcome;
}

StreamOutcome StreamEndpoint::received_outcome() {
  StreamOutcome outcome;
  if (receiver_ && !report_.closed() && shared_.started.load()) {
    close_books(report_.fin() ? Finalized::tmax : Finalized::no_fin);
  }
  outcome.tx = report_.fin();
  outcome.rx = rx_report_;
  return outcome;
}

int StreamEndpoint::send_error() const {
  return sender_ && sender_->finished() && sender_->report().end == TxEnd::failed
             ? sender_->os_error()
             : 0;
}

void TxTask::abandon() noexcept {
  over_ = true;
  shared_.out_of_memory.store(true, std::memory_order_relaxed);
  lane_.notify();
}

Wake TxTask::step(MonoTime now, net::ReceiveBuffers& /*buffers*/) {
  if (shared_.quit.load(std::memory_order_acquire)) {
    const int why = shared_.stop_sending.load();
    sender_.stop(why >= 0 ? static_cast<TxEnd>(why) : TxEnd::interrupted);
  }
  Wake wake = sender_.step(now);
  if (sender_.finished()) {
    over_ = true;
    lane_.notify();
    return Wake{};
  }
  constexpr Duration kTogether = std::chrono::milliseconds{1};
  wake.slack = patient() ? kTogether : Duration{0};
  return wake;
}

}  // namespace udperf::engine
