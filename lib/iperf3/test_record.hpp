#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/endpoint.hpp"
#include "base/time.hpp"
#include "iperf3/parameters.hpp"
#include "iperf3/results.hpp"
#include "iperf3/stream_account.hpp"

namespace udperf::iperf3 {

/// One stream in one interval, as one end saw it.
struct Row {
  double start_s = 0;  ///< since the start, or since the end of the omitted time
  double end_s = 0;
  std::uint64_t bytes = 0;
  std::uint64_t packets = 0;       ///< sender: sent; receiver: numbers passed
  std::int64_t lost = 0;           ///< receiver: a late arrival takes it below zero
  std::uint64_t out_of_order = 0;  ///< receiver
  std::uint64_t duplicates = 0;    ///< receiver
  double jitter_s = 0;             ///< receiver, so far
  bool jitter_known = true;
  bool omitted = false;
  bool sender = false;

  [[nodiscard]] double seconds() const { return end_s - start_s; }
};

/// All streams of a test in one interval, in the order of their numbers.
using IntervalRows = std::vector<Row>;

/// One stream's sockets.
struct StreamEnds {
  int socket = 0;
  Endpoint local;
  Endpoint remote;
  bool sender = false;  ///< this end sends
};

/// Both ends' word on a stream. Counts are without the omitted part.
struct StreamEnd {
  std::uint64_t sent_bytes = 0;
  std::uint64_t sent_packets = 0;
  double sent_seconds = 0;
  std::uint64_t received_bytes = 0;
  std::uint64_t received_packets = 0;  ///< what the receiver takes as sent
  double received_seconds = 0;
  std::optional<std::uint64_t> lost;          ///< absent: the receiver's word does not say
  std::optional<std::uint64_t> out_of_order;  ///< absent: a stock receiver does not tell
  double jitter_s = 0;
  bool jitter_known = true;
  bool sent_told = true;      ///< the sender's half is known; else its counts say nothing
  bool received_told = true;  ///< the receiver's half is
};

struct CpuShare {
  double total = 0;  ///< percent of a core
  double user = 0;
  double system = 0;
  bool known = true;
  bool parts_known = true;  ///< user and system
};

/// The error of a test whose server was stopped meanwhile, in iperf3's words.
inline constexpr const char* kServerInterrupted = "interrupt - the server has terminated";

/// Everything that iperf3 tells of a test, at one end of it.
struct TestRecord {
  bool server = false;
  bool began = false;  ///< data could flow
  Parameters parameters;
  std::string cookie;
  std::string host;  ///< client: of the server as asked for; server: the client's address
  std::uint16_t port = 0;
  UnixTime start;
  std::uint32_t segment_bytes = 0;  ///< of the client's control connection (TCP); 0: not known
  std::uint32_t sndbuf_bytes = 0;   ///< as the kernel tells it
  std::uint32_t rcvbuf_bytes = 0;
  Duration interval = std::chrono::seconds{1};
  std::vector<StreamEnds> streams;
  /// Not more than kMostRows rows in all; of a test without end several may have become one.
  std::vector<IntervalRows> intervals;
  std::size_t most_kept = 0;             ///< the most intervals that there have been
  std::size_t room_ends_at = kMostRows;  ///< intervals
  std::uint64_t rows_left_out = 0;       ///< intervals for which there was no room
  std::vector<StreamEnd> ends;           ///< empty where the test did not begin
  CpuShare local_cpu;
  CpuShare remote_cpu;
  std::optional<std::string> server_output_text;
  std::optional<std::string> server_output_json;
  std::optional<std::string> error;
  bool shut_down = false;  ///< a server's: `error` is that somebody stopped it

  static constexpr std::size_t kMostRows = 100'000;
  [[nodiscard]] bool is_forever() const;
  [[nodiscard]] std::size_t most_intervals() const;
  /// Whether keep() takes more memory than it has taken before.
  [[nodiscard]] bool keep_needs_room() const;
  /// No more than what has been taken: rows are merged, or left out, from here on.
  void make_do() { room_ends_at = std::max<std::size_t>(intervals.size(), 1); }
  /// Appends rows as long as there is room; in a test without end room is made, by merging.
  void keep(const IntervalRows& rows);
};

/// What is told of a test while it runs; not from the data path.
class TestWatcher {
 public:
  TestWatcher() = default;
  TestWatcher(const TestWatcher&) = delete;
  TestWatcher& operator=(const TestWatcher&) = delete;
  virtual ~TestWatcher() = default;

  /// A client's: the server takes the test. `record` has no streams yet.
  virtual void on_test_taken(const TestRecord& /*record*/) {}
  virtual void on_test_started(const TestRecord& record) = 0;
  virtual void on_test_interval(const TestRecord& record, const IntervalRows& rows) = 0;
  virtual void on_test_ended(const TestRecord& record) = 0;
  /// A server's: a client is refused a test for a reason that it is told; not one told of a busy
  /// server.
  virtual void on_test_refused(const std::string& /*reason*/) {}
  /// A server's: a client's test ended before data could flow, and it was not turned away:
  /// `record.error` says why.
  virtual void on_test_unstarted(const TestRecord& /*record*/) {}
};

/// Counters of one stream at a moment; what a row is made of.
struct StreamCounters {
  std::uint64_t packets = 0;  ///< without the omitted ones, once the omitted time is over
  StreamAccount::Totals totals;
};

/// Cuts a test into rows. The omitted time is a part of its own, and the clock begins again after
/// it. Pure.
class RowCutter {
 public:
  /// `interval` 0: one row, and none of the omitted time. Where time ends the test, the last row
  /// waits for its end.
  RowCutter(const Parameters& parameters, Duration interval, MonoTime start);

  /// When the next row ends.
  [[nodiscard]] MonoTime next() const { return next_; }
  /// The rows that end at `now`; `counters` in the order of the streams. Call when next() is
  /// reached. Empty: none.
  [[nodiscard]] IntervalRows cut(const std::vector<StreamEnds>& streams,
                                 const std::vector<StreamCounters>& counters, MonoTime now);
  /// When this end sent no more, and when nothing more was sent to it.
  struct End {
    MonoTime sent;
    MonoTime received;
  };
  /// Of the end of the test, by what the closed books say: all rows add up to it. Empty: a short
  /// time is left in which nothing was sent or received.
  [[nodiscard]] IntervalRows cut_last(const std::vector<StreamEnds>& streams,
                                      const std::vector<StreamCounters>& counters, const End& end);
  /// Seconds since the start of the part that is counted.
  [[nodiscard]] double elapsed(MonoTime now) const;

 private:
  [[nodiscard]] bool omitting() const { return origin_ < counted_from_; }
  /// Whether there is a last row: a tenth of an interval has passed since the one before, or
  /// anything has been sent or received since.
  [[nodiscard]] bool pending(const std::vector<StreamCounters>& counters, MonoTime now) const;
  /// What a receiver's row is made of.
  [[nodiscard]] const StreamAccount::Part& part(const StreamCounters& of) const;
  void advance(MonoTime now);

  std::uint32_t length_;
  Duration interval_;
  MonoTime origin_;
  MonoTime counted_from_;
  MonoTime planned_end_;
  MonoTime row_start_;
  MonoTime next_;
  std::vector<StreamCounters> last_;
};

}  // namespace udperf::iperf3
