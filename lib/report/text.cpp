#include <algorithm>
#include <array>
#include <cstdio>
#include <string>

#include "base/decimal.hpp"
#include "base/printable.hpp"
#include "base/units.hpp"
#include "model/forever.hpp"
#include "model/session_text.hpp"
#include "report/details.hpp"
#include "report/direction_text.hpp"
#include "report/flows_text.hpp"
#include "report/json_tree.hpp"
#include "report/writer.hpp"

namespace udperf::report {
namespace {

using result::DirectionPart;

/// Whether the table of intervals has no room for all of its columns.
bool is_narrow(const TextStyle& style) {
  constexpr int kTableColumns = 56;
  return style.width > 0 && style.width < kTableColumns;
}

enum class Streams : bool { left_out, listed };

void direction_lines(const DirectionPart& part, const TextStyle& style, Streams streams,
                     Block& block) {
  sent_lines(part, block);
  received_lines(part, block);
  omitted_lines(part, block);
  loss_lines(part, block);
  disorder_lines(part, block);
  delay_lines(part, block);
  voice_lines(part, block);
  pacing_lines(part, block);
  if (streams == Streams::listed) {
    stream_lines(part, block);
  }
  if (style.details) {
    detail_lines(part, style, block);
  }
}

void rtt_line(const result::RttPart& rtt, Block& block) {
  std::string text;
  if (rtt.idle.p50_ns) {
    text = "idle " + duration_text(*rtt.idle.p50_ns);
  }
  if (rtt.loaded.p50_ns && rtt.loaded.p99_ns) {
    text += (text.empty() ? "loaded p50 " : ", loaded p50 ") + duration_text(*rtt.loaded.p50_ns) +
            ", p99 " + duration_text(*rtt.loaded.p99_ns);
  }
  if (!text.empty() && rtt.timestamps == "user") {
    text += " (with what the hosts let it wait)";
  }
  if (!text.empty()) {
    block.line("round trip", text);
  }
  if (rtt.bloat_ns && rtt.bloat_grade) {
    const std::int64_t added = std::max<std::int64_t>(*rtt.bloat_ns, 0);
    block.line(
        "bufferbloat",
        "the load adds " + duration_text(added) + ", grade " + *rtt.bloat_grade +
            (rtt.bloat_source == "data" ? " (by the data's own delay: probes overtake it)" : ""));
  }
}

/// The classic test: what was sent, and what its server said of it.
void classic_lines(const result::ResultDocument& document, Block& block) {
  sent_lines(*document.up, block);
  const auto& part = document.up->tx;
  block.line("time taken",
             part.span_ns ? duration_text(*part.span_ns) + " to send it" : "nothing was sent");
  if (document.kilobytes_per_second) {
    const double rate = *document.kilobytes_per_second;
    block.line("throughput", decimal("%.3f kB/s, ", rate) + format_bit_rate(rate * 8000.0));
  }
  if (document.classic_answer) {
    block.line("server's answer", printable(*document.classic_answer));
  }
  pacing_lines(*document.up, block);
}

const char* verdict_paint(const result::ResultDocument& document) {
  constexpr const char* kRed = "31";
  constexpr const char* kGreen = "32";
  constexpr const char* kYellow = "33";
  if (document.status != TestStatus::complete) {
    return kRed;
  }
  return document.limited_by == "none" ? kGreen : kYellow;
}

/// "server.example", or with what a translator on the way made of it.
std::string client_text(const TestOutcome& test) {
  if (test.client.port == 0) {
    return "not known";
  }
  const std::string text = test.client.to_string();
  const bool translated = test.client_seen_by_server && *test.client_seen_by_server != test.client;
  return translated ? text + ", seen by the server as " + test.client_seen_by_server->to_string()
                    : text;
}

std::string rate_text(const TestParams& params, Way way) {
  const SendRate& rate = params.rate(way);
  return rate.limited() ? format_bit_rate(static_cast<double>(payload_bps(params, way, rate)))
                        : std::string{"no rate"};
}

std::string amount_text(const Amount& amount) {
  if (amount.duration == kForever) {
    return "until interrupted";
  }
  if (amount.duration > Duration{0}) {
    return duration_text(amount.duration.count());
  }
  return amount.packets > 0 ? std::to_string(amount.packets) + " packets"
                            : format_bytes(amount.size_bytes);
}

/// What the figures below are of; nothing where it was as much as there is in one stream, nor of a
/// search, whose trials are its own.
void agreed_line(const result::ResultDocument& document, Block& block) {
  const TestParams& params = document.test.params;
  const Way way = params.direction == Direction::down ? Way::down : Way::up;
  const bool both = params.direction == Direction::both;
  if (document.search || (params.streams == 1 && !params.rate(way).limited() &&
                          !(both && params.rate_down.limited()))) {
    return;
  }
  std::string text = rate_text(params, way);
  if (both && params.rate_up != params.rate_down) {
    text += " up and " + rate_text(params, Way::down) + " down";
  } else if (both) {
    text += " each way";
  }
  text += params.streams > 1 ? " in " + std::to_string(params.streams) + " streams" : "";
  block.line("agreed", text + ", " + amount_text(params.amount));
}

/// Only where somebody asked (--gap-threshold): at a low rate any pause is one. An iperf3 server
/// tells none.
void asked_silences(const DirectionPart& part, Way way, const TestOutcome& test, Block& block) {
  const TestParams& params = test.params;
  if (!(test.iperf3 && way == Way::up) && params.gap_threshold != TestParams{}.gap_threshold) {
    silence_lines(part, params.gap_threshold, block);
  }
}

void test_lines(const result::ResultDocument& document, const TextStyle& style, Block& block) {
  const TestOutcome& test = document.test;
  const char* bold = style.color ? "1" : "";
  const bool both = document.up && document.down;
  // Of many flows only what is special about some.
  const Streams streams = document.flows ? Streams::left_out : Streams::listed;
  block.line("client", client_text(test));
  block.line("server", test.server ? test.server->to_string() : "not known");
  if (test.classic) {
    if (document.up) {
      classic_lines(document, block);
    }
    return;
  }
  agreed_line(document, block);
  if (both) {
    block.heading("client to server", bold);
  }
  if (document.up) {
    direction_lines(*document.up, style, streams, block);
    asked_silences(*document.up, Way::up, test, block);
  }
  if (both) {
    block.heading("server to client", bold);
  }
  if (document.down) {
    direction_lines(*document.down, style, streams, block);
    asked_silences(*document.down, Way::down, test, block);
  }
  rtt_line(document.rtt, block);
  if (document.flows) {
    flow_lines(*document.flows, block);
  }
  if (test.concurrent_sessions_max > 1) {
    block.line("shared", "the server ran up to " + std::to_string(test.concurrent_sessions_max) +
                             " tests at once");
  }
}

}  // namespace

std::string to_text(const result::ResultDocument& document, const TextStyle& style) {
  Block block{style.width};
  const bool ran = document.status != TestStatus::error;
  if (ran) {
    test_lines(document, style, block);
  }
  if (document.error) {
    block.line("error", document.error->message(), style.color ? "31" : "");
  }
  if (ran || !document.error) {
    block.line("verdict", document.verdict, style.color ? verdict_paint(document) : "");
  }
  return block.text();
}

std::string interval_header(const TextStyle& style) {
  return is_narrow(style) ? "       until        rate       lost\n"
                          : "     interval                  rate    packets     lost\n";
}

std::string interval_line(const IntervalView& interval, const TextStyle& style) {
  const double length = interval.end_s - interval.start_s;
  const auto& sent = interval.sent_alone;
  const std::uint64_t bytes = sent ? sent->payload_bytes : interval.payload_bytes;
  const std::string rate =
      length > 0 ? format_bit_rate(8.0 * static_cast<double>(bytes) / length) : "-";
  const char* const way = interval.way == Way::up ? "up" : "down";
  const std::string lost = sent ? "-" : std::to_string(interval.lost);
  std::array<char, 160> text{};
  if (is_narrow(style)) {
    std::snprintf(text.data(), text.size(), "%-4s%6.1f s %12s %9s\n", way, interval.end_s,
                  rate.c_str(), lost.c_str());
    return text.data();
  }
  const std::uint64_t packets = sent ? sent->packets : interval.packets;
  std::snprintf(text.data(), text.size(), "%-4s %7.2f-%-7.2f s %12s %10llu %8s", way,
                interval.start_s, interval.end_s, rate.c_str(),
                static_cast<unsigned long long>(packets), lost.c_str());
  std::string line = text.data();
  const auto add = [&](bool any, const std::string& what) {
    const std::string more = "  " + what;
    const bool fits =
        style.width <= 0 || line.size() + more.size() <= static_cast<std::size_t>(style.width);
    line += any && fits ? more : "";
  };
  add(sent.has_value(), "sent");
  add(!sent && interval.duplicates > 0, std::to_string(interval.duplicates) + " duplicated");
  add(!sent && interval.reordered > 0, std::to_string(interval.reordered) + " reordered");
  return line + "\n";
}

std::string session_to_text(const SessionOutcome& outcome) {
  Block block{0};  // one value a line, for programs that read a server's output
  block.line("server", outcome.server.to_string());
  block.line("client", outcome.client.to_string());
  block.line("session", session_text(outcome.session) + ", " + outcome.reason);
  const IpFamily family = outcome.client.address.family;
  if (outcome.up) {
    const DirectionPart part =
        result::build_direction(*outcome.up, {outcome.params, Way::up, family}, {});
    received_lines(part, block);
    loss_lines(part, block);
    disorder_lines(part, block);
  }
  if (outcome.down) {
    const DirectionPart part =
        result::build_direction(*outcome.down, {outcome.params, Way::down, family}, {});
    sent_lines(part, block);
    block.line("time taken",
               part.tx.span_ns ? duration_text(*part.tx.span_ns) : "not measurable: nothing sent");
    loss_lines(part, block);
  }
  block.heading("", "");
  return block.text();
}

}  // namespace udperf::report
