#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "base/memory_account.hpp"
#include "iperf3/datagram.hpp"
#include "iperf3/results.hpp"
#include "model/reports.hpp"
#include "net/datagram_port.hpp"
#include "os/event.hpp"
#include "receiver/drop_attribution.hpp"
#include "receiver/read_log.hpp"
#include "stats/ipdv.hpp"
#include "stats/stream_stats.hpp"

namespace udperf::iperf3 {

/// The books of one stream at its receiver: which of the sender's numbers arrived, by its own count
/// of them and not by gaps seen on the way. Pure; not thread-safe.
///
/// The omitted time splits them in two: numbers up to the highest that had come when it ended are
/// the omitted part's, whenever they arrive.
class StreamAccount {
 public:
  struct Settings {
    std::uint32_t length = 0;
    Counters counters = Counters::narrow;
    Duration interval = std::chrono::seconds{1};
    Duration gap_threshold = std::chrono::milliseconds{50};
    bool merging = false;             ///< the socket merges datagrams (UDP_GRO)
    std::uint32_t streams = 1;        ///< that share the path in this direction
    bool omits = false;               ///< there is an omitted time: end_omitted() follows
    MemoryAccount* memory = nullptr;  ///< of the test; null: no limit
    /// Raised when what was expected has come, see ReceivingStream::expect(); null: nobody waits.
    const os::Event* told = nullptr;
  };
  explicit StreamAccount(const Settings& settings);

  /// So many arrivals may lie between two neighbours of a stream whose change of delay is looked
  /// at: of several streams each has its part of the path's disorder.
  [[nodiscard]] static constexpr std::uint64_t neighbours_apart(std::uint32_t streams) {
    constexpr std::uint64_t kLeast = 64;
    return std::max(stats::Ipdv::kMemory / std::max(streams, 1U), kLeast);
  }

  /// Takes the datagrams of one read. Those of another length are no data: they are counted as
  /// invalid.
  void on_read(const net::Received& read);

  /// The omitted time is over: what follows counts. Where it never is, nothing counts.
  void end_omitted();

  /// What is known so far of one of the two parts.
  struct Part {
    std::uint64_t counted = 0;  ///< numbers up to the highest
    std::uint64_t unique = 0;
    std::uint64_t bytes = 0;    ///< of unique datagrams
    std::uint64_t missing = 0;  ///< lost, or still to come
    std::uint64_t duplicates = 0;
    std::uint64_t reordered = 0;
    std::optional<Duration> jitter;
  };
  /// Of the part that counts, and beside it of the omitted one.
  struct Totals : Part {
    std::uint64_t highest = 0;  ///< number of both, from 1 on; 0 = none has arrived
    std::uint64_t read = 0;     ///< bytes of all that came: copies and what is no data, too
    Part omitted;
    bool exact = true;  ///< false: there was no memory to record an arrival

    /// Every number up to `sent` has arrived.
    [[nodiscard]] bool all_received(std::uint64_t sent) const {
      return highest == sent && missing == 0 && omitted.missing == 0;
    }
  };
  [[nodiscard]] Totals totals() const;
  [[nodiscard]] std::optional<MonoTime> last_arrival() const { return last_arrival_; }

  struct Closed {
    RxReport report;      ///< of what came after the omitted time
    StreamResult result;  ///< id and seconds are the caller's to fill in
    Totals totals;        ///< with what `report` says of the part that counts
  };
  /// Closes the books. `sent`: the sender's count, the omitted part included; absent when it did
  /// not tell. `drops`: the socket's counter. Call once.
  [[nodiscard]] Closed close(std::optional<std::uint64_t> sent, const ClockAnchor& clock,
                             std::optional<std::uint32_t> drops);

 private:
  struct Scan {
    stats::Run run;
    std::uint64_t first = 0;
    std::uint64_t last = 0;
  };

  [[nodiscard]] std::unique_ptr<stats::StreamStats> make_stats() const;
  [[nodiscard]] bool omitting() const { return settings_.omits && !omitted_; }
  void take(std::uint64_t sequence, std::int64_t tx_ns, Scan& scan);
  void close_run(Scan& scan);
  void add(stats::Run run);

  Settings settings_;
  std::unique_ptr<stats::StreamStats> omitted_;  ///< absent as long as nothing was omitted
  std::unique_ptr<stats::StreamStats> stats_;
  receiver::DropAttribution drops_;
  std::uint64_t base_ = 0;  ///< numbers up to this one are the omitted part's
  std::optional<MonoTime> last_arrival_;
  std::uint64_t invalid_ = 0;
  std::uint64_t read_bytes_ = 0;
  receiver::ReadLog reads_;
};

}  // namespace udperf::iperf3
