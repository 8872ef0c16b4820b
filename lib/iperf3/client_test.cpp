#include "iperf3/client_test.hpp"

#include <system_error>

#include <algorithm>
#include <array>
#include <utility>

namespace udperf::iperf3 {
namespace {

using namespace std::chrono_literals;
using Event = ClientControl::Event;

constexpr Duration kLongestSleep = 50ms;
constexpr std::size_t kMostWorkers = 32;

Cookie make_cookie(RandomSource& random) {
  constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz234567";
  Cookie cookie{};
  random.fill(cookie);
  for (std::byte& byte : cookie) {
    byte = static_cast<std::byte>(kLetters[std::to_integer<std::size_t>(byte) % kLetters.size()]);
  }
  cookie.back() = std::byte{0};
  return cookie;
}

}  // namespace

ClientTest::ClientTest(ClientPlan plan, const Parts& parts)
    : plan_(std::move(plan)), parts_(parts) {
  record_.parameters.labels = plan_.parameters.labels;  // said of a test that does not begin, too
}

ClientTest::~ClientTest() {
  stop_streams();
}

ClientFinish ClientTest::run() {
  ClientFinish finish;
  plan_.start_by = std::min(plan_.start_by, parts_.clock.now() + plan_.patience);
  if (connect()) {
    ClientControl::Settings settings{make_cookie(parts_.random), plan_.patience,
                                     plan_.results_patience, plan_.start_by};
    std::transform(settings.cookie.begin(), settings.cookie.end() - 1,
                   std::back_inserter(record_.cookie),
                   [](std::byte b) { return static_cast<char>(b); });
    control_.emplace(settings, parts_.clock.now());
    while (!control_->over()) {
      act();
    }
    connection_->flush();
    connection_.reset();  // at once: a stock server serves nobody else before
    error_ = error_ ? error_ : control_->error();
  }
  finish.connected = control_.has_value();
  finish.busy = control_ && control_->busy();
  finish.began = started_ != kNever;
  finish.interrupted = interrupted_;
  if (finish.began) {
    note_cut_off();
    wait_for_arrivals();
  }
  stop_streams();
  close_books(finish);
  finish.error = error_;
  if (!streams_.empty()) {
    finish.client = streams_.front().port->local();
  }
  if (error_) {
    record_.error = failure();
  }
  finish.record = std::move(record_);
  return finish;
}

/// Begins as iperf3's own words do, which scripts look for.
std::string ClientTest::failure() const {
  if (interrupted_ && error_->code == ErrorCode::cut_short) {
    return "interrupt - the client has terminated";
  }
  if (!control_) {
    return "unable to connect to server: " +
           (error_->os_error != 0 ? std::generic_category().message(error_->os_error)
                                  : error_->message());
  }
  return (control_->abandoned() ? "control socket has closed unexpectedly: " : "") +
         error_->message();
}

bool ClientTest::connect() {
  auto opened = net::TcpConnection::open({plan_.sockets.bind, plan_.server, plan_.sockets.device});
  if (!opened) {
    error_ = opened.error();
    return false;
  }
  connection_ = *std::move(opened);
  if (auto set = apply(plan_.control, connection_->fd()); !set) {
    error_ = set.error();
    return false;
  }
  poll_.add(connection_->fd());
  poll_.want_write(connection_->fd(), true);
  const MonoTime until = std::min(plan_.start_by, plan_.connect_by);
  const MonoTime begun = parts_.clock.now();
  auto state = connection_->connecting();
  while (state == net::TcpConnection::Connecting::underway && parts_.clock.now() < until &&
         !parts_.stop.requested()) {
    wait(until);
    state = connection_->connecting();
  }
  poll_.want_write(connection_->fd(), false);
  if (parts_.stop.requested()) {
    interrupted_ = true;
    error_ = Error{ErrorCode::cut_short, "interrupted", 0, "connect"};
  } else if (state == net::TcpConnection::Connecting::failed) {
    error_ = connection_->take_error();
  } else if (state == net::TcpConnection::Connecting::underway) {
    error_ = Error{ErrorCode::unreachable,
                   "connect to " + plan_.server.to_string() + " (TCP): no answer within " +
                       format_duration(parts_.clock.now() - begun),
                   0, "connect"};
  }
  return !error_;
}

/// What depends on the length of datagrams, and that one where it is left open.
void ClientTest::settle_amount() {
  Parameters& p = plan_.parameters;
  if (p.length == 0) {
    constexpr std::uint32_t kUsual = 1460;
    const auto segment = connection_->segment_bytes().value_or(0);
    p.length = segment >= kLeastLength && segment <= kMostLength ? segment : kUsual;
  }
  if (plan_.packets == 0 && plan_.duration == Duration{0}) {
    plan_.packets = p.blocks != 0 ? p.blocks : p.bytes / p.length + (p.bytes % p.length != 0);
  }
}

void ClientTest::say_parameters() {
  if (plan_.token) {
    auto token = plan_.token();
    if (!token) {
      control_->give_up(token.error());
      return;
    }
    plan_.parameters.extras.authtoken = *std::move(token);
  }
  record_.parameters = plan_.parameters;
  record_.host = plan_.host;
  record_.port = plan_.server.port;
  record_.segment_bytes = connection_->segment_bytes().value_or(0);
  record_.start = parts_.clock.unix_now();
  if (parts_.watcher != nullptr) {
    parts_.watcher->on_test_taken(record_);
  }
  trace("send_parameters", to_json(plan_.parameters));
  control_->send_parameters(plan_.parameters);
}

void ClientTest::trace(const char* what, const std::string& text) const {
  if (plan_.trace) {
    plan_.trace(std::string{what} + ":\n" + text);
  }
}

/// One turn: what has come, what is due, what is to be said; then waits for the next.
void ClientTest::act() {
  talk();
  MonoTime now = parts_.clock.now();
  for (const Event event : control_->take_events()) {
    on_event(event, now);
  }
  if (parts_.stop.requested() && !interrupted_) {
    interrupt(now);
  }
  if (hello_by_ != kNever) {
    hear_stream();
  }
  if (control_->running()) {
    run_data(now);
  }
  control_->on_time(now);
  connection_->send(control_->take_output());
  poll_.want_write(connection_->fd(), connection_->wants_to_write());
  if (control_->over()) {
    return;
  }
  MonoTime until = std::min(control_->deadline(), hello_by_);
  if (control_->running()) {
    until = std::min(until, next_look(now));
  }
  wait(until);
}

/// When run_data() has something to do again.
MonoTime ClientTest::next_look(MonoTime now) const {
  if (end_.at != kNever) {
    return end_.at + end_.grace;
  }
  const MonoTime until = std::min(now + kLongestSleep, cutter_->next());
  if (plan_.duration <= Duration{0}) {
    return until;
  }
  const MonoTime end =
      started_ + plan_.duration + std::chrono::seconds{plan_.parameters.omit_seconds};
  return end > now ? std::min(until, end) : until;  // senders tell when they are at their end
}

void ClientTest::wait(MonoTime until) {
  const int hello = hello_by_ != kNever ? streams_.back().port->fd() : -1;
  const std::array<int, 4> fds{interrupted_ ? -1 : parts_.stop.wait_fd(), poll_.fd(), hello,
                               told_.fd()};
  const MonoTime now = parts_.clock.now();
  os::wait_readable(fds, until == kNever ? kLongestSleep : std::max<Duration>(until - now, 0ns));
  told_.take();
}

void ClientTest::talk() {
  std::vector<std::byte> bytes;
  connection_->flush();
  connection_->receive(bytes);
  if (!bytes.empty()) {
    control_->on_bytes(bytes, parts_.clock.now());
  }
  if (connection_->closed()) {
    control_->on_closed();
  }
}

void ClientTest::on_event(Event event, MonoTime now) {
  switch (event) {
    case Event::parameters_wanted:
      settle_amount();
      say_parameters();
      break;
    case Event::create_streams:
      open_stream();
      break;
    case Event::started:
      start(now);
      break;
    case Event::results_wanted:
      trace("send_results", to_json(own_results()));
      control_->send_results(own_results(), now);
      break;
    case Event::server_results:
      trace("get_results", to_json(*control_->server_results()));
      break;
    case Event::ended:
      break;
  }
}

void ClientTest::start(MonoTime now) {
  const Parameters& p = plan_.parameters;
  if (streams_.size() != p.sockets()) {
    control_->give_up(too_old());
    return;
  }
  hello_by_ = kNever;  // the last answer may have been lost: the start says the same
  started_ = now;
  progress_at_ = now;
  cpu_.emplace(now);
  cutter_.emplace(p, plan_.interval, now);
  record_.start = parts_.clock.unix_now();
  record_.interval = plan_.interval;
  record_.began = true;
  note_streams();
  for (Stream& stream : streams_) {
    if (stream.receiver && p.omit_seconds != 0) {
      stream.receiver->omit_until(now + std::chrono::seconds{p.omit_seconds});
    }
  }
  if (parts_.watcher != nullptr) {
    parts_.watcher->on_test_started(record_);
  }
  launch();
}

/// A thread for each stream, up to a limit; scheduled as the stream that it gets first needs it.
void ClientTest::launch() {
  const auto waiting =
      plan_.spin ? engine::Worker::Waiting::spinning : engine::Worker::Waiting::asleep;
  for (std::size_t i = 0; i < streams_.size(); ++i) {
    Stream& stream = streams_[i];
    engine::Task* const task =
        stream.sender ? static_cast<engine::Task*>(stream.sender.get()) : stream.receiver.get();
    if (i < kMostWorkers) {
      workers_.push_back(std::make_unique<engine::Worker>(
          parts_.clock, engine::Worker::Settings{waiting, task->urgency(), plan_.realtime}));
    }
    workers_[i % kMostWorkers]->add(*task);
  }
}

}  // namespace udperf::iperf3
