#include "support/example_outcomes.hpp"

#include <array>

namespace udperf::test {
namespace {

constexpr std::int64_t kStart = 1'764'000'000'000'000'000;  // 2025-11-24T16:00:00Z
constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kMillisecond = 1'000'000;

TestOutcome started(Direction direction) {
  TestOutcome outcome;
  outcome.status = TestStatus::complete;
  outcome.session = 0x0123456789abcdefU;
  outcome.start = unix_from_ns(kStart);
  outcome.end = unix_from_ns(kStart + 3 * kSecond);
  outcome.params.direction = direction;
  outcome.params.payload_bytes = 1000;
  outcome.params.amount.size_bytes = 1'000'000;
  outcome.client = Endpoint{IpAddress::loopback(IpFamily::v4), 40000};
  outcome.client_seen_by_server = outcome.client;
  outcome.server = Endpoint{IpAddress::loopback(IpFamily::v4), 5555};
  outcome.server_name = "localhost";
  outcome.concurrent_sessions_max = 1;
  outcome.labels = {{"site", "lab \"7\", east"}};
  return outcome;
}

/// `packets` of 1000 B over two seconds.
TxReport sent(std::uint64_t packets) {
  TxReport tx;
  tx.packets = packets;
  tx.payload_bytes = packets * 1000;
  tx.batches = packets / 10;
  tx.cpu_permille = 125;
  tx.sndbuf_bytes = 4'194'304;
  tx.governor = TxGovernor::receiver;
  tx.held_permille = 20;
  tx.held_path_permille = 5;
  tx.load = HostLoad{0, HostLoad::kUntold, 3};
  if (packets > 0) {
    tx.first_bytes = 1000;
    tx.first_unix_ns = kStart + 100 * kMillisecond;
    tx.span_ns = 2 * kSecond;
    tx.last_unix_ns = tx.first_unix_ns + tx.span_ns;
    tx.gso_segments = 10;
    tx.gap_p50_ns = 20 * kMillisecond;
    tx.gap_p99_ns = 21 * kMillisecond;
    tx.gap_max_ns = 25 * kMillisecond;
  }
  return tx;
}

DelaySummary variation(std::uint64_t n) {
  DelaySummary summary;
  summary.n = n;
  summary.mean_ns = 120'000;
  summary.p50_ns = 100'000;
  summary.p90_ns = 200'000;
  summary.p95_ns = 300'000;
  summary.p99_ns = 400'000;
  summary.max_ns = 500'000;
  return summary;
}

/// `unique` of 1000 B arrive over two seconds, beginning 101 ms after the test; nothing is wrong.
RxReport arrived(std::uint64_t unique) {
  RxReport rx;
  rx.datagrams = unique;
  rx.unique = unique;
  rx.unique_bytes = unique * 1000;
  rx.sent = unique;
  rx.rx_socket_drop = 0;
  rx.batches = (unique + 1) / 2;
  rx.gro = 2;
  rx.cpu_permille = 250;
  rx.rcvbuf_bytes = 425'984;
  rx.load = HostLoad{0, 0, 3};
  rx.stamp = RxStamp::kernel;
  rx.interval_ns = kSecond;
  if (unique == 0) {
    return rx;
  }
  rx.first_bytes = 1000;
  rx.first_unix_ns = kStart + 101 * kMillisecond;
  rx.last_unix_ns = rx.first_unix_ns + 2 * kSecond;
  rx.first_mono_ns = 7 * kSecond;
  rx.last_mono_ns = rx.first_mono_ns + 2 * kSecond;
  rx.anchor_mono_ns = rx.first_mono_ns;
  rx.jitter_ns = 15'000;
  rx.jitter_max_ns = 40'000;
  rx.ipdv_mean_abs_ns = 12'000;
  rx.ipdv_p95_abs_ns = 30'000;
  rx.ipdv_max_abs_ns = 60'000;
  rx.delay_variation = variation(unique);
  rx.delay_bins = {{0, unique / 10},
                   {100'000, unique / 2 - unique / 10},
                   {200'000, unique * 2 / 5},
                   {500'000, unique - unique / 2 - unique * 2 / 5}};
  rx.raw_delay_min_ns = 1'000'000;
  rx.ecn = std::array<std::uint64_t, 4>{unique, 0, 0, 0};
  rx.dscp = std::uint8_t{0};
  return rx;
}

IntervalRow row(std::uint64_t unique, std::uint64_t lost) {
  IntervalRow row;
  row.unique = unique;
  row.bytes = unique * 1000;
  row.sent = unique + lost;
  row.lost = lost;
  row.dv_p50_ns = 100'000;
  row.dv_p99_ns = 400'000;
  return row;
}

/// Ten of a thousand do not make it.
StreamOutcome lossy_stream() {
  StreamOutcome stream;
  stream.tx = sent(1000);
  stream.tx->local_drop = 1;
  RxReport rx = arrived(990);
  rx.sent = 1000;
  rx.lost = 10;
  rx.lost_bytes = 10'000;
  rx.head_lost = 1;
  rx.tail_lost = 2;
  rx.rx_socket_drop = 3;
  rx.duplicates = 5;
  rx.replicated = 4;
  rx.datagrams = 990 + 5 + 1;
  rx.invalid = 1;
  rx.ecn = std::array<std::uint64_t, 4>{990, 0, 0, 0};
  rx.loss_periods = 5;
  rx.loss_period_max = 4;
  rx.burst_ratio = 1.98;
  rx.bursts = 2;
  rx.burst_packets = 20;
  rx.burst_lost = 8;
  rx.ttl = 62;
  rx.reordered = 4;
  rx.extent_sum = 10;
  rx.extent_count = 4;
  rx.extent_max = 4;
  rx.late_ns_max = 2 * kMillisecond;
  rx.n3_reordered = 2;
  rx.intervals = {row(500, 3), row(480, 4), row(10, 3)};
  rx.intervals[0].duplicates = 5;
  rx.intervals[1].reordered = 4;
  rx.last_mono_ns = rx.first_mono_ns + 2 * kSecond + 500 * kMillisecond;
  rx.last_unix_ns = rx.first_unix_ns + 2 * kSecond + 500 * kMillisecond;
  rx.outages = {Outage{kSecond, 60 * kMillisecond, 2}};
  rx.finalized = Finalized::quiet;
  stream.rx = rx;
  return stream;
}

RttSummary round_trips(std::uint64_t probes, std::uint64_t back) {
  RttSummary rtt;
  rtt.sent = probes;
  rtt.delay = variation(back);
  rtt.delay.min_ns = 80'000;
  rtt.kernel_stamps = true;
  return rtt;
}

void add_surroundings(TestOutcome& outcome) {
  outcome.rtt_idle = round_trips(5, 5);
  outcome.rtt_loaded = round_trips(100, 90);
  ClockEstimate clock;
  clock.method = "corridor";
  clock.theta_ns = 400'000;
  clock.uncertainty_ns = 50'000;
  clock.offset_ns = 1'400'000;
  clock.skew_ppm = -3.5;
  clock.skew_uncertainty_ppm = 20;
  clock.step_detected = false;
  outcome.clock = clock;
}

}  // namespace

TestOutcome normal_up() {
  TestOutcome outcome = started(Direction::up);
  outcome.up = WayOutcome{{lossy_stream()}};
  add_surroundings(outcome);
  return outcome;
}

TestOutcome total_loss() {
  TestOutcome outcome = started(Direction::up);
  StreamOutcome stream;
  stream.tx = sent(1000);
  RxReport rx = arrived(0);
  rx.sent = 1000;
  rx.lost = 1000;
  rx.lost_bytes = 1'000'000;
  rx.head_lost = 1000;
  rx.tail_lost = 1000;
  rx.loss_periods = 1;
  rx.loss_period_max = 1000;
  rx.intervals = {IntervalRow{}};
  rx.intervals[0].sent = 1000;
  rx.intervals[0].lost = 1000;
  rx.finalized = Finalized::quiet;
  stream.rx = rx;
  outcome.up = WayOutcome{{stream}};
  return outcome;
}

TestOutcome zero_packets() {
  TestOutcome outcome = started(Direction::up);
  StreamOutcome stream;
  stream.tx = sent(0);
  stream.rx = arrived(0);
  outcome.up = WayOutcome{{stream}};
  return outcome;
}

TestOutcome error_before_start() {
  TestOutcome outcome;
  outcome.error =
      Error{ErrorCode::unreachable, "127.0.0.1:5555: nothing listens there", 0, "connect"};
  outcome.start = unix_from_ns(kStart);
  outcome.end = unix_from_ns(kStart + kMillisecond);
  outcome.params.amount.duration = std::chrono::seconds{10};
  outcome.server_name = "localhost";
  return outcome;
}

TestOutcome interrupted_tx_only() {
  TestOutcome outcome = started(Direction::up);
  outcome.status = TestStatus::interrupted;
  outcome.error = Error{ErrorCode::cut_short, "interrupted", 0, "transfer"};
  StreamOutcome stream;
  stream.tx = sent(700);
  stream.tx->end = TxEnd::interrupted;
  outcome.up = WayOutcome{{stream}};
  return outcome;
}

TestOutcome both_directions() {
  TestOutcome outcome = normal_up();
  outcome.params.direction = Direction::both;
  outcome.mtu_up = PathMtu{1000, true, false, true, false, false};
  outcome.mtu_down = PathMtu{1472, true, true, false, false, false};
  outcome.params.rate_up = SendRate{SendRate::Kind::bits, 4'000'000};
  outcome.params.rate_down = SendRate{SendRate::Kind::packets, 250'000};
  StreamOutcome stream;
  stream.tx = sent(500);
  stream.tx->pacer = PacerKind::sleep_spin;
  stream.tx->scheduling = Scheduling::short_slice;
  stream.tx->burst_ns = kMillisecond;
  stream.tx->lateness_p50_ns = 50'000;
  stream.tx->lateness_p99_ns = 130'000;
  stream.tx->lateness_max_ns = 3 * kMillisecond;
  stream.tx->target_milli_pps = 250'000;
  stream.tx->gso_segments = 0;
  stream.rx = arrived(500);
  stream.rx->intervals = {row(250, 0), row(248, 0), row(2, 0)};
  outcome.down = WayOutcome{{stream}};
  return outcome;
}

TestOutcome three_streams() {
  TestOutcome outcome = started(Direction::up);
  outcome.params.streams = 3;
  outcome.start = unix_from_ns(kStart - kSecond);
  WayOutcome way;

  StreamOutcome whole;
  whole.tx = sent(100);
  whole.rx = arrived(100);
  whole.rx->intervals = {row(50, 0), row(50, 0)};
  whole.rx->last_mono_ns -= kMillisecond;
  way.streams.push_back(whole);

  StreamOutcome widest;
  widest.tx = sent(200);
  widest.tx->first_unix_ns -= 500 * kMillisecond;
  widest.rx = arrived(200);
  widest.rx->first_mono_ns -= 500 * kMillisecond;
  widest.rx->first_unix_ns -= 500 * kMillisecond;
  widest.rx->intervals = {row(60, 0), row(60, 0), row(80, 0)};
  widest.rx->jitter_ns = 99'000;
  widest.rx->delay_variation->max_ns = 900'000;
  way.streams.push_back(widest);

  StreamOutcome silent = total_loss().up->streams.front();
  way.streams.push_back(silent);

  for (StreamOutcome& stream : way.streams) {
    // One grid for all streams of a receiver, from the first arrival of any.
    stream.rx->anchor_mono_ns = stream.rx->unique > 0 ? widest.rx->first_mono_ns : 0;
  }
  outcome.up = way;
  return outcome;
}

std::vector<NamedOutcome> example_outcomes() {
  return {{"normal_up", normal_up()},
          {"total_loss", total_loss()},
          {"zero_packets", zero_packets()},
          {"error_before_start", error_before_start()},
          {"interrupted_tx_only", interrupted_tx_only()},
          {"both_directions", both_directions()},
          {"three_streams", three_streams()}};
}

SessionOutcome session_of(const TestOutcome& outcome) {
  SessionOutcome session;
  session.session = outcome.session.value_or(0);
  session.client = outcome.client;
  session.server = outcome.server.value_or(Endpoint{});
  session.opened = outcome.start;
  session.closed = outcome.end;
  session.params = outcome.params;
  session.status = outcome.status;
  session.reason = outcome.status == TestStatus::complete ? "complete" : "client went silent";
  session.up = outcome.up;
  session.down = outcome.down;
  return session;
}

}  // namespace udperf::test
