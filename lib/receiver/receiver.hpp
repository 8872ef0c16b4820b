#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "base/time.hpp"
#include "model/reports.hpp"
#include "model/test_params.hpp"
#include "net/datagram_port.hpp"
#include "receiver/datagram_format.hpp"
#include "receiver/drop_attribution.hpp"
#include "receiver/read_log.hpp"
#include "stats/stream_stats.hpp"
#include "wire/compact_header.hpp"
#include "wire/messages.hpp"

namespace udperf::receiver {

/// One stream's books at the receiving end: reads datagrams in place and hands what they say to the
/// statistics. What they look like is its format's. Not thread-safe; takes the time as an argument.
class Receiver {
 public:
  struct Settings {
    std::uint64_t session = 0;
    std::uint8_t stream = 0;
    Way way = Way::up;
    TestParams params;
    std::uint16_t compact_tag = 0;    ///< the stream's, where params.header is compact
    bool merging = false;             ///< the socket merges datagrams (UDP_GRO)
    bool warm_up = false;             ///< reads the part that is left out, and nothing else
    MemoryAccount* memory = nullptr;  ///< of the session; null: no limit
  };

  /// Of udperf's own protocol.
  explicit Receiver(const Settings& settings);
  /// Of a protocol that has another format. Of the settings, session, compact_tag and what params
  /// say of the header mean nothing then.
  Receiver(const Settings& settings, std::unique_ptr<const DatagramFormat> format);

  /// Start of the interval grid: the first arrival of any stream of the test. Before the first
  /// data.
  void set_anchor(MonoTime anchor);
  [[nodiscard]] bool has_anchor() const { return anchor_.has_value(); }
  /// How far the sender's monotonic clock is ahead of this one, to some seconds: compact headers
  /// say only a part of the time. Nothing where that is not known: then no delays are. Before the
  /// first data.
  void set_peer_clock(std::optional<Duration> ahead);

  /// Takes the datagrams of data of one read from `offset` on, up to the first that is none, or not
  /// of this part where there was a warm-up; returns the offset of that one, or data.size().
  /// Precondition: set_anchor() was called.
  std::size_t on_read(const net::Received& read, std::size_t offset);

  /// Whether a datagram of DATA says that it is of the part that is left out.
  [[nodiscard]] bool of_warm_up(std::span<const std::byte> datagram) const {
    return format_->of_warm_up(datagram);
  }

  /// A datagram that is neither DATA nor a control message.
  void count_invalid() { ++invalid_; }

  /// Fills everything but Feedback::number. Also moves the interval snapshot on.
  void fill(wire::Feedback& feedback, MonoTime now);

  [[nodiscard]] bool all_received(std::uint64_t sent) const { return stats_.all_received(sent); }
  [[nodiscard]] std::optional<MonoTime> last_arrival() const { return last_arrival_; }
  [[nodiscard]] std::uint64_t unique() const { return stats_.unique(); }
  [[nodiscard]] std::uint64_t next_expected() const { return stats_.next_expected(); }
  /// See stats::StreamStats.
  [[nodiscard]] bool out_of_memory() const { return stats_.out_of_memory(); }
  /// DATA datagrams that were this stream's, copies and late ones included.
  [[nodiscard]] std::uint64_t accepted() const { return accepted_; }
  /// What its reads tell beside the datagrams.
  [[nodiscard]] const ReadLog& reads() const { return reads_; }

  /// Adds the other part's counters to what fill() has filled, and its echo where this has none.
  static void add_warm_up(const wire::Feedback& warm_up, wire::Feedback& feedback);
  /// Goes on where the warm-up left the socket: its counters are the same socket's.
  void follow(const Receiver& warm_up);
  /// Closes the warm-up's books, as finalize() does.
  [[nodiscard]] OmittedRx finalize_warm_up(const std::optional<TxReport>& fin);

  /// Whether the sender can have sent so much: no more than was agreed on.
  [[nodiscard]] bool allows(const TxReport& fin) const;
  /// Closes the books. `fin`: the sender's word, absent when none came. `drops`: the socket's
  /// counter.
  [[nodiscard]] RxReport finalize(const std::optional<TxReport>& fin, Finalized why,
                                  const ClockAnchor& clock, std::optional<std::uint32_t> drops);

 private:
  struct Snapshot {
    std::uint64_t intervals = 0;
    std::uint64_t unique = 0;
    std::uint64_t bytes = 0;
    std::uint64_t next = 0;
    std::uint64_t duplicates = 0;
    std::uint64_t reordered = 0;
  };

  /// Runs of consecutive numbers found in one read.
  struct Scan {
    stats::Run run;
    std::optional<DropAttribution::Place> first;
    DropAttribution::Place last;
  };

  bool take(const DataHead& head, const net::Received& read, Scan& scan);
  void take_all(const DataHead& head, const net::Received& read, Scan& scan);
  std::uint32_t extend_run(const DataHead& head, Scan& scan);
  void close_run(Scan& scan);
  void pass_boundaries(MonoTime now);

  Settings settings_;
  std::unique_ptr<const DatagramFormat> format_;
  PacketPlan plan_;
  stats::StreamStats stats_;
  DropAttribution drops_;
  std::optional<MonoTime> anchor_;
  MonoTime next_boundary_ = kNever;
  Snapshot snapshot_;
  std::optional<MonoTime> last_arrival_;
  Duration peer_ahead_{0};  ///< the sender's clock, as of the latest datagram
  bool timed_ = true;
  DataHead latest_{};  ///< the last that was good
  bool has_latest_ = false;
  std::uint64_t invalid_ = 0;
  std::uint64_t accepted_ = 0;
  ReadLog reads_;
};

}  // namespace udperf::receiver
