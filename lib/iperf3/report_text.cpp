#include <array>
#include <cctype>
#include <cstdarg>
#include <cstdio>
#include <optional>
#include <string>
#include <vector>

#include "base/printable.hpp"
#include "iperf3/report_writer.hpp"
#include "iperf3/summary.hpp"

namespace udperf::iperf3 {
namespace {

constexpr const char* kSeparator = "- - - - - - - - - - - - - - - - - - - - - - - - -\n";

__attribute__((format(printf, 1, 2))) std::string printed(const char* format, ...) {
  std::array<char, 512> line{};
  std::va_list values;
  va_start(values, format);
  std::vsnprintf(line.data(), line.size(), format, values);
  va_end(values);
  return line.data();
}

/// " 129 KBytes", "1.05 Mbits": bytes in powers of 1024, bits in powers of 1000. `unit` is one of
/// b k m g t, or a for the largest that fits.
std::string quantity(double value, double step, const char* word, char unit) {
  constexpr std::array<const char*, 5> kPrefixes{"", "K", "M", "G", "T"};
  constexpr std::array<char, 5> kLetters{'b', 'k', 'm', 'g', 't'};
  std::size_t at = 0;
  for (std::size_t i = 0; i < kLetters.size(); ++i) {
    at = kLetters[i] == unit ? i : at;
  }
  const bool fixed = unit != 'a';
  for (std::size_t i = 0; fixed ? i < at : (value >= step && i + 1 < kPrefixes.size()); ++i) {
    value /= step;
    at = fixed ? at : i + 1;
  }
  const char* const format = value < 9.995   ? "%4.2f %s%s"
                             : value < 99.95 ? "%4.1f %s%s"
                                             : "%4.0f %s%s";
  std::array<char, 64> text{};
  // NOLINTNEXTLINE(clang-diagnostic-format-nonliteral): one of the three above
  std::snprintf(text.data(), text.size(), format, value, kPrefixes[at], word);
  return text.data();
}

std::string transfer(std::uint64_t bytes) {
  return quantity(static_cast<double>(bytes), 1024, "Bytes", 'a');
}

/// Small datagrams are bits, capital ones bytes.
std::string rate(std::uint64_t bytes, double seconds, char unit) {
  const bool in_bytes = std::isupper(static_cast<unsigned char>(unit)) != 0;
  const double bits = bits_per_second(bytes, seconds);
  const char small = static_cast<char>(std::tolower(static_cast<unsigned char>(unit)));
  return in_bytes ? quantity(bits / 8, 1024, "Bytes", small) : quantity(bits, 1000, "bits", small);
}

std::string role(const TestRecord& record, bool sender) {
  if (!record.parameters.bidirectional) {
    return "";
  }
  return std::string{"["} + (sender ? "TX" : "RX") + (record.server ? "-S]" : "-C]");
}

std::string who(std::optional<int> socket) {
  return socket ? printed("[%3d]", *socket) : std::string{"[SUM]"};
}

/// "[  5][TX-C]   0.00-1.00   sec   256 KBytes  2.10 Mbits/sec": what every row begins with.
struct Head {
  std::optional<int> socket;  ///< absent: the sum
  bool sender = false;
  double start_s = 0;
  double end_s = 0;
  std::uint64_t bytes = 0;
};

std::string head_text(const TestRecord& record, const Head& head, const TextFormat& format) {
  return who(head.socket) + role(record, head.sender) +
         printed(" %6.2f-%-6.2f sec  %s  %s/sec", head.start_s, head.end_s,
                 transfer(head.bytes).c_str(),
                 rate(head.bytes, head.end_s - head.start_s, format.unit).c_str());
}

std::string loss_text(double jitter_s, std::int64_t lost, std::uint64_t packets) {
  return printed("  %5.3f ms  %lld/%llu (%.2g%%)", jitter_s * 1000, static_cast<long long>(lost),
                 static_cast<unsigned long long>(packets), percent_of(lost, packets));
}

/// Of a whole test, where the loss may not be known.
std::string end_loss_text(double jitter_s, std::optional<std::uint64_t> lost,
                          std::uint64_t packets) {
  return lost ? loss_text(jitter_s, static_cast<std::int64_t>(*lost), packets)
              : printed("  %5.3f ms  Unknown/%llu", jitter_s * 1000,
                        static_cast<unsigned long long>(packets));
}

std::string row_text(const TestRecord& record, const Row& row, std::optional<int> socket,
                     const TextFormat& format) {
  std::string text =
      head_text(record, {socket, row.sender, row.start_s, row.end_s, row.bytes}, format);
  if (row.sender) {
    const char* const gap = record.parameters.bidirectional ? "          " : "";
    text += printed(" %s %llu", gap, static_cast<unsigned long long>(row.packets));
  } else {
    text += loss_text(row.jitter_s, row.lost, row.packets);
  }
  return text + (row.omitted ? "  (omitted)\n" : "  \n");
}

std::string columns(const TestRecord& record, bool sender) {
  if (record.parameters.bidirectional) {
    return "[ ID][Role] Interval           Transfer     Bitrate         Jitter    Lost/Total "
           "Datagrams\n";
  }
  return sender ? "[ ID] Interval           Transfer     Bitrate         Total Datagrams\n"
                : "[ ID] Interval           Transfer     Bitrate         Jitter    Lost/Total "
                  "Datagrams\n";
}

/// -V of a server: in place of a stream's line that it cannot tell.
std::string of_other_end(const TestRecord& record, std::optional<int> socket, bool sender,
                         const TextFormat& format) {
  return record.server && socket && format.verbose
             ? who(socket) + (sender ? " (receiver" : " (sender") + " statistics not available)\n"
             : "";
}

/// The two lines of a stream, or of a direction's sum: what was sent, and what arrived. A server
/// shows its own half alone, and so does a client whose server has not told its.
std::string end_lines(const TestRecord& record, const StreamEnd& end, std::optional<int> socket,
                      bool sender, const TextFormat& format) {
  std::string text;
  if (!sender) {
    text += of_other_end(record, socket, sender, format);
  }
  if ((!record.server || sender) && end.sent_told) {
    text += head_text(record, {socket, sender, 0, end.sent_seconds, end.sent_bytes}, format) +
            loss_text(0, 0, end.sent_packets) + "  sender\n";
  }
  if (const auto late = end.out_of_order.value_or(0); socket && late != 0) {
    // "[SUM]" of one stream: iperf3 has it so.
    text += "[SUM]" + role(record, sender) +
            printed(" %4.1f-%4.1f sec  %llu datagrams received out-of-order\n", 0.0,
                    end.sent_seconds, static_cast<unsigned long long>(late));
  }
  if ((!record.server || !sender) && end.received_told) {
    text +=
        head_text(record, {socket, sender, 0, end.received_seconds, end.received_bytes}, format) +
        end_loss_text(end.jitter_s, end.lost, end.received_packets) + "  receiver\n";
  }
  return text + (sender ? of_other_end(record, socket, sender, format) : "");
}

/// -V, where this end sends: of both directions the same figures are told in both roles.
std::string cpu_text(const TestRecord& record) {
  const auto side = [](const char* name, const CpuShare& cpu) {
    return printed("%s %.1f%% (%.1f%%u/%.1f%%s)", name, cpu.total, cpu.user, cpu.system);
  };
  const auto line = [&](bool sends) {
    const char* const here = sends ? "local/sender" : "local/receiver";
    const char* const there = sends ? "remote/receiver" : "remote/sender";
    return "CPU Utilization: " + side(here, record.local_cpu) +
           (peer_told(record) ? ", " + side(there, record.remote_cpu) : "") + "\n";
  };
  return line(true) + (record.parameters.bidirectional ? line(false) : "");
}

/// What the server printed, where the client asked for it.
std::string server_output(const TestRecord& record) {
  if (record.server_output_text) {
    return "\nServer output:\n" + printable(*record.server_output_text, Lines::several) + "\n";
  }
  return record.server_output_json
             ? "\nServer JSON output:\n" + printable(*record.server_output_json, Lines::several) +
                   "\n"
             : "";
}

/// The sides of a test in the order in which they are printed.
std::vector<Side> sides(const TestRecord& record) {
  const Side first = first_side(record);
  const Side other = first == Side::sends ? Side::receives : Side::sends;
  return record.parameters.bidirectional ? std::vector<Side>{first, other}
                                         : std::vector<Side>{first};
}

}  // namespace

std::string start_text(const TestRecord& record) {
  std::string text;
  if (record.server) {
    text +=
        "Accepted connection from " + record.host + ", port " + std::to_string(record.port) + "\n";
  }
  for (const StreamEnds& stream : record.streams) {
    text += printed("[%3d] local %s port %d connected to %s port %d\n", stream.socket,
                    stream.local.address.to_string().c_str(), stream.local.port,
                    stream.remote.address.to_string().c_str(), stream.remote.port);
  }
  return text;
}

std::string heading_text(const TestRecord& record) {
  return columns(record, first_side(record) == Side::sends);
}

std::string rows_text(const TestRecord& record, const IntervalRows& rows,
                      const TextFormat& format) {
  std::string text;
  const bool several = record.parameters.streams > 1;
  for (const Side side : sides(record)) {
    for (std::size_t i = 0; i < rows.size() && i < record.streams.size(); ++i) {
      if (rows[i].sender == (side == Side::sends)) {
        text += row_text(record, rows[i], record.streams[i].socket, format);
      }
    }
    const auto sum = several ? sum_rows(rows, side) : std::nullopt;
    text += sum ? row_text(record, *sum, std::nullopt, format) : "";
  }
  return text + (several ? kSeparator : "");
}

std::string end_text(const TestRecord& record, const TextFormat& format) {
  if (record.ends.empty()) {
    return "";
  }
  std::string text;
  if (record.parameters.streams == 1) {
    text += kSeparator;
  }
  text += format.verbose ? "Test Complete. Summary Results:\n" : "";
  text += columns(record, false);
  for (const Side side : sides(record)) {
    const bool sender = side == Side::sends;
    for (std::size_t i = 0; i < record.ends.size(); ++i) {
      if (record.streams[i].sender == sender) {
        text += end_lines(record, record.ends[i], record.streams[i].socket, sender, format);
      }
    }
    if (record.parameters.streams > 1) {
      text += end_lines(record, sum_ends(record, side), std::nullopt, sender, format);
    }
    text += format.verbose && sender ? cpu_text(record) : "";
    text += side == first_side(record) ? server_output(record) : "";
  }
  return text;
}

std::string report_text(const TestRecord& record, const TextFormat& format) {
  std::string text = start_text(record) + heading_text(record);
  for (const IntervalRows& rows : record.intervals) {
    text += rows_text(record, rows, format);
  }
  return text + end_text(record, format);
}

}  // namespace udperf::iperf3
