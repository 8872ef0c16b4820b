#include "iperf3/service.hpp"

#include <algorithm>
#include <iterator>
#include <utility>
#include <variant>

#include "base/address_lists.hpp"
#include "base/saturating.hpp"
#include "base/source_accounts.hpp"
#include "engine/port_options.hpp"
#include "iperf3/socket_buffers.hpp"
#include "net/udp_listener.hpp"
#include "os/affinity.hpp"
#include "session/client_handshake.hpp"

namespace udperf::iperf3 {
namespace {

using namespace std::chrono_literals;

constexpr int kAcceptsPerStep = 32;

/// Of each data socket.
std::uint32_t buffer_of(const engine::ServerOptions& options) {
  return options.buffer.value_or(engine::kDefaultBuffer);
}

ServerTestSetting test_setting(const Iperf3Service::Parts& parts) {
  ServerTestSetting out{parts.clock, parts.random, parts.executor, parts.memory.sources_of_full(),
                        buffer_of(parts.options)};
  out.max_duration = parts.options.max_duration;
  out.max_rate = parts.options.max_rate;
  out.watcher = parts.watcher;
  out.interval = parts.interval;
  out.json_output = parts.json_output;
  out.text_output = parts.text_output;
  out.device = parts.options.bind_device;
  out.data_patience = parts.data_patience;
  out.rate_window = parts.rate_window;
  out.trace = parts.trace;
  return out;
}

}  // namespace

Result<std::unique_ptr<Iperf3Service>> Iperf3Service::open(const Parts& parts, std::uint16_t port) {
  constexpr int kTries = 16;  // a free TCP port may be taken as a UDP port
  for (int i = 0;; ++i) {
    const std::string& device = parts.options.bind_device;
    auto control = net::TcpListener::open(parts.options.bind, port, device, parts.one_family);
    if (!control) {
      return tl::unexpected{control.error()};
    }
    auto data =
        net::UdpListener::open(parts.options.bind, (*control)->local().port,
                               net::UdpListener::kHandshakeBuffer, device, parts.one_family);
    if (data) {
      return std::unique_ptr<Iperf3Service>{
          new Iperf3Service{parts, *std::move(control), *std::move(data)}};
    }
    if (port != 0 || i == kTries) {
      return tl::unexpected{data.error()};
    }
  }
}

Iperf3Service::Iperf3Service(const Parts& parts, std::unique_ptr<net::TcpListener> control,
                             std::unique_ptr<net::ListenPort> data)
    : parts_(parts), control_(std::move(control)), data_(std::move(data)) {
  poll_.add(control_->fd());
  poll_.add(data_->fd());
}

Iperf3Service::~Iperf3Service() = default;

void Iperf3Service::add_fds(std::vector<int>& fds) const {
  fds.push_back(poll_.fd());
}

MonoTime Iperf3Service::step(MonoTime now) {
  accept_clients(now);
  const auto strays = std::exchange(strays_, {});
  for (const net::Datagram& datagram : strays) {
    on_datagram(datagram, now);
  }
  const auto datagrams = data_->receive();
  for (const net::Datagram& datagram : datagrams) {
    on_datagram(datagram, now);
  }
  MonoTime next = step_tests(now);
  next = std::min(next, give_turns(now));
  reap(now);
  next = std::min(next, listen_again_);
  return datagrams.empty() && strays_.empty() ? next : now;
}

void Iperf3Service::accept_clients(MonoTime now) {
  if (now >= listen_again_) {
    listen_again_ = kNever;
    poll_.add(control_->fd());
  }
  for (int i = 0; i < kAcceptsPerStep && listen_again_ == kNever; ++i) {
    auto connection = control_->accept();
    if (!connection) {
      if (control_->exhausted()) {
        poll_.remove(control_->fd());  // it would stay readable
        listen_again_ = now + 100ms;
        parts_.observer.on_warning(
            Warning{"accept", "no descriptor or memory is left for a connection of iperf3"});
      }
      return;
    }
    welcome(std::move(connection), now);
  }
}

void Iperf3Service::welcome(std::unique_ptr<net::TcpConnection> connection, MonoTime now) {
  const IpAddress& address = connection->remote().address;
  if (shutting_down_ || !let_in(parts_.options.allow, parts_.options.deny, address)) {
    return;  // closed without a word
  }
  make_room_for(source_of(address));
  static_cast<void>(apply(parts_.control, connection->fd()));  // a peer is not to end the server
  poll_.add(connection->fd());
  tests_.push_back(std::make_unique<ServerTest>(test_setting(parts_), std::move(connection),
                                                parts_.random.next_u64(), now));
  ServerTest& test = *tests_.back();
  if (!test.take_room_to_talk()) {
    deny(test, "the server has no memory left", now);
  } else if (full(test.client().address, now)) {
    deny(test, "the server is busy", now);
  }
}

void Iperf3Service::deny(ServerTest& test, const std::string& reason, MonoTime now) {
  test.say_busy(now);
  parts_.observer.on_refused(test.client(), {"iperf3", "iperf3: " + reason});
}

/// By the policy of the whole server.
void Iperf3Service::turn_down(ServerTest& test, const wire::Reject& reject, MonoTime now) {
  if (reject.reason == wire::RejectReason::rate ||
      (reject.reason == wire::RejectReason::parameters && reject.limit != 0)) {
    refuse(test, ErrorNumber::total_rate, "no rate is left of the server's limit", now);
  } else {
    deny(test, session::describe(reject), now);
  }
}

void Iperf3Service::refuse(ServerTest& test, ErrorNumber number, const std::string& reason,
                           MonoTime now) {
  test.refuse(number, reason, now);
  parts_.observer.on_refused(test.client(), {"iperf3", "iperf3: " + reason});
  if (parts_.watcher != nullptr) {
    parts_.watcher->on_test_refused(reason);
  }
  // As iperf3 has it: whoever has no right to be served has not used up --one-off.
  finished_ += parts_.options.one_off && number != ErrorNumber::authentication ? 1U : 0U;
}

/// Whether the client is one of the users.
bool Iperf3Service::is_known(ServerTest& test, MonoTime now) {
  const MonoTime begin = parts_.clock.now();
  const auto user = parts_.authorize(test.parameters().extras.authtoken);
  if (!user) {
    pace_.note_wrong(begin, parts_.clock.now());
    refuse(test, ErrorNumber::authentication, user.error().what, now);
  }
  return user.has_value();
}

/// Whether the client is who it has to be, and asks for what there is.
bool Iperf3Service::may_enter(ServerTest& test, MonoTime now) {
  const Parameters& p = test.parameters();
  if (parts_.authorize && !is_known(test, now)) {
    return false;
  }
  if (p.extras.server_affinity && !os::may_use_cpu(*p.extras.server_affinity)) {
    refuse(test, ErrorNumber::affinity,
           "no CPU " + std::to_string(*p.extras.server_affinity) + " is to be used here", now);
    return false;
  }
  const Duration planned = std::chrono::seconds{p.seconds + p.omit_seconds};
  if (parts_.options.max_duration && (p.seconds == 0 || planned > *parts_.options.max_duration)) {
    refuse(test, ErrorNumber::duration, "the test lasts longer than the server allows", now);
    return false;
  }
  return true;
}

void Iperf3Service::decide(ServerTest& test, MonoTime now) {
  const Parameters& p = test.parameters();
  if (!may_enter(test, now)) {
    return;
  }
  const TestParams asked = to_test_params(p);
  const auto occupied = occupancy_with(parts_.neighbours, test.client().address, now);
  const auto granted = session::admit(asked, policy(), occupied);
  if (const auto* reject = std::get_if<wire::Reject>(&granted)) {
    turn_down(test, *reject, now);
    return;
  }
  const auto& params = std::get<TestParams>(granted);
  if (p.client_sends() && params.rate_up != asked.rate_up) {
    // The client cannot be told to send more slowly.
    refuse(test, ErrorNumber::total_rate,
           "the client's rate is above what the server's limit leaves", now);
    return;
  }
  if (parts_.refuse_rates && p.server_sends() && asked.rate_down.limited() &&
      params.rate_down != asked.rate_down) {
    refuse(test, ErrorNumber::total_rate,
           "the rate that the client asks for is above what the server's limit leaves", now);
    return;
  }
  if (!burst_fits(p, params, occupied)) {
    refuse(test, ErrorNumber::total_rate, "a burst is more than the server's limit leaves", now);
    return;
  }
  if (!test.take_room_for_streams()) {
    deny(test, "the server has no memory left", now);
    return;
  }
  test.grant(params);
  parts_.observer.on_session_opened(test.id(), test.client(), params);
}

void Iperf3Service::on_datagram(const net::Datagram& datagram, MonoTime now) {
  if (!is_hello(datagram.bytes) || datagram.length() != kHello.size()) {
    return;
  }
  const auto found = std::find_if(tests_.begin(), tests_.end(), [&datagram](const auto& test) {
    return test->creating() && test->client().address == datagram.peer.address &&
           test->local().address == datagram.local.address;
  });
  if (found == tests_.end()) {
    return;  // nobody asked for it: no answer, nothing kept
  }
  ServerTest& test = **found;
  auto port = data_->open_session(test.port_options(datagram.peer, datagram.local), strays_);
  if (!port) {
    test.fail(ErrorNumber::create_stream, port.error().message(), now);
    parts_.observer.on_warning(Warning{"session_socket", port.error().message()});
    return;
  }
  if (!buffers_fit(**port, std::min(test.parameters().window, buffer_of(parts_.options)))) {
    test.fail(ErrorNumber::buffer_size, "the system grants no socket buffers of that size", now);
    return;
  }
  test.add_stream(*std::move(port), now);
}

MonoTime Iperf3Service::step_tests(MonoTime now) {
  MonoTime next = kNever;
  for (const auto& test : tests_) {
    MonoTime at = test->step(now);
    if (test->take_asked()) {
      if (parts_.authorize && !pace_.due(now)) {
        if (!test->ended()) {
          test->ask_again();
          at = std::min(at, pace_.next());
        }
      } else {
        decide(*test, now);
        at = test->step(now);
      }
    }
    if (const auto wanted = test->take_write_interest()) {
      poll_.want_write(test->connection().fd(), *wanted);
    }
    next = std::min(next, at);
  }
  return next;
}

void Iperf3Service::reap(MonoTime now) {
  for (auto it = tests_.begin(); it != tests_.end();) {
    ServerTest& test = **it;
    if (test.take_rate_back()) {
      keep_rate(test, now);
    }
    if (test.granted() && test.take_closed_and_ended()) {
      parts_.observer.on_session_closed(test.outcome());
      ++finished_;
    }
    it = test.finished() ? forget(it) : std::next(it);
  }
}

/// Nothing of the test is left, or it was never granted.
Iperf3Service::Tests::iterator Iperf3Service::forget(Tests::iterator test) {
  finished_ += parts_.options.one_off && (*test)->failed_asking() ? 1U : 0U;
  poll_.remove((*test)->connection().fd());
  return tests_.erase(test);
}

void Iperf3Service::shut_down() {
  shutting_down_ = true;
  const MonoTime now = parts_.clock.now();
  for (const auto& test : tests_) {
    test->shut_down(now);
  }
}

}  // namespace udperf::iperf3
