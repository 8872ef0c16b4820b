#include "iperf3/client_run.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include "engine/client_outcome.hpp"
#include "engine/port_options.hpp"
#include "engine/server_lookup.hpp"
#include "iperf3/amount_time.hpp"
#include "iperf3/first_server.hpp"
#include "iperf3/summary.hpp"
#include "model/forever.hpp"
#include "net/udp_port.hpp"
#include "result/version.hpp"

namespace udperf::iperf3 {
namespace {

using namespace std::chrono_literals;

/// Beside what is left of --connect-timeout, as with every other server.
constexpr Duration kEndPatience = 5s;

std::uint64_t bits_of(const SendRate& rate, std::uint32_t length) {
  if (rate.kind != SendRate::Kind::packets) {
    return rate.value;
  }
  return static_cast<std::uint64_t>(Uint128{rate.value} * length * 8 / 1000);
}

/// Of one stream; at least a bit, as 0 means no limit.
std::uint64_t share_of(const SendRate& rate, const TestParams& params) {
  if (!rate.limited()) {
    return 0;
  }
  return std::max<std::uint64_t>(bits_of(rate, params.payload_bytes) / params.streams, 1);
}

std::uint32_t whole_seconds(Duration duration) {
  return static_cast<std::uint32_t>((duration + 1s - 1ns) / 1s);
}

Parameters parameters_of(const TestParams& params) {
  Parameters p;
  p.reverse = params.direction == Direction::down;
  p.bidirectional = params.direction == Direction::both;
  // To this protocol no time is one without end.
  p.seconds = params.amount.duration == kForever ? 0 : whole_seconds(params.amount.duration);
  p.bytes = params.amount.size_bytes;
  p.blocks = params.amount.packets;
  p.streams = params.streams;
  p.length = params.payload_bytes;
  p.rate_bps = share_of(p.server_sends() ? params.rate_down : params.rate_up, params);
  p.ip.tos = static_cast<std::uint8_t>((params.dscp << 2U) | params.ecn);
  p.burst = burst_of(params.burst, p.rate_bps, p.length);
  p.counters_64bit = true;
  p.ip.dont_fragment = params.df == DontFragment::on;
  p.labels.client_version = std::string{"udperf "} + result::program_version();
  return p;
}

/// For the server's next datagram in a test for an amount.
Duration data_patience(const TestParams& params) {
  constexpr Duration kLeast = 10s;
  constexpr int kPeriods = 8;
  constexpr std::chrono::duration<double> kMost = 1h;
  const std::uint64_t bps = share_of(params.rate_down, params);
  if (bps == 0) {
    return kLeast;
  }
  const std::chrono::duration<double> periods{kPeriods * 8.0 * params.payload_bytes /
                                              static_cast<double>(bps)};
  return std::max(kLeast, std::chrono::duration_cast<Duration>(std::min(periods, kMost)));
}

ClientPlan plan_of(const engine::ClientOptions& options, const Endpoint& server) {
  const TestParams& params = options.params;
  ClientPlan plan;
  plan.host = options.host;
  plan.server = server;
  plan.parameters = parameters_of(params);
  plan.duration = params.amount.duration;
  // Datagrams have one length: a size is rounded up to whole ones.
  plan.packets = params.amount.packets != 0
                     ? params.amount.packets
                     : params.amount.size_bytes / params.payload_bytes +
                           (params.amount.size_bytes % params.payload_bytes != 0 ? 1 : 0);
  plan.rate_bps = share_of(params.rate_up, params);
  plan.flood = params.rate_up.flood;
  plan.payload = params.payload;
  plan.sockets = engine::client_port_options(options, server, options.local_port);
  plan.spin = options.spin;
  plan.realtime = options.realtime;
  plan.patience = options.connect_timeout;
  plan.end_patience = kEndPatience;
  if (params.amount.duration == Duration{0}) {
    plan.longest = longest_arrival(params);
    plan.data_patience = data_patience(params);
  }
  plan.interval = plan.grid = params.interval;
  plan.gap_threshold = params.gap_threshold;
  return plan;
}

/// The largest datagram that the route to the server takes whole, as the kernel knows it.
std::uint32_t auto_length(const engine::ClientOptions& options, const Endpoint& server) {
  const std::uint32_t most = most_auto_payload(server.address.family);
  const auto port = net::UdpPort::open(engine::client_port_options(options, server, 0));
  const auto mtu = port ? (*port)->path_mtu() : std::nullopt;
  const std::uint32_t headers = ip_udp_header_bytes(server.address.family);
  return mtu && *mtu > headers + kDataHeaderBytes ? std::min(*mtu - headers, most) : most;
}

/// Tells the observer of rows and totals.
class Watcher final : public TestWatcher {
 public:
  Watcher(engine::ClientObserver& observer, TestOutcome& outcome)
      : observer_(observer), outcome_(outcome) {}

  void on_test_started(const TestRecord& record) override {
    outcome_.client = record.streams.front().local;
    observer_.on_started(outcome_);
  }

  void on_test_interval(const TestRecord& record, const IntervalRows& rows) override {
    if (const auto sent = sum_rows(rows, Side::sends)) {
      engine::LiveInterval live = interval_of(*sent, Way::up);
      // The server does not tell before the end what arrived.
      live.sent_alone = {sent->packets, sent->bytes};
      observer_.on_interval(live);
    }
    if (const auto received = sum_rows(rows, Side::receives)) {
      engine::LiveInterval live = interval_of(*received, Way::down);
      live.packets = received->bytes / record.parameters.length;
      live.bytes = received->bytes;
      lost_ += received->lost;  // less than none where an earlier row's losses came after all
      live.lost = std::max<std::int64_t>(lost_ - lost_told_, 0);
      lost_told_ += live.lost;
      live.duplicates = received->duplicates;
      live.reordered = received->out_of_order;
      observer_.on_interval(live);
    }
    ++index_;
  }

  void on_test_ended(const TestRecord& /*record*/) override {}

  void on_progress(const TestRecord& record, const std::vector<StreamCounters>& counters,
                   Duration elapsed) {
    engine::LiveProgress up;
    engine::LiveProgress down;
    down.way = Way::down;
    up.elapsed = down.elapsed = elapsed;
    up.arrivals_known = false;
    for (std::size_t i = 0; i < counters.size(); ++i) {
      if (record.streams[i].sender) {
        up.sent_packets += counters[i].packets;
        up.sent_bytes += counters[i].packets * record.parameters.length;
      } else {
        down.received_packets += counters[i].totals.unique;
        down.received_bytes += counters[i].totals.bytes;
        down.lost += counters[i].totals.missing;
      }
    }
    if (record.parameters.client_sends()) {
      observer_.on_progress(up);
    }
    if (record.parameters.server_sends()) {
      observer_.on_progress(down);
    }
  }

 private:
  [[nodiscard]] engine::LiveInterval interval_of(const Row& row, Way way) const {
    engine::LiveInterval live;
    live.way = way;
    live.index = index_;
    live.start = seconds(row.start_s);
    live.end = seconds(row.end_s);
    return live;
  }

  static Duration seconds(double value) {
    return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(value));
  }

  engine::ClientObserver& observer_;
  TestOutcome& outcome_;
  std::uint64_t index_ = 0;
  std::int64_t lost_ = 0;
  std::int64_t lost_told_ = 0;
};

void warn_of_rule(bool wrong, bool copies, std::vector<Warning>& warnings) {
  if (wrong) {
    warnings.push_back(Warning{
        "iperf3_loss_rule",
        "the server says that less was lost than its own count of bytes leaves room for: iperf3 "
        "does not see what is lost at the end, or is still under way when it is told of the end "
        "(two round trips and 20 ms behind the last datagram, 250 ms at most), and takes copies "
        "for lost datagrams that were found; the loss here is what was sent less what can have "
        "arrived"});
  }
  if (copies) {
    warnings.push_back(Warning{
        "iperf3_copies",
        "datagrams arrived at the server more than once, and iperf3 takes a copy for a lost "
        "datagram that was found: more may have been lost than the server says"});
  }
}

void fill_outcome(ClientFinish&& finish, TestOutcome& outcome) {
  outcome.error = finish.error;
  if (finish.interrupted) {
    outcome.status = TestStatus::interrupted;
    outcome.error = outcome.error.value_or(
        Error{ErrorCode::cut_short, "interrupted", 0, finish.began ? "transfer" : "connect"});
  } else if (!finish.error) {
    outcome.status = TestStatus::complete;
  } else {
    outcome.status = finish.began ? TestStatus::incomplete : TestStatus::error;
  }
  bool wrong = false;
  bool copies = false;
  Iperf3Peer peer;
  peer.tells_copies = true;
  for (ClientStream& stream : finish.streams) {
    auto& way = stream.sent ? outcome.up : outcome.down;
    if (!way) {
      way.emplace();
    }
    way->streams.push_back(StreamOutcome{std::move(stream.tx), std::move(stream.rx)});
    wrong = wrong || stream.rule_was_wrong;
    copies = copies || stream.copies_came;
    peer.tells_copies = peer.tells_copies && (!stream.sent || stream.tells_copies);
  }
  outcome.iperf3 = peer;
  warn_of_rule(wrong, copies, outcome.warnings);
}

/// Whether to try again: nothing is there yet, or it is busy.
bool again(const ClientFinish& finish, const engine::ClientOptions& options, Duration waited) {
  if (finish.began || finish.interrupted || !finish.error) {
    return false;
  }
  const bool absent = finish.error->code == ErrorCode::unreachable;
  return (finish.busy && waited < options.retry_busy) || (absent && waited < options.wait_server);
}

/// From the lookup on: a name that is not there yet may come, as the server may.
ClientFinish attempt(const engine::ClientOptions& options, const ClientTest::Parts& parts,
                     TestOutcome& outcome) {
  const MonoTime start_by = parts.clock.now() + options.connect_timeout;
  const auto servers = engine::look_up_server(options, parts.clock, parts.stop, start_by);
  if (!servers) {
    ClientFinish finish;
    finish.error = servers.error();
    finish.interrupted = parts.stop.requested();
    return finish;
  }
  outcome.session = outcome.session.value_or(parts.random.next_u64());
  return run_at_first(*servers, start_by, parts, [&](const Endpoint& server) {
    outcome.server = server;
    engine::ClientOptions chosen = options;
    if (options.auto_packet_size) {
      chosen.params.payload_bytes = auto_length(options, server);
    }
    outcome.params = chosen.params;
    return plan_of(chosen, server);
  });
}

}  // namespace

std::optional<Warning> unheard_payload(const TestParams& params) {
  if (params.direction == Direction::up || params.payload == PayloadKind::random) {
    return std::nullopt;
  }
  return Warning{
      "iperf3_payload",
      "--payload holds for what this end sends: an iperf3 server cannot be asked for it"};
}

TestOutcome run_iperf3_client(const engine::ClientOptions& options, const Clock& clock,
                              RandomSource& random, engine::ClientObserver& observer,
                              const engine::StopToken& stop) {
  TestOutcome outcome = engine::planned_outcome(options);
  outcome.start = clock.unix_now();
  const MonoTime begun = clock.now();
  outcome.iperf3.emplace();
  Watcher watcher{observer, outcome};
  const ClientTest::Parts parts{
      clock, random, stop, &watcher,
      [&watcher](const TestRecord& record, const std::vector<StreamCounters>& counters,
                 Duration elapsed) { watcher.on_progress(record, counters, elapsed); }};
  ClientFinish finish = attempt(options, parts, outcome);
  while (again(finish, options, clock.now() - begun) && !stop.requested()) {
    stop.pause(300ms, clock);
    finish = attempt(options, parts, outcome);
  }
  outcome.end = outcome.start + (clock.now() - begun);
  fill_outcome(std::move(finish), outcome);
  if (auto warning = unheard_payload(outcome.params)) {
    outcome.warnings.push_back(*std::move(warning));
  }
  for (const Warning& warning : outcome.warnings) {
    observer.on_warning(warning);
  }
  return outcome;
}

}  // namespace udperf::iperf3
