#include "engine/classic_client.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>

#include "base/saturating.hpp"
#include "engine/client_connect.hpp"
#include "engine/server_lookup.hpp"
#include "engine/thread_scheduling.hpp"
#include "net/receive_buffers.hpp"
#include "net/udp_port.hpp"
#include "os/event.hpp"
#include "pacing/schedule.hpp"
#include "sender/sender.hpp"
#include "session/classic_asker.hpp"

namespace udperf::engine {
namespace {

using namespace std::chrono_literals;
using sender::fill_lateness;
using Status = net::SendOutcome::Status;

/// Waits in between are at most so long: the live view, and a queue that has room again.
constexpr Duration kTick = 50ms;
constexpr Duration kRetry = 1ms;
/// A port that is found closed this soon never had a server.
constexpr Duration kNeverThere = 1s;

std::span<const std::byte> bytes_of(std::string_view word) {
  return std::as_bytes(std::span{word});
}

/// Letters enough for a batch that begins with any of them.
std::vector<std::byte> letters(std::size_t bytes) {
  constexpr std::size_t kLetters = 26;
  std::vector<std::byte> out(bytes + kLetters);
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i] = static_cast<std::byte>('a' + i % kLetters);
  }
  return out;
}

net::PortOptions port_options(const ClientOptions& options, const Endpoint& server) {
  net::PortOptions out;
  out.bind = options.bind;
  out.device = options.bind_device;
  out.local_port = options.local_port;
  out.remote = server;
  out.buffer_bytes = options.buffer.value_or(kDefaultBuffer);
  out.gso = options.params.gso == OffloadMode::off ? net::PortOptions::Offload::off
                                                   : net::PortOptions::Offload::automatic;
  out.tos = static_cast<std::uint8_t>((options.params.dscp << 2U) | options.params.ecn);
  out.dont_fragment = options.params.df == DontFragment::on;
  return out;
}

/// One run, step by step; `error_` is set by the step that failed.
class Run {
 public:
  Run(const ClientOptions& options, net::DatagramPort& port, const Clock& clock,
      ClientObserver& observer, const StopToken& stop)
      : params_(options.params),
        timeout_(options.connect_timeout),
        port_(port),
        clock_(clock),
        observer_(observer),
        stop_(stop),
        batch_(std::max<std::uint32_t>(port.batch_limit(params_.payload_bytes), 1)),
        letters_(letters(std::size_t{batch_} * params_.payload_bytes)),
        begun_(clock.now()),
        scheduling_(Urgency::deadline, options.realtime, clock) {}

  void run() {
    note(port_.send_control(bytes_of("START")));
    send_all();
    scheduling_.end();
    finish_report();
    if (!error_ && !stop_.requested()) {
      ask();
    }
  }

  [[nodiscard]] const TxReport& sent() const { return report_; }
  [[nodiscard]] const std::optional<Error>& error() const { return error_; }
  [[nodiscard]] const std::optional<ClassicAnswer>& answer() const { return answer_; }

 private:
  void send_all() {
    data_begun_ = last_progress_ = clock_.now();
    cpu_at_start_ = clock_.thread_cpu_time();
    const SendRate& rate = params_.rate_up;
    if (rate.limited()) {
      const auto period = pacing::PacketPeriod::of(rate, params_.payload_bytes, 1);
      const auto fixed = params_.burst == 0ns ? std::nullopt : std::optional{params_.burst};
      schedule_.emplace(data_begun_, period, pacing::Schedule::Bursts{batch_, fixed});
      report_.pacer = PacerKind::sleep;
      scheduling_.begin();
      report_.target_milli_pps =
          saturating_mul_div(Uint128{period.denominator}, 1'000'000'000'000U, period.numerator);
    }
    MonoTime now = data_begun_;
    while (!error_ && !over(now) && !stop_.requested()) {
      const bool taken = send_some(now);
      now = clock_.now();
      scheduling_.check(now);
      show(now);
      if (!taken && now - last_progress_ > timeout_) {
        error_ = cut_short("the system took no datagram for " + format_duration(timeout_));
      } else if (!taken || schedule_) {
        pause(now, taken && schedule_ ? schedule_->next_deadline() : now + kRetry);
      }
    }
    report_.end = error_ ? TxEnd::failed : stop_.requested() ? TxEnd::interrupted : TxEnd::complete;
  }

  [[nodiscard]] bool over(MonoTime now) const {
    const Amount& amount = params_.amount;
    if (amount.duration > Duration{0}) {
      return now - data_begun_ >= amount.duration;
    }
    return amount.size_bytes != 0 ? report_.payload_bytes >= amount.size_bytes
                                  : report_.packets >= amount.packets;
  }

  /// Bytes of the next batch of up to `count` datagrams.
  [[nodiscard]] std::size_t batch_bytes(std::uint64_t count) const {
    const Amount& amount = params_.amount;
    if (amount.packets != 0) {
      count = std::min(count, amount.packets - report_.packets);
    }
    const std::uint64_t bytes = std::min<std::uint64_t>(count, batch_) * params_.payload_bytes;
    return amount.size_bytes != 0 ? std::min(bytes, amount.size_bytes - report_.payload_bytes)
                                  : bytes;
  }

  /// False when the system took nothing although something was due.
  bool send_some(MonoTime now) {
    std::uint64_t due = batch_;
    if (schedule_) {
      due = schedule_->take_due(now);
      report_.pacing_skipped = schedule_->skipped();
      if (due == 0) {
        return true;
      }
      if (const auto late = schedule_->lateness(); late && report_.packets > 0) {
        lateness_.add(*late);
      }
    }
    constexpr std::uint64_t kLetters = 26;
    const std::size_t bytes = batch_bytes(due);
    const auto data =
        std::span<const std::byte>{letters_}.subspan(report_.payload_bytes % kLetters, bytes);
    const std::uint32_t length = params_.payload_bytes;
    const auto offered = static_cast<std::uint32_t>((bytes + length - 1) / length);
    const auto outcome = port_.send(data, length);
    note(outcome);
    account(outcome, offered, bytes, now);
    const std::uint64_t used = std::uint64_t{outcome.datagrams} + outcome.lost;
    if (schedule_ && used < due) {
      schedule_->give_back(due - used);
    }
    return outcome.datagrams > 0;
  }

  void account(const net::SendOutcome& outcome, std::uint32_t offered, std::size_t bytes,
               MonoTime now) {
    // What this host refuses for good is sent and lost here.
    const std::uint32_t used = std::min(outcome.datagrams + outcome.lost, offered);
    report_.send_blocked += offered - used;
    report_.local_drop += used - outcome.datagrams;
    if (used == 0) {
      return;
    }
    const std::uint64_t taken =
        std::min<std::uint64_t>(std::uint64_t{used} * params_.payload_bytes, bytes);
    if (outcome.datagrams == 0) {
      report_.packets += used;
      report_.payload_bytes += taken;
      return;
    }
    if (report_.batches == 0) {
      first_ = now;
      report_.first_bytes =
          static_cast<std::uint32_t>(std::min<std::uint64_t>(params_.payload_bytes, taken));
    }
    last_ = last_progress_ = now;
    report_.packets += used;
    report_.payload_bytes += taken;
    ++report_.batches;
    if (outcome.datagrams > 1 && outcome.calls == 1) {
      report_.gso_segments = std::max(report_.gso_segments, outcome.datagrams);
    }
  }

  /// What the system says of the way to the server.
  void note(const net::SendOutcome& outcome) {
    if (outcome.status == Status::refused || port_.take_refused()) {
      refused();
    } else if (outcome.status == Status::too_big) {
      error_ = cut_short(
          "the packet size is larger than the path takes unfragmented: give a "
          "smaller --packet-size or leave out --df");
    } else if (outcome.status == Status::failed) {
      error_ = Error{ErrorCode::cut_short, "send to " + port_.remote().to_string(),
                     outcome.os_error, "transfer"};
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

  [[nodiscard]] Error cut_short(const std::string& why) const {
    return Error{ErrorCode::cut_short, port_.remote().to_string() + ": " + why, 0, "transfer"};
  }

  void pause(MonoTime now, MonoTime until) {
    const std::array<int, 1> fds{stop_.wait_fd()};
    os::wait_readable(fds, std::clamp<Duration>(until - now, Duration{0}, kTick));
  }

  void show(MonoTime now) {
    if (now - shown_ < kTick) {
      return;
    }
    shown_ = now;
    LiveProgress progress;
    progress.way = Way::up;
    progress.elapsed = now - data_begun_;
    progress.sent_packets = report_.packets;
    progress.sent_bytes = report_.payload_bytes;
    progress.arrivals_known = false;
    observer_.on_progress(progress);
  }

  void finish_report() {
    report_.sndbuf_bytes = port_.send_buffer_bytes();
    if (schedule_) {
      report_.scheduling = scheduling_.now();
      report_.burst_ns = schedule_->window().longest().count();
      fill_lateness(lateness_, report_);
    }
    const ClockAnchor anchor = clock_.anchor();
    if (report_.packets > 0) {
      report_.first_unix_ns = to_ns(anchor.to_unix(first_));
      report_.last_unix_ns = to_ns(anchor.to_unix(last_));
      report_.span_ns = (last_ - first_).count();
    }
    const auto cpu = clock_.thread_cpu_time();
    const Duration wall = clock_.now() - data_begun_;
    if (cpu && cpu_at_start_ && wall > Duration{0}) {
      report_.cpu_permille = static_cast<std::uint32_t>(
          std::min<std::int64_t>((*cpu - *cpu_at_start_) * 1000 / wall, 1000));
    }
  }

  /// STOP, until the server says what arrived.
  void ask() {
    port_.receive(buffers_);  // what came before it was asked for is no answer
    session::ClassicAsker asker{clock_.now(), timeout_};
    while (!error_ && !stop_.requested() && !asker.over(clock_.now())) {
      if (asker.take_stop(clock_.now())) {
        note(port_.send_control(bytes_of("STOP")));
      }
      const std::array<int, 2> fds{stop_.wait_fd(), port_.fd()};
      os::wait_readable(fds, std::max(asker.next() - clock_.now(), Duration{0}));
      for (const net::Received& read : port_.receive(buffers_)) {
        asker.on_datagram(read.data);
      }
      if (!asker.answer() && port_.take_refused()) {
        refused();
      }
    }
    answer_ = asker.answer();
    if (answer_) {
      error_.reset();
    } else if (!error_ && !stop_.requested()) {
      error_ = Error{ErrorCode::unreachable,
                     port_.remote().to_string() + ": no answer to STOP within " +
                         format_duration(timeout_) +
                         ": no classic server is there, or the network loses everything" +
                         (asker.ignored() > 0 ? " (what came back was no text)" : ""),
                     0, "report"};
    }
  }

  const TestParams& params_;
  Duration timeout_;
  net::DatagramPort& port_;
  const Clock& clock_;
  ClientObserver& observer_;
  const StopToken& stop_;
  std::uint32_t batch_;
  std::vector<std::byte> letters_;
  std::optional<pacing::Schedule> schedule_;
  LogHistogram lateness_;
  net::ReceiveBuffers buffers_;
  MonoTime begun_;
  ThreadScheduling scheduling_;
  MonoTime data_begun_;
  MonoTime first_;
  MonoTime last_;
  MonoTime last_progress_;
  MonoTime shown_;
  std::optional<Duration> cpu_at_start_;
  TxReport report_;
  std::optional<Error> error_;
  std::optional<ClassicAnswer> answer_;
};

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
  TestOutcome outcome;
  outcome.start = clock.unix_now();
  const MonoTime begun = clock.now();
  const auto now_unix = [&] { return outcome.start + (clock.now() - begun); };
  outcome.params = options.params;
  outcome.server_name = options.host;
  outcome.labels = options.labels;
  outcome.classic.emplace();
  const auto failed = [&](const Error& error) {
    outcome.end = now_unix();
    outcome.error = error;
    outcome.status = stop.requested() ? TestStatus::interrupted : TestStatus::error;
    return outcome;
  };
  const auto servers = look_up_server(options, clock, stop, begun + options.connect_timeout);
  if (!servers) {
    return failed(servers.error());
  }
  outcome.server = servers->front();
  auto port = net::UdpPort::open(port_options(options, *outcome.server));
  if (!port) {
    return failed(port.error());
  }
  outcome.client = (*port)->local();
  outcome.session = random.next_u64();
  if (auto warning = fragmentation_warning(*outcome.server, options.params.payload_bytes,
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

}  // namespace udperf::engine
