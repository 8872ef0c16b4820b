#include "report/direction_text.hpp"

#include <algorithm>
#include <string>

#include "base/decimal.hpp"
#include "base/percent.hpp"
#include "base/units.hpp"

namespace udperf::report {
namespace {

using result::DirectionPart;

constexpr const char* kNoReport = "not known: the receiver's report is missing";

/// "1 packet", "2 packets"
std::string packets(std::uint64_t count) {
  return std::to_string(count) + (count == 1 ? " packet" : " packets");
}

std::string volume(std::uint64_t bytes, std::uint64_t count) {
  return std::to_string(bytes) + " bytes (" + format_bytes(bytes) + ") in " + packets(count);
}

/// When the first of `count` passed: some peers do not tell.
std::string moment(const result::Nanoseconds& ns, const result::Count& count) {
  return ns ? format_utc(unix_from_ns(*ns)) : count.value_or(0) > 0 ? "not told" : "none";
}

/// Why there is no time span, and so no rate.
std::string no_span(std::uint64_t unique) {
  switch (unique) {
    case 0:
      return "not measurable: nothing arrived";
    case 1:
      return "not measurable: only one packet arrived";
    default:
      return "not measurable: all arrived at the same moment";
  }
}

std::string throughput(const result::RxPart& rx) {
  if (!rx.goodput_bps) {
    return no_span(*rx.unique);
  }
  // As programs before this one had it: all bytes over the time from the first to the last arrival.
  const double kilobytes =
      static_cast<double>(*rx.unique_bytes) * 1e6 / static_cast<double>(*rx.span_ns);
  return decimal(kilobytes, 3) + " kB/s, " + format_bit_rate(*rx.goodput_bps);
}

std::string where(const result::LossPart& loss) {
  if (!loss.network_packets) {
    return "not known";
  }
  const std::string about = loss.rx_socket_drop_is_bound.value_or(false) ? "about " : "";
  const std::string most = loss.local_tx_drop_is_bound.value_or(false) ? "at most " : "";
  const std::string local =
      loss.local_tx_drop ? most + std::to_string(*loss.local_tx_drop) : "not measured";
  return "network " + about + std::to_string(*loss.network_packets) + ", receiving socket " +
         about + std::to_string(*loss.rx_socket_drop) + ", sending host " + local;
}

std::string pattern(const result::LossPart& loss) {
  const std::uint64_t periods = loss.periods.value_or(0);
  std::string text = std::to_string(periods) + (periods == 1 ? " gap of " : " gaps of ") +
                     decimal(loss.period_mean.value_or(0), 1) + " packets on average, " +
                     std::to_string(loss.period_max.value_or(0)) + " at most";
  const std::uint64_t head = loss.head_packets.value_or(0);
  const std::uint64_t tail = loss.tail_packets.value_or(0);
  // What a silent stream lost was before its first arrival as well as after its last.
  if (head + tail > 0 && head + tail <= *loss.packets) {
    text += "; " + std::to_string(head) + " before the first arrival, " + std::to_string(tail) +
            " after the last";
  }
  return text;
}

}  // namespace

std::string duration_text(std::int64_t ns) {
  return format_duration(Duration{ns});
}

void sent_lines(const DirectionPart& part, Block& block) {
  if (!part.tx.packets) {
    block.line("sent", "not known: the sender's report is missing");
    return;
  }
  block.line("first packet sent", moment(part.tx.first_unix_ns, part.tx.packets));
  block.line("sent", volume(*part.tx.payload_bytes, *part.tx.packets));
}

void received_lines(const DirectionPart& part, Block& block) {
  const result::RxPart& rx = part.rx;
  if (!rx.unique) {
    block.line("received", kNoReport);
    return;
  }
  const bool before_sent =
      rx.first_unix_ns && part.tx.first_unix_ns && *rx.first_unix_ns < *part.tx.first_unix_ns;
  block.line("first packet received",
             moment(rx.first_unix_ns, rx.unique) +
                 (before_sent ? " (by the receiver's clock: it is behind the sender's)" : ""));
  block.line("received", volume(*rx.unique_bytes, *rx.unique));
  block.line("time taken", rx.span_ns ? duration_text(*rx.span_ns) : no_span(*rx.unique));
  block.line("throughput", throughput(rx));
}

void loss_lines(const DirectionPart& part, Block& block) {
  const result::LossPart& loss = part.loss;
  if (!loss.packets) {
    block.line("lost", kNoReport);
    return;
  }
  const std::string ratio =
      loss.ratio ? " (" + percent_text(100 * *loss.ratio) + ")" : std::string{};
  block.line("lost", packets(*loss.packets) + ", " + std::to_string(loss.bytes.value_or(0)) +
                         " bytes" + ratio);
  if (*loss.packets > 0) {
    block.line("  where", where(loss));
    if (part.rx.unique.value_or(0) > 0) {
      block.line("  pattern", pattern(loss));
    }
  }
}

void disorder_lines(const DirectionPart& part, Block& block) {
  if (const std::uint64_t copies = part.duplicates.packets.value_or(0); copies > 0) {
    block.line("duplicated", packets(copies));
  }
  if (const std::uint64_t count = part.reordering.packets.value_or(0); count > 0) {
    const auto& extent = part.reordering.extent_max;
    block.line("reordered",
               packets(count) + (extent ? ", by " + std::to_string(*extent) + " places at most"
                                        : std::string{}));
  }
  if (const std::uint64_t count = part.rx.late.value_or(0); count > 0) {
    block.line("late", packets(count) + ", too late to count as arrived");
  }
  if (const std::uint64_t count = part.rx.invalid.value_or(0); count > 0) {
    block.line("foreign", packets(count) + " of no stream of this test, ignored");
  }
}

void silence_lines(const DirectionPart& part, Duration longer_than, Block& block) {
  if (!part.rx.unique) {
    return;
  }
  const auto ns = [](double seconds) { return static_cast<std::int64_t>(seconds * 1e9); };
  const std::string longer = " longer than " + duration_text(longer_than.count());
  const auto longest =
      std::max_element(part.outages.begin(), part.outages.end(),
                       [](const auto& a, const auto& b) { return a.duration_s < b.duration_s; });
  block.line("silences", longest == part.outages.end()
                             ? "none" + longer
                             : std::to_string(part.outages.size()) + longer + ", the longest " +
                                   duration_text(ns(longest->duration_s)) + " at " +
                                   duration_text(ns(longest->start_s)));
}

void delay_lines(const DirectionPart& part, Block& block) {
  const auto& jitter = part.jitter.rfc3550_ns;
  block.line("jitter", jitter ? duration_text(*jitter) + " (RFC 3550)" : "not measurable");
  const auto& variation = part.delay_variation;
  if (variation.p50_ns && variation.p99_ns && variation.max_ns) {
    block.line("delay variation", "p50 " + duration_text(*variation.p50_ns) + ", p99 " +
                                      duration_text(*variation.p99_ns) + ", max " +
                                      duration_text(*variation.max_ns));
  }
}

void omitted_lines(const DirectionPart& part, Block& block) {
  if (!part.omitted) {
    return;
  }
  const auto known = [](const result::Count& count) {
    return count ? std::to_string(*count) : std::string{"an unknown number"};
  };
  block.line("warm-up left out", known(part.omitted->sent) + " packets sent, " +
                                     known(part.omitted->lost) + " of them lost");
}

std::string score(const result::Number& mos, const result::Number& r) {
  return mos && r ? "MOS " + decimal(*mos, 2) + " (R " + decimal(*r, 1) + ")"
                  : std::string{"no MOS"};
}

/// Which of several calls sounded worst.
void worst_call_line(const DirectionPart& part, Block& block) {
  const auto& streams = part.streams;
  const auto worst =
      std::find_if(streams.begin(), streams.end(), [&part](const result::StreamPart& stream) {
        return stream.voice && stream.voice->mos && stream.voice->mos == part.voice->mos_least;
      });
  if (streams.size() > 1 && worst != streams.end()) {
    block.line("  worst call", score(worst->voice->mos, worst->voice->r) + ": stream " +
                                   std::to_string(worst->stream) + " of " +
                                   std::to_string(streams.size()));
  }
}

void voice_lines(const DirectionPart& part, Block& block) {
  if (!part.voice) {
    return;
  }
  const result::VoicePart& voice = *part.voice;
  const auto share = [](const result::Number& ratio) {
    return ratio ? percent_text(100 * *ratio) : std::string{"not known"};
  };
  block.line("voice", score(voice.mos, voice.r) + ", " + voice.title +
                          (voice.ie ? "" : ", which the E-model has no figures for"));
  block.line("  missed", share(voice.loss_after_ratio) + ": " + share(voice.loss_before_ratio) +
                             " lost, " + packets(voice.discarded_packets.value_or(0)) +
                             " too late for the " + voice.buffer + " buffer of " +
                             (voice.buffer_ns ? duration_text(*voice.buffer_ns) : "no time"));
  if (voice.ta_ns) {
    block.line("  mouth to ear",
               duration_text(*voice.ta_ns) + (voice.network_source == "one_way"
                                                  ? " (by the clocks)"
                                                  : " (by half of the round trip)"));
  }
  worst_call_line(part, block);
  if (voice.worst) {
    block.line("  worst 10 s", score(voice.worst->mos, voice.worst->r) + " from " +
                                   decimal(voice.worst->start_s, 0) + " s on, missed " +
                                   share(voice.worst->loss_ratio));
  }
}

void pacing_lines(const DirectionPart& part, Block& block) {
  if (part.pacing.rate_error_ratio) {
    std::string text = "rate error " + decimal(100.0 * *part.pacing.rate_error_ratio, 3) + " %";
    if (part.pacing.gap_p50_ns && part.pacing.gap_p99_ns) {
      text += ", gap p50 " + duration_text(*part.pacing.gap_p50_ns) + ", p99 " +
              duration_text(*part.pacing.gap_p99_ns);
    }
    block.line("pacing", text);
  }
  if (const std::int64_t silent = part.tx.silent_ns.value_or(0); silent > 0) {
    block.line("nothing sent", "for " + duration_text(silent) + " of " +
                                   duration_text(part.tx.window_ns.value_or(0)));
  }
  for (const auto& pause : part.tx.pauses) {
    const auto at = static_cast<std::int64_t>(pause.start_s * 1e9);
    const auto length = static_cast<std::int64_t>(pause.duration_s * 1e9);
    block.line("  from", duration_text(at) + " for " + duration_text(length) + ": " + pause.reason +
                             (pause.packets > 0 ? ", " + packets(pause.packets) + " refused"
                                                : std::string{}));
  }
  if (const std::uint64_t count = part.tx.pacing_skipped.value_or(0); count > 0) {
    block.line("skipped", packets(count) + " were not sent, the sender having been held up");
  }
}

void stream_lines(const DirectionPart& part, Block& block) {
  if (part.streams.size() < 2) {
    return;
  }
  const auto known = [](const result::Count& count) {
    return count ? std::to_string(*count) : std::string{"not known"};
  };
  for (const result::StreamPart& stream : part.streams) {
    const std::string rate =
        stream.goodput_bps ? format_bit_rate(*stream.goodput_bps) : "rate not measurable";
    block.line("  stream " + std::to_string(stream.stream),
               rate + ", lost " + known(stream.lost) + " of " + known(stream.tx_packets) +
                   (stream.voice ? ", " + score(stream.voice->mos, stream.voice->r) : "") +
                   (stream.silent.value_or(false) ? ": nothing of it arrived" : ""));
  }
}

}  // namespace udperf::report
