#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include "model/reports.hpp"
#include "net/datagram_port.hpp"

namespace udperf::receiver {

/// What reads of a stream's socket tell beside the datagrams themselves: how many there were and
/// how large, who stamped them, how they were marked, and what the socket had dropped by then.
/// Not thread-safe.
class ReadLog {
 public:
  /// Bytes and lengths of reads, for what they cost the socket.
  struct Sum {
    std::uint64_t reads = 0;
    std::uint64_t bytes = 0;
  };

  /// A read of so many datagrams of data.
  void note(const net::Received& read, std::uint32_t datagrams) {
    Sum& sum = datagrams > 1 ? merged_ : single_;
    ++sum.reads;
    sum.bytes += read.data.size();
    ++reads_;
    drops_ = read.drops.value_or(drops_);
    largest_ = std::max(largest_, datagrams);
  }
  /// The same read had some that were this stream's: its stamp and its marks count.
  void note_good(const net::Received& read) {
    kernel_stamps_ = kernel_stamps_ && read.kernel_stamp;
    if (read.tos) {
      dscp_ = static_cast<std::uint8_t>(*read.tos >> 2U);
    }
  }

  /// Goes on where the warm-up left the socket: its sums and its drops are the same socket's.
  void follow(const ReadLog& warm_up) {
    merged_ = warm_up.merged_;
    single_ = warm_up.single_;
    drops_ = warm_up.drops_;
  }

  /// Of those of several datagrams, which the host had merged, and of all others.
  [[nodiscard]] const Sum& merged() const { return merged_; }
  [[nodiscard]] const Sum& single() const { return single_; }
  /// Buffers that the socket had dropped when what was read last arrived, modulo 2^32.
  [[nodiscard]] std::uint32_t drops() const { return drops_; }

  /// Where no datagram came with its octet of DSCP and ECN, there is no count of ECN either.
  void fill(RxReport& report) const {
    report.batches = reads_;
    report.gro = largest_ > 1 ? largest_ : 0;
    report.stamp = kernel_stamps_ ? RxStamp::kernel : RxStamp::user;
    report.dscp = dscp_;
    if (!dscp_) {
      report.ecn.reset();
    }
  }

 private:
  Sum merged_;
  Sum single_;
  std::uint64_t reads_ = 0;
  std::uint32_t drops_ = 0;
  std::uint32_t largest_ = 0;
  bool kernel_stamps_ = true;
  std::optional<std::uint8_t> dscp_;
};

}  // namespace udperf::receiver
