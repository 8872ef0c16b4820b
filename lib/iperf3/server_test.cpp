#include "iperf3/server_test.hpp"

#include <algorithm>
#include <utility>

namespace udperf::iperf3 {
namespace {

using namespace std::chrono_literals;
using Event = ServerControl::Event;

// A client's host that has answered nothing for so long may be gone: data waits until it answers.
constexpr Duration kDoubt = 2200ms;
// It is gone.
constexpr Duration kGone = 12s;
constexpr Duration kWatch = 200ms;
/// Late arrivals are waited for: so long since the last one, and so long in all.
constexpr Duration kQuiet = 300ms;
constexpr Duration kLongestWait = 1500ms;
constexpr Duration kSoon = 2ms;

}  // namespace

ServerTest::ServerTest(const ServerTestSetting& setting,
                       std::unique_ptr<net::TcpConnection> connection, std::uint64_t id,
                       MonoTime now)
    : setting_(setting),
      connection_(std::move(connection)),
      id_(id),
      control_(now),
      seat_(setting.sources.join(connection_->remote().address)),
      memory_(seat_->memory()),
      opened_(setting.clock.unix_now()),
      opened_mono_(now) {}

ServerTest::~ServerTest() = default;

MonoTime ServerTest::step(MonoTime now) {
  talk(now);
  for (const Event event : control_.take_events()) {
    on_event(event, now);
  }
  control_.on_time(now);
  watch(now);
  note_rows(now);
  collect(now);
  for (const Event event : control_.take_events()) {
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

void ServerTest::on_event(Event event, MonoTime now) {
  switch (event) {
    case Event::asked:
      asked_ = true;
      break;
    case Event::started:
      start(now);
      break;
    case Event::stopped:
      stopped_ = now;
      stop_senders(TxEnd::complete);
      break;
    case Event::client_results:
      results_at_ = now;
      break;
    case Event::ended:
      stop_all();
      break;
  }
}

void ServerTest::grant(const TestParams& granted, MonoTime now) {
  static_cast<void>(now);
  params_ = granted;
  granted_ = true;
}

void ServerTest::refuse(ErrorNumber error, const std::string& reason, MonoTime now) {
  control_.refuse(error, reason, now);
}

void ServerTest::say_busy(MonoTime now) {
  control_.say_busy(now);
}

void ServerTest::shut_down(MonoTime now) {
  control_.shut_down(now);
}

void ServerTest::take_turn(MonoTime now) {
  admitted_ = true;
  control_.admit(now);
}

net::PortOptions ServerTest::port_options(const Endpoint& client, const Endpoint& local) const {
  const Parameters& p = control_.parameters();
  net::PortOptions out;
  out.bind = local.address;
  out.device = setting_.device;
  out.local_port = local.port;
  out.remote = client;
  out.buffer_bytes = p.window != 0 ? p.window : setting_.buffer_bytes;
  out.share_port = true;
  out.tos = p.tos;
  out.dont_fragment = p.dont_fragment;
  return out;
}

/// Streams that the server receives come first, then those that it sends.
void ServerTest::add_stream(std::unique_ptr<net::DatagramPort> port, MonoTime now) {
  const Parameters& p = control_.parameters();
  const bool receives = p.client_sends() && streams_.size() < p.streams;
  Stream stream;
  stream.port = std::move(port);
  if (receives) {
    StreamAccount::Settings settings;
    settings.length = p.length;
    settings.counters = p.counters_64bit ? Counters::wide : Counters::narrow;
    settings.merging = stream.port->gro_active();
    settings.several = p.streams > 1;
    settings.memory = &memory_;
    stream.receiver = std::make_unique<ReceivingStream>(settings, *stream.port, setting_.clock);
    setting_.executor.add(*stream.receiver);
  } else {
    SendingStream::Settings settings;
    settings.length = p.length;
    settings.counters = p.counters_64bit ? Counters::wide : Counters::narrow;
    settings.rate_bps = params_.rate_down.limited() ? params_.rate_down.value / p.streams : 0;
    settings.burst = p.burst;
    settings.omit = std::chrono::seconds{p.omit_seconds};
    settings.digits = p.repeating_payload;
    settings.seed = setting_.random.next_u64();
    if (p.seconds != 0 && p.bytes == 0 && p.blocks == 0) {
      settings.duration = std::chrono::seconds{p.seconds + p.omit_seconds} + 5s;
    }
    if (p.fq_rate_bps != 0) {
      stream.port->pace_in_kernel(p.fq_rate_bps / 8);
    }
    stream.sender = std::make_unique<SendingStream>(settings, *stream.port, setting_.clock);
  }
  record_.streams.push_back(
      StreamEnds{stream.port->fd(), stream.port->local(), stream.port->remote(), !receives});
  static_cast<void>(stream.port->send_control(kHelloReply));
  streams_.push_back(std::move(stream));
  control_.stream_made(now);
  if (streams_.size() == p.sockets()) {
    control_.streams_made(now);
  }
}

void ServerTest::start(MonoTime now) {
  const Parameters& p = control_.parameters();
  started_ = now;
  next_watch_ = now + kWatch;
  cpu_.emplace(now);
  for (Stream& stream : streams_) {
    if (stream.receiver && p.omit_seconds != 0) {
      stream.receiver->omit_until(now + std::chrono::seconds{p.omit_seconds});
    } else if (stream.sender) {
      setting_.executor.add(*stream.sender);
    }
  }
  record_.server = true;
  record_.parameters = p;
  record_.host = client().address.to_string();
  record_.port = client().port;
  record_.start = setting_.clock.unix_now();
  record_.sndbuf_bytes = streams_.front().port->send_buffer_bytes();
  record_.rcvbuf_bytes = streams_.front().port->receive_buffer_bytes();
  record_.interval = setting_.interval;
  const Cookie& cookie = control_.cookie();
  std::transform(cookie.begin(), cookie.end() - 1, std::back_inserter(record_.cookie),
                 [](std::byte b) { return static_cast<char>(b); });
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
    setting_.executor.wake();
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
    setting_.executor.wake();
  }
}

bool ServerTest::all_released() const {
  return std::all_of(streams_.begin(), streams_.end(), [this](const Stream& stream) {
    // A sender that was never started is no thread's.
    const bool sender = !stream.sender || started_ == kNever || stream.sender->released();
    return sender && (!stream.receiver || stream.receiver->released());
  });
}

bool ServerTest::finished() const {
  return control_.over() && closed_;  // its threads may have let go since the books were tried
}

/// Whether everything is here that the client says it sent, or nothing has come for a while.
bool ServerTest::arrivals_settled(MonoTime now) const {
  const auto& told = control_.client_results();
  MonoTime last = results_at_;
  bool complete = true;
  for (std::size_t i = 0; i < streams_.size(); ++i) {
    if (!streams_[i].receiver) {
      continue;
    }
    complete = complete && streams_[i].receiver->totals().all_received(told->streams[i].packets);
    last = std::max(last, streams_[i].receiver->last_arrival().value_or(last));
  }
  return complete || now - last >= kQuiet || now - results_at_ >= kLongestWait;
}

/// The end of the books: senders have stopped, arrivals have settled, threads have let go.
void ServerTest::collect(MonoTime now) {
  if (closed_) {
    return;
  }
  if (results_at_ != kNever && !stopping_ && arrivals_settled(now)) {
    stop_all();
  }
  const bool ended = control_.ended() && control_.closing();
  if (!stopping_ || !all_released() || !(ended || results_at_ != kNever)) {
    return;
  }
  close_books();
  closed_ = true;
  if (control_.client_results() && !control_.ended()) {
    control_.send_results(own_results(), now);
  }
  if (setting_.watcher != nullptr && started_ != kNever) {
    record_.error = control_.ended() && control_.status() != TestStatus::complete
                        ? std::optional{control_.reason()}
                        : std::nullopt;
    setting_.watcher->on_test_ended(record_);
  }
}

MonoTime ServerTest::next_time(MonoTime now) const {
  MonoTime next = control_.deadline();
  next = std::min(next, next_watch_);
  if (cutter_ && control_.running()) {
    next = std::min(next, cutter_->next());
  }
  const bool waits = !closed_ && (stopping_ || stopped_ != kNever);
  return waits || (control_.over() && !all_released()) ? std::min(next, now + kSoon) : next;
}

void ServerTest::watch(MonoTime now) {
  if (!control_.running() || now < next_watch_) {
    next_watch_ = control_.running() ? next_watch_ : kNever;
    return;
  }
  next_watch_ = now + kWatch;
  const Duration silence = connection_->silence().value_or(Duration{0});
  for (Stream& stream : streams_) {
    if (stream.sender) {
      stream.sender->pause(silence > kDoubt);
    }
  }
  if (silence > kGone) {
    control_.give_up("the client's host no longer answers", now);
  } else if (setting_.max_duration && now - started_ > *setting_.max_duration + 5s) {
    control_.refuse(ErrorNumber::duration_expired, "it took longer than --max-duration", now);
  } else {
    watch_rate(now);
  }
}

/// A client that sends more than it asked for uses up what others were promised.
void ServerTest::watch_rate(MonoTime now) {
  constexpr std::size_t kSamples = 25;  // of kWatch: five seconds
  constexpr std::uint64_t kSlackPercent = 10;
  std::uint64_t bytes = 0;
  MonoTime last = started_;
  bool receives = false;
  bool exact = true;
  for (const Stream& stream : streams_) {
    if (stream.receiver) {
      const auto totals = stream.receiver->totals();
      receives = true;
      exact = exact && totals.exact;
      bytes += totals.bytes;
      last = std::max(last, stream.receiver->last_arrival().value_or(last));
    }
  }
  if (!exact) {
    control_.refuse(ErrorNumber::create_stream, "the server has no memory left for its books", now);
    return;
  }
  constexpr Duration kNoData = 120s;
  if (receives && !control_.parameters().bidirectional && now - last > kNoData) {
    control_.refuse(ErrorNumber::no_data, "no data came for " + format_duration(kNoData), now);
    return;
  }
  if (!setting_.limit_rate || !receives || !params_.rate_up.limited()) {
    return;
  }
  arrived_bytes_.push_back(bytes);
  if (arrived_bytes_.size() <= kSamples) {
    return;
  }
  const std::uint64_t before = arrived_bytes_.front();
  arrived_bytes_.erase(arrived_bytes_.begin());
  const Uint128 bits = Uint128{bytes - std::min(before, bytes)} * 8 * 1000;
  constexpr std::uint64_t kTime = kSamples * static_cast<std::uint64_t>(kWatch / 1ms);
  if (bits / kTime > Uint128{params_.rate_up.value} * (100 + kSlackPercent) / 100) {
    control_.refuse(ErrorNumber::total_rate, "the client sends faster than it was granted", now);
  }
}

}  // namespace udperf::iperf3
