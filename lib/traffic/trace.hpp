#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"

namespace udperf::traffic {

/// One datagram of a trace.
struct TraceRow {
  Duration at{0};           ///< since the first
  std::uint32_t bytes = 0;  ///< UDP payload

  bool operator==(const TraceRow&) const = default;
};

/// More than a trace needs, and less than hurts.
inline constexpr std::size_t kMostTraceRows = 4'000'000;

/// What was made of a file that is not a trace as it stands.
struct TraceNotes {
  std::uint64_t reordered = 0;  ///< rows earlier than the one before: sorted by time
  std::uint64_t raised = 0;     ///< too small for a header: sent with the least that has one
  std::uint64_t skipped = 0;    ///< of a capture: not IP, so there is nothing to send
  std::uint64_t cut = 0;        ///< of a capture: too little of them was kept to know their length
  bool heading = false;         ///< of CSV: the first row was taken for one
};

/// Times and lengths to send, in the order of the times.
class Trace {
 public:
  /// Precondition: `rows` are not empty, nor more than kMostTraceRows, and no length is above
  /// kMostUdpPayload; times may be in any order. `notes` are added to.
  Trace(std::vector<TraceRow> rows, std::uint32_t least_bytes, TraceNotes notes);

  [[nodiscard]] std::uint64_t packets() const { return rows_.size(); }
  [[nodiscard]] const TraceRow& row(std::uint64_t index) const { return rows_[index]; }
  /// How long it lasts before it may begin again: to the last datagram, and a mean gap.
  [[nodiscard]] Duration turn() const { return turn_; }
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }
  [[nodiscard]] std::uint32_t largest() const { return largest_; }
  [[nodiscard]] std::uint32_t smallest() const { return smallest_; }
  /// Of payload over a turn, bit/s, at least 1.
  [[nodiscard]] std::uint64_t mean_bps() const;
  /// How much longer than its own time it takes at a rate that so many streams share, each of which
  /// sends it; 1 at as many times mean_bps().
  [[nodiscard]] double stretch(std::uint64_t rate_bps, std::uint64_t streams) const;
  [[nodiscard]] const TraceNotes& notes() const { return notes_; }

 private:
  std::vector<TraceRow> rows_;
  TraceNotes notes_;
  Duration turn_{0};
  std::uint64_t bytes_ = 0;
  std::uint32_t largest_ = 0;
  std::uint32_t smallest_ = UINT32_MAX;
};

/// Rows of "seconds,bytes" (also with a semicolon, a tab or spaces between), a heading and lines
/// that begin with # left out; ErrorCode::usage with the number of the line that is wrong. Says
/// in `notes` whether there was a heading.
[[nodiscard]] Result<std::vector<TraceRow>> parse_trace_csv(std::string_view text,
                                                            TraceNotes& notes);

/// A shell command that makes such rows of the UDP datagrams of a capture, FILE, for a udperf that
/// was built without libpcap.
inline constexpr std::string_view kCaptureToCsv =
    "tcpdump -nn -tt -q -r FILE | awk '/ UDP, length / {print $1 \",\" $NF}'";

/// The IP packets of a capture that libpcap reads (pcap, pcapng): each as the UDP datagram that
/// makes an IP packet of the same length. Counts in `notes` what is not IP, or not known.
[[nodiscard]] Result<std::vector<TraceRow>> read_trace_capture(const std::string& file,
                                                               TraceNotes& notes);

/// The trace in a file, which is a capture by its first bytes, else CSV. What has less than
/// `least_bytes` is raised to it.
[[nodiscard]] Result<Trace> read_trace(const std::string& file, std::uint32_t least_bytes);

}  // namespace udperf::traffic
