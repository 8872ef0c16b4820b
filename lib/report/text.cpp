#include <algorithm>
#include <array>
#include <cstdio>
#include <string>

#include "base/units.hpp"
#include "report/direction_text.hpp"
#include "report/json_tree.hpp"
#include "report/writer.hpp"

namespace udperf::report {
namespace {

using result::DirectionPart;

void direction_lines(const DirectionPart& part, Block& block) {
  sent_lines(part, block);
  received_lines(part, block);
  loss_lines(part, block);
  disorder_lines(part, block);
  delay_lines(part, block);
  pacing_lines(part, block);
  stream_lines(part, block);
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
  if (!text.empty()) {
    block.line("round trip", text);
  }
  if (rtt.bloat_ns && rtt.bloat_grade) {
    const std::int64_t added = std::max<std::int64_t>(*rtt.bloat_ns, 0);
    block.line("bufferbloat",
               "the load adds " + duration_text(added) + ", grade " + *rtt.bloat_grade);
  }
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

void test_lines(const result::ResultDocument& document, const TextStyle& style, Block& block) {
  const TestOutcome& test = document.test;
  const char* bold = style.color ? "1" : "";
  const bool both = document.up && document.down;
  block.line("client", test.client.to_string());
  block.line("server", test.server ? test.server->to_string() : "not known");
  if (both) {
    block.heading("client to server", bold);
  }
  if (document.up) {
    direction_lines(*document.up, block);
  }
  if (both) {
    block.heading("server to client", bold);
  }
  if (document.down) {
    direction_lines(*document.down, block);
  }
  rtt_line(document.rtt, block);
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

std::string interval_header() {
  return "     interval                  rate    packets     lost\n";
}

std::string interval_line(const IntervalView& interval) {
  const double length = interval.end_s - interval.start_s;
  const std::string rate =
      length > 0 ? format_bit_rate(8.0 * static_cast<double>(interval.payload_bytes) / length)
                 : "-";
  std::array<char, 160> text{};
  std::snprintf(text.data(), text.size(), "%-4s %7.2f-%-7.2f s %12s %10llu %8lld",
                interval.way == Way::up ? "up" : "down", interval.start_s, interval.end_s,
                rate.c_str(), static_cast<unsigned long long>(interval.packets),
                static_cast<long long>(interval.lost));
  std::string line = text.data();
  if (interval.duplicates > 0) {
    line += "  " + std::to_string(interval.duplicates) + " duplicated";
  }
  if (interval.reordered > 0) {
    line += "  " + std::to_string(interval.reordered) + " reordered";
  }
  return line + "\n";
}

std::string session_to_text(const SessionOutcome& outcome) {
  Block block{0};  // one value a line, for programs that read a server's output
  block.line("server", outcome.server.to_string());
  block.line("client", outcome.client.to_string());
  block.line("session", session_name(outcome.session) + ", " + outcome.reason);
  const IpFamily family = outcome.client.address.family;
  if (outcome.up) {
    const DirectionPart part = result::build_direction(*outcome.up, family, {});
    received_lines(part, block);
    loss_lines(part, block);
    disorder_lines(part, block);
  }
  if (outcome.down) {
    const DirectionPart part = result::build_direction(*outcome.down, family, {});
    sent_lines(part, block);
    block.line("time taken",
               part.tx.span_ns ? duration_text(*part.tx.span_ns) : "not measurable: nothing sent");
    loss_lines(part, block);
  }
  block.heading("", "");
  return block.text();
}

}  // namespace udperf::report
