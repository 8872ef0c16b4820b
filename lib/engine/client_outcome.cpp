#include "engine/client_outcome.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>
#include <string>

#include "engine/socket_warnings.hpp"
#include "model/packet_plan.hpp"

namespace udperf::engine {
namespace {

using End = ClientControl::End;

Error cut_short(std::string text) {
  return Error{ErrorCode::cut_short, std::move(text), 0, "transfer"};
}

std::optional<Error> end_error(End end, const Endpoint& server, const TestParams& params) {
  const std::string peer = server.to_string();
  switch (end) {
    case End::complete:
      return std::nullopt;
    case End::interrupted:
      return cut_short("interrupted");
    case End::server_gone:
      return cut_short(peer + ": the server went away during the test (ICMP port unreachable)");
    case End::server_silent:
      return cut_short(peer + ": the server fell silent during the test: it died, or the path did");
    case End::server_stopping:
      return cut_short(peer + ": the server is shutting down");
    case End::never_started:
      return Error{ErrorCode::cut_short, peer + ": the server did not answer GO", 0, "start"};
    case End::out_of_memory:
      return cut_short(
          "the books of this test need more memory than it may have: fewer streams, or a longer "
          "--interval");
    case End::overdue:
      return cut_short(peer + ": the test did not end in its time" +
                       (params.direction == Direction::up
                            ? std::string{}
                            : std::string{": the server went on sending or its FIN was lost"}));
  }
  return std::nullopt;
}

Error send_error(int reason, const Endpoint& server) {
  std::string what = "send to " + server.to_string();
  if (reason == EMSGSIZE) {
    what +=
        " (the packet size is larger than the path takes unfragmented: give a smaller "
        "--packet-size or leave out --df)";
  }
  return Error{ErrorCode::cut_short, what, reason, "transfer"};
}

/// Why a sender did not send all; nothing where it did.
std::optional<Error> early_end(const std::optional<TxReport>& tx, const std::string& who) {
  if (!tx || tx->end == TxEnd::complete) {
    return std::nullopt;
  }
  return cut_short(who + " ended before all was sent: " + early_end_text(*tx));
}

/// Why what this stream sent is not whole.
std::optional<Error> sent_error(const StreamEndpoint& endpoint, const Endpoint& server) {
  if (const int reason = endpoint.send_error(); reason != 0) {
    return send_error(reason, server);
  }
  const StreamOutcome sent = endpoint.sent_outcome();
  if (sent.rx && !sent.rx->tail_known) {
    return Error{ErrorCode::cut_short,
                 server.to_string() +
                     ": no FIN got through; what the server had received by then is counted",
                 0, "report"};
  }
  if (!sent.rx) {
    return Error{
        ErrorCode::cut_short,
        server.to_string() + (endpoint.fin_acknowledged() ? ": the server's report did not arrive"
                                                          : ": the server did not answer FIN"),
        0, "report"};
  }
  return early_end(sent.tx, "this end's sending to " + server.to_string());
}

/// Why what this stream received is not whole: only its sender knows.
std::optional<Error> received_error(StreamEndpoint& endpoint, const Endpoint& server) {
  const StreamOutcome received = endpoint.received_outcome();
  if (!received.tx) {
    return Error{
        ErrorCode::cut_short,
        server.to_string() + ": the server's FIN did not arrive: how much it sent is not known", 0,
        "report"};
  }
  return early_end(received.tx, server.to_string() + ": the server's sending");
}

/// Whether the test ended since nothing came from the server any more, not even what it owed.
bool is_silent(End end, const std::vector<std::unique_ptr<StreamEndpoint>>& endpoints) {
  if (end != End::complete) {
    return end == End::server_silent || end == End::never_started;
  }
  return std::any_of(endpoints.begin(), endpoints.end(), [](const auto& endpoint) {
    return endpoint->sends() && !endpoint->fin_acknowledged() && !endpoint->sent_outcome().rx;
  });
}

/// Why a finished exchange is still not a whole result.
std::optional<Error> stream_error(StreamEndpoint& endpoint, const Endpoint& server) {
  std::optional<Error> error;
  if (endpoint.sends()) {
    error = sent_error(endpoint, server);
  }
  if (!error && endpoint.receives()) {
    error = received_error(endpoint, server);
  }
  return error;
}

void fill_clock(ClientControl& control, TestOutcome& outcome) {
  const ClockEstimate clock = control.clock();
  if (!clock.method.empty() || clock.step_detected) {
    outcome.clock = clock;
  }
  if (clock.step_detected.value_or(false)) {
    outcome.warnings.push_back(Warning{
        "clock_step", clock.theta_ns
                          ? "a wall clock was set during the test: times of day before and "
                            "after differ; durations, rates and delays do not depend on it"
                          : "a clock was set or ran wild during the test: delay variation and "
                            "jitter include the jump, and one-way delay is not known"});
  }
}

/// Rows of a test without end become longer: those of the first stream as long as any other's.
void merge_as_others(const std::vector<StreamOutcome>& streams, RxReport& first) {
  for (const StreamOutcome& stream : streams) {
    const std::int64_t longest = stream.rx ? stream.rx->interval_ns : 0;
    for (; first.interval_ns > 0 && first.interval_ns <= longest / 2; first.interval_ns *= 2) {
      merge_rows_in_pairs(first.intervals);
    }
  }
}

/// The round trips of each interval of a way, in the rows of its first stream: the server's
/// grid is placed on the client's clock.
void fill_rtt_rows(const ClientControl& control, Way way, TestOutcome& outcome) {
  auto& part = way == Way::up ? outcome.up : outcome.down;
  if (!part || part->streams.empty() || !part->streams.front().rx || !outcome.clock ||
      !outcome.clock->theta_ns) {
    return;
  }
  RxReport& rx = *part->streams.front().rx;
  merge_as_others(part->streams, rx);
  const auto anchor = static_cast<std::uint64_t>(rx.anchor_mono_ns);
  const auto theta = static_cast<std::uint64_t>(way == Way::up ? *outcome.clock->theta_ns : 0);
  const auto begin = static_cast<std::int64_t>(anchor - theta);  // a peer's word may be absurd
  std::map<std::size_t, std::vector<Duration>> rows;
  for (const auto& sample : control.probes().loaded_samples()) {
    const std::int64_t at = to_ns(sample.at);
    if (at >= begin && rx.interval_ns > 0) {
      const auto row =
          static_cast<std::uint64_t>(at - begin) / static_cast<std::uint64_t>(rx.interval_ns);
      rows[static_cast<std::size_t>(row)].push_back(sample.rtt);
    }
  }
  for (auto& [row, rtts] : rows) {
    if (row < rx.intervals.size()) {
      const auto middle = rtts.begin() + static_cast<std::ptrdiff_t>((rtts.size() - 1) / 2);
      std::nth_element(rtts.begin(), middle, rtts.end());
      const auto [least, most] = std::minmax_element(rtts.begin(), rtts.end());
      rx.intervals[row].rtt_min_ns = least->count();
      rx.intervals[row].rtt_max_ns = most->count();
      rx.intervals[row].rtt_p50_ns = middle->count();
    }
  }
}

void warn_of_black_hole(const std::optional<PathMtu>& mtu, const char* way, TestOutcome& outcome) {
  if (mtu && mtu->black_hole && mtu->payload_bytes) {
    outcome.warnings.push_back(
        Warning{"mtu_black_hole",
                std::string{"datagrams of more than "} + std::to_string(*mtu->payload_bytes) +
                    " bytes disappear on the way " + way +
                    " without a word (no ICMP \"too big\"): what relies on path MTU discovery "
                    "hangs there"});
  }
}

void fill_warnings(const std::vector<std::unique_ptr<StreamEndpoint>>& endpoints,
                   const Connection& connection, TestOutcome& outcome) {
  outcome.warnings.insert(outcome.warnings.end(), connection.lowered.begin(),
                          connection.lowered.end());
  if (auto warning = server_buffer_warning(outcome)) {
    outcome.warnings.push_back(*std::move(warning));
  }
  net::DatagramPort& port = endpoints.front()->port();
  if (endpoints.front()->receives()) {
    if (auto warning =
            buffer_warning(connection.buffer_wanted, port.receive_buffer_bytes(), "rmem_max")) {
      outcome.warnings.push_back(*std::move(warning));
    }
  }
}

}  // namespace

TestOutcome planned_outcome(const ClientOptions& options) {
  TestOutcome outcome;
  outcome.params = options.params;
  outcome.server_name = options.host;
  outcome.labels = options.labels;
  return outcome;
}

Warning broken_offload_warning() {
  return Warning{
      "gso_broken_path",
      "datagrams sent with segmentation offload (UDP_SEGMENT) do not arrive on this path, "
      "single ones do: the test was run without it; a kernel or driver at this end is at "
      "fault"};
}

void settle_tail(const TestParams& params, Way way, std::uint16_t stream, const TxReport& tx,
                 RxReport& rx) {
  if (rx.tail_known || tx.packets < rx.sent) {
    return;
  }
  const std::uint64_t missing = tx.packets - rx.sent;
  const PacketPlan plan = PacketPlan::for_stream(params, way, stream);
  rx.lost_bytes =
      plan.open() ? tx.payload_bytes - std::min(tx.payload_bytes, rx.unique_bytes)
                  : rx.lost_bytes + plan.bytes_of_first(tx.packets) - plan.bytes_of_first(rx.sent);
  rx.sent += missing;
  rx.lost += missing;
  rx.tail_lost = rx.unique == 0 ? rx.sent : rx.tail_lost + missing;
  rx.head_lost = rx.unique == 0 ? rx.sent : rx.head_lost;
  if (missing > 0 && rx.intervals.empty()) {
    rx.intervals.emplace_back();
  }
  if (missing > 0) {
    rx.intervals.back().sent += missing;
    rx.intervals.back().lost += missing;
    rx.rx_socket_drop_is_bound = true;  // whose the tail was is not known
  }
}

namespace {

/// The same of a warm-up, which has no rows.
void settle_omitted(const TxReport& tx, RxReport& rx) {
  if (rx.tail_known || !tx.omitted || !rx.omitted || tx.omitted->packets < rx.omitted->sent) {
    return;
  }
  OmittedRx& out = *rx.omitted;
  out.lost += tx.omitted->packets - out.sent;
  out.sent = tx.omitted->packets;
  out.lost_bytes =
      tx.omitted->payload_bytes - std::min(tx.omitted->payload_bytes, out.unique_bytes);
}

/// What the streams' two ends say of one way.
WayOutcome way_outcome(const std::vector<std::unique_ptr<StreamEndpoint>>& endpoints, Way way) {
  WayOutcome result;
  for (std::size_t i = 0; i < endpoints.size(); ++i) {
    StreamEndpoint& endpoint = *endpoints[i];
    StreamOutcome one =
        endpoint.send_way() == way ? endpoint.sent_outcome() : endpoint.received_outcome();
    if (one.tx && one.rx) {
      settle_omitted(*one.tx, *one.rx);
      settle_tail(endpoint.params(), way, static_cast<std::uint16_t>(i), *one.tx, *one.rx);
    }
    result.streams.push_back(std::move(one));
  }
  return result;
}

}  // namespace

void fill_outcome(ClientControl& control,
                  const std::vector<std::unique_ptr<StreamEndpoint>>& endpoints,
                  const Connection& connection, TestOutcome& outcome) {
  const Endpoint server = outcome.server.value_or(Endpoint{});
  outcome.params = control.params();
  outcome.mtu_up = control.mtu(Way::up);
  outcome.mtu_down = control.mtu(Way::down);
  outcome.error = end_error(control.end(), server, outcome.params);
  for (const Way way : {Way::up, Way::down}) {
    if (includes(outcome.params.direction, way)) {
      (way == Way::up ? outcome.up : outcome.down) = way_outcome(endpoints, way);
    }
  }
  for (const auto& endpoint : endpoints) {
    if (!outcome.error) {
      outcome.error = stream_error(*endpoint, server);
    }
  }
  outcome.status = !outcome.error                      ? TestStatus::complete
                   : control.end() == End::interrupted ? TestStatus::interrupted
                                                       : TestStatus::incomplete;
  outcome.fell_silent =
      outcome.status == TestStatus::incomplete && is_silent(control.end(), endpoints);
  outcome.rtt_loaded = control.probes().loaded();
  outcome.rtt_idle = control.probes().idle();
  fill_clock(control, outcome);
  fill_rtt_rows(control, Way::up, outcome);
  fill_rtt_rows(control, Way::down, outcome);
  fill_warnings(endpoints, connection, outcome);
  warn_of_black_hole(outcome.mtu_up, "up", outcome);
  warn_of_black_hole(outcome.mtu_down, "down", outcome);
}

}  // namespace udperf::engine
