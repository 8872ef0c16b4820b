#include "iperf3/server_test.hpp"

#include <algorithm>
#include <utility>

#include "iperf3/amount_time.hpp"
#include "iperf3/drain.hpp"
#include "iperf3/socket_buffers.hpp"
#include "session/admission.hpp"

namespace udperf::iperf3 {
namespace {

using namespace std::chrono_literals;
using ServerEvent = ServerControl::Event;

constexpr Duration kLookAgain = 2ms;

}  // namespace

ServerTest::ServerTest(const ServerTestSetting& setting,
                       std::unique_ptr<net::TcpConnection> connection, std::uint64_t id,
                       MonoTime now)
    : setting_(setting),
      connection_(std::move(connection)),
      id_(id),
      control_(now),
      memory_(setting.sources, connection_->remote().address),
      times_(setting.clock.unix_now(), now) {}

ServerTest::~ServerTest() = default;

MonoTime ServerTest::step(MonoTime now) {
  talk(now);
  for (const ServerEvent event : control_.take_events()) {
    on_event(event, now);
  }
  control_.on_time(now);
  watch(now);
  note_rows(now);
  collect(now);
  for (const ServerEvent event : control_.take_events()) {
    on_event(event, now);
  }
  connection_->send(control_.take_output());
  if (control_.closing()) {
    connection_->finish_sending();
  }
  return next_time(now);
}

void ServerTest::talk(MonoTime now) {
  std::vector<std::byte> bytes;
  connection_->flush();
  connection_->receive(bytes);
  if (!bytes.empty()) {
    control_.on_bytes(bytes, now);
  }
  if (connection_->closed()) {
    control_.on_closed(now);
  }
}

void ServerTest::on_event(ServerEvent event, MonoTime now) {
  switch (event) {
    case ServerEvent::asked:
      admission_.ask();
      trace("get_parameters", to_json(control_.parameters()));
      break;
    case ServerEvent::started:
      start(now);
      break;
    case ServerEvent::stopped:
      times_.stop(now);
      stop_senders(TxEnd::complete);
      omit_what_comes(now);
      break;
    case ServerEvent::client_results:
      times_.hear_results(now);
      trace("get_results", to_json(*control_.client_results()));
      break;
    case ServerEvent::ended:
      stop_all();
      break;
  }
}

/// Of a test that was stopped in its omitted time nothing counts: not what still comes, either.
void ServerTest::omit_what_comes(MonoTime now) {
  const Duration omitted = std::chrono::seconds{control_.parameters().omit_seconds};
  if (omitted == Duration{0} || times_.measured_seconds(now, omitted) > 0) {
    return;
  }
  for (const Stream& stream : streams_) {
    if (stream.receiver) {
      stream.receiver->omit_until(kNever);
    }
  }
}

void ServerTest::grant(const TestParams& granted) {
  admission_.grant(granted);
}

/// All threads', or the one that the client wanted.
engine::Executor& ServerTest::executor() {
  const auto cpu = control_.parameters().extras.server_affinity;
  if (cpu && !pinned_) {
    pinned_ = std::make_unique<PinnedWorker>(setting_.clock, *cpu);
  }
  return pinned_ ? pinned_->executor() : setting_.executor;
}

void ServerTest::trace(const char* what, const std::string& text) const {
  if (setting_.trace) {
    setting_.trace(std::string{what} + ":\n" + text);
  }
}

MonoTime ServerTest::free_at(MonoTime now) const {
  const Parameters& p = control_.parameters();
  std::optional<Duration> planned;
  if (p.seconds != 0 && p.bytes == 0 && p.blocks == 0) {
    planned = std::chrono::seconds{p.seconds + p.omit_seconds};
  } else {
    const auto granted = session::granted_time(params());
    planned = granted && *granted > Duration{0} ? granted : std::nullopt;
  }
  return times_.free_at(planned, control_.hard_end(), now);
}

void ServerTest::refuse(ErrorNumber error, const std::string& reason, MonoTime now) {
  admission_.turn_away();
  control_.refuse(error, reason, now);
}

void ServerTest::say_busy(MonoTime now) {
  admission_.turn_away();
  control_.say_busy(now);
}

void ServerTest::shut_down(MonoTime now) {
  admission_.turn_away();
  control_.shut_down(now);
}

void ServerTest::fail(ErrorNumber error, const std::string& reason, MonoTime now) {
  control_.refuse(error, reason, now);
}

void ServerTest::take_turn(MonoTime now) {
  admission_.admit(now);
  control_.admit(now);
}

net::PortOptions ServerTest::port_options(const Endpoint& client, const Endpoint& local) const {
  const Parameters& p = control_.parameters();
  net::PortOptions out;
  out.bind = local.address;
  out.device = setting_.device;
  out.local_port = local.port;
  out.remote = client;
  // What the client wishes is no more than what everybody else gets.
  out.buffer_bytes =
      p.window != 0 ? std::min(p.window, setting_.buffer_bytes) : setting_.buffer_bytes;
  out.share_port = true;
  out.tos = p.ip.tos;
  out.dont_fragment = p.ip.dont_fragment;
  return out;
}

StreamAccount::Settings ServerTest::receiving_settings(const net::DatagramPort& port) {
  const Parameters& p = control_.parameters();
  StreamAccount::Settings settings;
  settings.length = p.length;
  settings.counters = p.counters_64bit ? Counters::wide : Counters::narrow;
  settings.merging = port.gro_active();
  settings.streams = p.streams;
  settings.omits = p.omit_seconds != 0;
  settings.memory = &memory_.account();
  return settings;
}

SendingStream::Settings ServerTest::sending_settings() {
  const Parameters& p = control_.parameters();
  SendingStream::Settings settings;
  settings.length = p.length;
  settings.counters = p.counters_64bit ? Counters::wide : Counters::narrow;
  const SendRate& rate = params().rate_down;
  settings.rate_bps = rate.limited() ? rate.value / p.streams : 0;
  settings.burst = p.burst;
  settings.omit = std::chrono::seconds{p.omit_seconds};
  settings.digits = p.repeating_payload;
  settings.seed = setting_.random.next_u64();
  settings.batches = &batches_;
  if (p.seconds != 0 && p.bytes == 0 && p.blocks == 0) {
    settings.duration = std::chrono::seconds{p.seconds + p.omit_seconds} + 5s;
  }
  return settings;
}

/// Streams that the server receives come first, then those that it sends.
void ServerTest::add_stream(std::unique_ptr<net::DatagramPort> port, MonoTime now) {
  const Parameters& p = control_.parameters();
  const bool receives = p.client_sends() && streams_.size() < p.streams;
  Stream stream;
  stream.port = std::move(port);
  if (receives) {
    stream.receiver = std::make_unique<ReceivingStream>(receiving_settings(*stream.port),
                                                        *stream.port, setting_.clock);
    executor().add(*stream.receiver);
  } else {
    if (p.fq_rate_bps != 0) {
      stream.port->pace_in_kernel(p.fq_rate_bps / 8);
    }
    stream.sender =
        std::make_unique<SendingStream>(sending_settings(), *stream.port, setting_.clock);
  }
  record_.streams.push_back(
      StreamEnds{stream.port->fd(), stream.port->local(), stream.port->remote(), !receives});
  static_cast<void>(stream.port->send_control(kHelloReply));
  streams_.push_back(std::move(stream));
  admission_.hear(now);
  control_.stream_made(now);
  if (streams_.size() == p.sockets()) {
    const bool amount = p.bytes != 0 || p.blocks != 0;
    const Duration omitted = std::chrono::seconds{p.omit_seconds};
    control_.streams_made(
        now, amount ? std::optional{longest_arrival(params()) + omitted} : std::nullopt);
  }
}

void ServerTest::start(MonoTime now) {
  const Parameters& p = control_.parameters();
  times_.start(now);
  memory_.begin();
  next_watch_ = now;
  rate_watch_ = rate_watch(now);
  cpu_.emplace(now);
  for (Stream& stream : streams_) {
    if (stream.receiver && p.omit_seconds != 0) {
      stream.receiver->omit_until(now + std::chrono::seconds{p.omit_seconds});
    } else if (stream.sender) {
      executor().add(*stream.sender);
    }
  }
  note_client();
  record_.began = true;
  record_.sndbuf_bytes = told_by_kernel(streams_.front().port->send_buffer_bytes());
  record_.rcvbuf_bytes = told_by_kernel(streams_.front().port->receive_buffer_bytes());
  record_.interval = setting_.interval;
  if (setting_.watcher != nullptr || p.get_server_output) {
    cutter_.emplace(p, setting_.interval, now);
  }
  if (setting_.watcher != nullptr) {
    setting_.watcher->on_test_started(record_);
  }
}

void ServerTest::stop_senders(TxEnd why) {
  bool any = false;
  for (Stream& stream : streams_) {
    if (stream.sender) {
      stream.sender->stop(why);
      any = true;
    }
  }
  if (any) {
    executor().wake();
  }
}

void ServerTest::stop_all() {
  stopping_ = true;
  stop_senders(TxEnd::peer_stopped);
  for (Stream& stream : streams_) {
    if (stream.receiver) {
      stream.receiver->stop();
    }
  }
  if (!streams_.empty()) {
    executor().wake();
  }
}

bool ServerTest::all_released() const {
  return std::all_of(streams_.begin(), streams_.end(), [this](const Stream& stream) {
    // A sender that was never started is no thread's.
    const bool sender = !stream.sender || !times_.has_started() || stream.sender->released();
    return sender && (!stream.receiver || stream.receiver->released());
  });
}

bool ServerTest::finished() const {
  return control_.over() && closed_;  // its threads may have let go since the books were tried
}

/// Whether everything is here that the client says it sent, or nothing has come for a while.
bool ServerTest::arrivals_settled(MonoTime now) const {
  const auto& told = control_.client_results();
  MonoTime last = times_.results_at();
  bool complete = true;
  for (std::size_t i = 0; i < streams_.size(); ++i) {
    if (!streams_[i].receiver) {
      continue;
    }
    complete = complete && streams_[i].receiver->totals().all_received(told->streams[i].packets);
    last = std::max(last, streams_[i].receiver->last_arrival().value_or(last));
  }
  return complete || has_drained(now - last, now - times_.results_at());
}

/// The end of the books: senders have stopped, arrivals have settled, threads have let go.
void ServerTest::collect(MonoTime now) {
  if (closed_) {
    return;
  }
  if (times_.has_results() && !stopping_ && arrivals_settled(now)) {
    stop_all();
  }
  const bool ended = control_.ended() && control_.closing();
  if (!stopping_ || !all_released() || !(ended || times_.has_results())) {
    return;
  }
  close_books();
  closed_ = true;
  if (control_.client_results() && !control_.ended()) {
    const Results own = own_results();
    trace("send_results", to_json(own));
    control_.send_results(own, now);
  }
  tell_end();
}

MonoTime ServerTest::next_time(MonoTime now) const {
  MonoTime next = control_.deadline();
  next = std::min(next, next_watch_);
  if (cutter_ && control_.running()) {
    next = std::min(next, cutter_->next());
  }
  const bool waits = !closed_ && (stopping_ || times_.has_stopped());
  return waits || (control_.over() && !all_released()) ? std::min(next, now + kLookAgain) : next;
}

}  // namespace udperf::iperf3
