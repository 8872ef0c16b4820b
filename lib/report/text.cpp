#include <algorithm>
#include <cstdio>
#include <string>

#include "base/units.hpp"
#include "report/json_tree.hpp"
#include "report/writer.hpp"

namespace udperf::report {
namespace {

using result::DirectionPart;

constexpr int kLabelWidth = 24;

/// Lines of "label  value", labels aligned.
class Block {
 public:
  void line(const std::string& label, const std::string& text) {
    std::string padded = label;
    padded.resize(std::max<std::size_t>(label.size() + 1, kLabelWidth), ' ');
    text_ += padded + text + "\n";
  }
  void plain(const std::string& text) { text_ += text + "\n"; }
  [[nodiscard]] std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

std::string number(double value, int decimals) {
  char text[64] = {};
  std::snprintf(text, sizeof text, "%.*f", decimals, value);
  return text;
}

std::string or_unknown(const result::Count& count) {
  return count ? std::to_string(*count) : "not known";
}

std::string utc(const result::Nanoseconds& ns) {
  return ns ? format_utc(unix_from_ns(*ns)) : "none";
}

std::string duration(std::int64_t ns) {
  return format_duration(Duration{ns});
}

std::string volume(const result::Count& bytes, const result::Count& packets) {
  if (!bytes || !packets) {
    return "not known";
  }
  return std::to_string(*bytes) + " bytes (" + format_bytes(*bytes) + ") in " +
         std::to_string(*packets) + " packets";
}

std::string throughput(const DirectionPart& part) {
  if (!part.rx.goodput_bps) {
    return "not measurable (fewer than two packets arrived)";
  }
  std::string text = format_bit_rate(*part.rx.goodput_bps);
  if (part.rx.unique_bytes && part.rx.span_ns.value_or(0) > 0) {
    // The classic figure: all bytes over the time from the first to the last arrival.
    const double kilobytes =
        static_cast<double>(*part.rx.unique_bytes) * 1e6 / static_cast<double>(*part.rx.span_ns);
    text += " (" + number(kilobytes, 3) + " kB/s)";
  }
  return text;
}

std::string where(const result::LossPart& loss) {
  if (!loss.network_packets) {
    return "where is not known";
  }
  const std::string about = loss.rx_socket_drop_is_bound.value_or(false) ? "about " : "";
  return "network " + std::to_string(*loss.network_packets) + ", receiving socket " + about +
         std::to_string(*loss.rx_socket_drop) + ", sending host " +
         std::to_string(*loss.local_tx_drop);
}

std::string percent_text(double ratio) {
  const double percent = 100.0 * ratio;
  return number(percent, percent != 0 && percent < 0.1 ? 4 : 2) + " %";
}

void loss_lines(const DirectionPart& part, Block& block) {
  const auto& loss = part.loss;
  if (!loss.packets) {
    block.line("lost", "not known: the receiver's report is missing");
    return;
  }
  const std::string ratio = loss.ratio ? " (" + percent_text(*loss.ratio) + ")" : std::string{};
  block.line("lost", std::to_string(*loss.packets) + " packets, " +
                         std::to_string(loss.bytes.value_or(0)) + " bytes" + ratio);
  if (*loss.packets > 0) {
    block.line("  where", where(loss));
    block.line("  pattern", std::to_string(*loss.periods) + " losses in a row of " +
                                number(loss.period_mean.value_or(0), 1) + " on average, " +
                                std::to_string(*loss.period_max) + " at most; tail " +
                                std::to_string(*loss.tail_packets));
  }
}

void disorder_lines(const DirectionPart& part, Block& block) {
  if (part.duplicates.packets.value_or(0) > 0) {
    block.line("duplicated", std::to_string(*part.duplicates.packets) + " packets");
  }
  if (part.reordering.packets.value_or(0) > 0) {
    std::string text = std::to_string(*part.reordering.packets) + " packets";
    if (part.reordering.extent_max) {
      text += ", by " + std::to_string(*part.reordering.extent_max) + " places at most";
    }
    block.line("reordered", text);
  }
  if (part.rx.late.value_or(0) > 0) {
    block.line("late", std::to_string(*part.rx.late) + " packets came later than 3 s");
  }
  if (part.rx.invalid.value_or(0) > 0) {
    block.line("not ours", std::to_string(*part.rx.invalid) + " datagrams were ignored");
  }
}

void delay_lines(const DirectionPart& part, Block& block) {
  block.line("jitter (RFC 3550)",
             part.jitter.rfc3550_ns ? duration(*part.jitter.rfc3550_ns) : "not measurable");
  const auto& dv = part.delay_variation;
  if (dv.p50_ns && dv.p99_ns && dv.max_ns) {
    block.line("delay variation", "p50 " + duration(*dv.p50_ns) + ", p99 " + duration(*dv.p99_ns) +
                                      ", max " + duration(*dv.max_ns));
  }
}

void pacing_lines(const DirectionPart& part, Block& block) {
  if (part.pacing.rate_error_ratio) {
    block.line("pacing", "rate error " + number(100.0 * *part.pacing.rate_error_ratio, 3) +
                             " %, gap p50 " + duration(part.pacing.gap_p50_ns.value_or(0)) +
                             ", p99 " + duration(part.pacing.gap_p99_ns.value_or(0)));
  }
  if (part.tx.pacing_skipped.value_or(0) > 0) {
    block.line("skipped", std::to_string(*part.tx.pacing_skipped) +
                              " sends were given up after the sender was held up");
  }
}

void stream_lines(const DirectionPart& part, Block& block) {
  if (part.streams.size() < 2) {
    return;
  }
  for (const auto& stream : part.streams) {
    const std::string rate =
        stream.goodput_bps ? format_bit_rate(*stream.goodput_bps) : "not measurable";
    block.line("  stream " + std::to_string(stream.stream),
               rate + ", lost " + or_unknown(stream.lost) + " of " + or_unknown(stream.tx_packets) +
                   (stream.silent.value_or(false) ? ": SILENT, nothing arrived" : ""));
  }
}

void direction_lines(const DirectionPart& part, Block& block) {
  block.line("first packet sent", utc(part.tx.first_unix_ns));
  block.line("sent", volume(part.tx.payload_bytes, part.tx.packets));
  block.line("first packet received", utc(part.rx.first_unix_ns));
  block.line("received", volume(part.rx.unique_bytes, part.rx.unique));
  block.line("time taken", part.rx.span_ns ? duration(*part.rx.span_ns) : "not measurable");
  block.line("throughput", throughput(part));
  loss_lines(part, block);
  disorder_lines(part, block);
  delay_lines(part, block);
  pacing_lines(part, block);
  stream_lines(part, block);
}

std::string painted(const std::string& text, const char* code, const TextStyle& style) {
  return style.color ? std::string{"\x1b["} + code + "m" + text + "\x1b[0m" : text;
}

const char* verdict_color(const result::ResultDocument& document) {
  if (document.status != TestStatus::complete) {
    return "31";
  }
  return document.limited_by == "none" ? "32" : "33";
}

void rtt_line(const result::RttPart& rtt, Block& block) {
  if (!rtt.idle.p50_ns) {
    return;
  }
  std::string text = "idle " + duration(*rtt.idle.p50_ns);
  if (rtt.loaded.p50_ns) {
    text += ", loaded p50 " + duration(*rtt.loaded.p50_ns);
  }
  if (rtt.loaded.p99_ns) {
    text += ", p99 " + duration(*rtt.loaded.p99_ns);
  }
  block.line("round trip", text);
}

}  // namespace

std::string to_text(const result::ResultDocument& document, const TextStyle& style) {
  Block block;
  const TestOutcome& test = document.test;
  if (document.status == TestStatus::error) {
    block.line("result", "no test was run");
  } else {
    block.line("client", test.client.to_string());
    block.line("server", test.server ? test.server->to_string() : "not known");
    if (document.up && document.down) {
      block.plain(painted("client to server", "1", style));
    }
    if (document.up) {
      direction_lines(*document.up, block);
    }
    if (document.up && document.down) {
      block.plain(painted("server to client", "1", style));
    }
    if (document.down) {
      direction_lines(*document.down, block);
    }
    rtt_line(document.rtt, block);
  }
  if (document.error) {
    block.line("error", document.error->message());
  }
  if (document.status != TestStatus::error) {
    block.line("verdict", painted(document.verdict, verdict_color(document), style));
  }
  return block.take();
}

std::string interval_header() {
  return "      interval        rate      packets     lost\n";
}

std::string interval_line(const IntervalView& v) {
  const double length = v.end_s - v.start_s;
  const std::string rate =
      length > 0 ? format_bit_rate(8.0 * static_cast<double>(v.payload_bytes) / length) : "-";
  char text[160] = {};
  std::snprintf(text, sizeof text, "%-4s %7.2f-%-7.2f s %12s %10llu %8lld",
                v.way == Way::up ? "up" : "down", v.start_s, v.end_s, rate.c_str(),
                static_cast<unsigned long long>(v.packets), static_cast<long long>(v.lost));
  std::string line = text;
  if (v.duplicates > 0) {
    line += "  " + std::to_string(v.duplicates) + " duplicated";
  }
  if (v.reordered > 0) {
    line += "  " + std::to_string(v.reordered) + " reordered";
  }
  return line + "\n";
}

std::string session_to_text(const SessionOutcome& outcome) {
  Block block;
  block.line("server", outcome.server.to_string());
  block.line("client", outcome.client.to_string());
  block.line("session", session_name(outcome.session) + ", " + outcome.reason);
  const IpFamily family = outcome.client.address.family;
  if (outcome.up) {
    const auto part = result::build_direction(*outcome.up, family, {});
    block.line("first packet received", utc(part.rx.first_unix_ns));
    block.line("received", volume(part.rx.unique_bytes, part.rx.unique));
    block.line("time taken", part.rx.span_ns ? duration(*part.rx.span_ns) : "not measurable");
    block.line("throughput", throughput(part));
    loss_lines(part, block);
    disorder_lines(part, block);
  }
  if (outcome.down) {
    const auto part = result::build_direction(*outcome.down, family, {});
    block.line("first packet sent", utc(part.tx.first_unix_ns));
    block.line("sent", volume(part.tx.payload_bytes, part.tx.packets));
    if (part.loss.packets) {
      loss_lines(part, block);
    }
  }
  block.plain("");
  return block.take();
}

}  // namespace udperf::report
