#include "classic/client_run.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "classic/alphabet_format.hpp"
#include "classic/send_task.hpp"
#include "classic/stop_exchange.hpp"
#include "classic/wire.hpp"
#include "engine/client_outcome.hpp"
#include "engine/port_options.hpp"
#include "engine/server_lookup.hpp"
#include "engine/socket_warnings.hpp"
#include "engine/unreachable.hpp"
#include "engine/worker.hpp"
#include "net/receive_buffers.hpp"
#include "net/udp_port.hpp"
#include "os/event.hpp"

namespace udperf::classic {
namespace {

using namespace std::chrono_literals;
using engine::ClientObserver;
using engine::ClientOptions;
using engine::StopToken;
using Status = net::SendOutcome::Status;

/// How often the live view is told.
constexpr Duration kTick = 50ms;
/// A port that is found closed this soon never had a server.
constexpr Duration kNeverThere = 1s;

std::span<const std::byte> bytes_of(std::string_view word) {
  return std::as_bytes(std::span{word});
}

sender::Sender::Settings sender_settings(const TestParams& params) {
  sender::Sender::Settings out;
  out.params = params;  // no receiver tells of its queue: nothing governs but a rate
  return out;
}

/// One run, step by step; `error_` is set by the step that failed.
class Run {
 public:
  Run(const ClientOptions& options, net::DatagramPort& port, const Clock& clock,
      ClientObserver& observer, const StopToken& stop)
      : options_(options),
        port_(port),
        clock_(clock),
        observer_(observer),
        stop_(stop),
        sender_(sender_settings(options.params), std::make_unique<AlphabetFormat>(), port, clock),
        begun_(clock.now()) {}

  void run() {
    note(port_.send_control(bytes_of(kStart)));
    if (error_) {
      sender_.abandon(TxEnd::failed);
    } else {
      send_all();
    }
    if (!error_ && !stop_.requested()) {
      ask();
    }
  }

  [[nodiscard]] const TxReport& sent() const { return sender_.report(); }
  [[nodiscard]] const std::optional<Error>& error() const { return error_; }
  [[nodiscard]] const std::optional<ClassicAnswer>& answer() const { return answer_; }

 private:
  void send_all() {
    using engine::Urgency;
    using engine::Worker;
    const os::Event done;
    const Urgency urgency = options_.params.rate_up.limited() ? Urgency::deadline : Urgency::bulk;
    SendTask task{sender_, port_, urgency, options_.connect_timeout, done};
    Worker worker{clock_,
                  {options_.spin ? Worker::Waiting::spinning : Worker::Waiting::asleep, urgency,
                   options_.realtime}};
    data_begun_ = clock_.now();
    worker.add(task);
    while (!done.take()) {
      if (stop_.requested()) {
        sender_.stop(TxEnd::interrupted);
        task.notify();
      }
      if (clock_.now() - begun_ < kNeverThere && no_way()) {
        sender_.stop(TxEnd::failed);
        task.notify();
      }
      const std::array<int, 2> fds{stop_.requested() ? -1 : stop_.wait_fd(), done.fd()};
      os::wait_readable(fds, kTick);
      show();
    }
    worker.stop();
    sender_.abandon(TxEnd::failed);  // where memory ran out in the middle of a step
    take_trouble(task.trouble());
  }

  void take_trouble(SendTask::Trouble trouble) {
    switch (trouble) {
      case SendTask::Trouble::refused:
        refused();
        return;
      case SendTask::Trouble::stuck:
        error_ = cut_short("the system took no datagram for " +
                           format_duration(options_.connect_timeout));
        return;
      case SendTask::Trouble::no_memory:
        error_ = cut_short("no memory is left");
        return;
      case SendTask::Trouble::none:
        break;
    }
    if (sent().end == TxEnd::failed && !error_) {
      note_failure(sender_.os_error());
    }
  }

  void note_failure(int os_error) {
    if (os_error == EMSGSIZE) {
      error_ = cut_short(
          "the packet size is larger than the path takes unfragmented: give a "
          "smaller --packet-size or leave out --df");
    } else {
      error_ = Error{ErrorCode::cut_short, "send to " + port_.remote().to_string(), os_error,
                     "transfer"};
    }
  }

  /// What the system says of the way to the server.
  void note(const net::SendOutcome& outcome) {
    if (outcome.status == Status::refused || port_.take_refused()) {
      refused();
    } else if (outcome.status == Status::too_big || outcome.status == Status::failed) {
      note_failure(outcome.os_error);
    }
  }

  void refused() {
    if (clock_.now() - begun_ < kNeverThere) {
      error_ =
          Error{ErrorCode::unreachable,
                port_.remote().to_string() +
                    ": nothing listens on that UDP port (ICMP port unreachable): is `udperf server "
                    "--classic` running there?",
                0, "connect"};
    } else {
      error_ = cut_short("the server went away during the test (ICMP port unreachable)");
    }
  }

  /// Whether ICMP has said since the beginning that there is no way to the server; that is the
  /// error then.
  bool no_way() {
    if (const auto said = engine::unreachable_text(port_.take_unreachable()); !said.empty()) {
      error_ =
          Error{ErrorCode::unreachable, port_.remote().to_string() + ": " + said, 0, "connect"};
    }
    return error_.has_value();
  }

  [[nodiscard]] Error cut_short(const std::string& why) const {
    return Error{ErrorCode::cut_short, port_.remote().to_string() + ": " + why, 0, "transfer"};
  }

  void show() {
    engine::LiveProgress progress;
    progress.way = Way::up;
    progress.elapsed = clock_.now() - data_begun_;
    progress.sent_packets = sender_.packets();
    progress.sent_bytes = sender_.bytes();
    progress.arrivals_known = false;
    observer_.on_progress(progress);
  }

  /// STOP, until the server says what arrived.
  void ask() {
    port_.receive(buffers_);  // what came before it was asked for is no answer
    StopExchange exchange{clock_.now(), options_.connect_timeout};
    while (!error_ && !stop_.requested() && !exchange.over(clock_.now())) {
      if (exchange.take_stop(clock_.now())) {
        note(port_.send_control(bytes_of(kStop)));
      }
      const std::array<int, 2> fds{stop_.wait_fd(), port_.fd()};
      os::wait_readable(fds, std::max(exchange.next() - clock_.now(), Duration{0}));
      for (const net::Received& read : port_.receive(buffers_)) {
        exchange.on_datagram(read.data);
      }
      if (!exchange.answer() && port_.take_refused()) {
        refused();
      }
    }
    answer_ = exchange.answer();
    if (answer_) {
      error_.reset();
    } else if (!error_ && !stop_.requested() && !no_way()) {
      // What was sent is known, and no word says that nobody was there to take it.
      error_ = Error{sent().packets > 0 ? ErrorCode::cut_short : ErrorCode::unreachable,
                     port_.remote().to_string() + ": no answer to STOP within " +
                         format_duration(options_.connect_timeout) +
                         ": no classic server is there, or the network loses everything" +
                         (exchange.ignored() > 0 ? " (what came back was no text)" : ""),
                     0, "report"};
    }
  }

  const ClientOptions& options_;
  net::DatagramPort& port_;
  const Clock& clock_;
  ClientObserver& observer_;
  const StopToken& stop_;
  sender::Sender sender_;
  MonoTime begun_;
  MonoTime data_begun_{};
  net::ReceiveBuffers buffers_;
  std::optional<Error> error_;
  std::optional<ClassicAnswer> answer_;
};

/// Of the first address that there is a way to from here; the error: of the last.
Result<std::unique_ptr<net::UdpPort>> first_port(const ClientOptions& options,
                                                 const std::vector<Endpoint>& servers,
                                                 TestOutcome& outcome) {
  Result<std::unique_ptr<net::UdpPort>> port;
  for (const Endpoint& server : servers) {
    outcome.server = server;
    port = net::UdpPort::open(engine::client_port_options(options, server, options.local_port));
    if (port) {
      break;
    }
    port = tl::unexpected{engine::unreachable_from_here(port.error())};
    if (port.error().code != ErrorCode::unreachable) {
      break;
    }
  }
  return port;
}

void fill_from(const Run& run, const StopToken& stop, TestOutcome& outcome) {
  outcome.error = run.error();
  outcome.classic = run.answer().value_or(ClassicAnswer{});
  if (stop.requested() && !run.answer()) {
    outcome.status = TestStatus::interrupted;
    outcome.error = Error{ErrorCode::cut_short, "interrupted", 0, "transfer"};
  } else if (outcome.error) {
    const bool never = outcome.error->code == ErrorCode::unreachable;
    outcome.status = never ? TestStatus::error : TestStatus::incomplete;
  } else {
    outcome.status = TestStatus::complete;
  }
  if (outcome.status != TestStatus::error) {
    outcome.up.emplace().streams.push_back(StreamOutcome{run.sent(), std::nullopt});
  }
  if (run.answer() && !run.answer()->kilobytes_per_second) {
    outcome.warnings.push_back(
        Warning{"classic_answer", "the server's answer does not say a throughput"});
  }
}

}  // namespace

TestOutcome run_classic_client(const ClientOptions& options, const Clock& clock,
                               RandomSource& random, ClientObserver& observer,
                               const StopToken& stop) {
  TestOutcome outcome = engine::planned_outcome(options);
  outcome.start = clock.unix_now();
  const MonoTime begun = clock.now();
  const auto now_unix = [&] { return outcome.start + (clock.now() - begun); };
  outcome.classic.emplace();
  const auto failed = [&](const Error& error) {
    outcome.end = now_unix();
    outcome.error = error;
    outcome.status = stop.requested() ? TestStatus::interrupted : TestStatus::error;
    return outcome;
  };
  const auto servers =
      engine::look_up_server(options, clock, stop, begun + options.connect_timeout);
  if (!servers) {
    return failed(servers.error());
  }
  auto port = first_port(options, *servers, outcome);
  if (!port) {
    return failed(port.error());
  }
  outcome.client = (*port)->local();
  outcome.session = random.next_u64();
  if (auto warning = engine::fragmentation_warning(*outcome.server, options.params.payload_bytes,
                                                   (*port)->path_mtu())) {
    outcome.warnings.push_back(*std::move(warning));
  }
  observer.on_started(outcome);
  Run run{options, **port, clock, observer, stop};
  run.run();
  outcome.end = now_unix();
  fill_from(run, stop, outcome);
  for (const Warning& warning : outcome.warnings) {
    observer.on_warning(warning);
  }
  return outcome;
}

}  // namespace udperf::classic
