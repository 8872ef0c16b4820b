#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

namespace udperf::stats {

/// The pattern of loss, fed in sequence order: loss periods (RFC 3357 s5.4.2, s6.2-6.3), loss at
/// the head and at the tail, burst ratio. Constant memory.
class LossRuns {
 public:
  /// The next `n` numbers arrived.
  void received(std::uint64_t n) {
    if (n == 0) {
      return;
    }
    seen_any_ = true;
    run_ = 0;
    total_ += n;
    since_loss_ += n;
    if (since_loss_ >= kGmin) {
      close_cluster();
    }
  }
  /// The next `n` numbers did not.
  void lost(std::uint64_t n) {
    if (n == 0) {
      return;
    }
    periods_ += run_ == 0 ? 1 : 0;
    run_ += n;
    lost_ += n;
    total_ += n;
    longest_ = std::max(longest_, run_);
    head_ += seen_any_ ? 0 : n;
    // A cluster goes from loss to loss; what arrived in between belongs to it.
    cluster_packets_ += (cluster_lost_ == 0 ? 0 : since_loss_) + n;
    cluster_lost_ += n;
    since_loss_ = 0;
  }
  /// No more numbers follow: the last cluster is complete.
  void finish() { close_cluster(); }

  [[nodiscard]] std::uint64_t lost() const { return lost_; }
  [[nodiscard]] std::uint64_t periods() const { return periods_; }
  [[nodiscard]] std::uint64_t longest() const { return longest_; }
  [[nodiscard]] std::uint64_t head() const { return head_; }
  [[nodiscard]] std::uint64_t tail() const { return run_; }

  /// Bursts of RFC 3611 s4.7.2: the longest stretches that begin and end with a loss and hold no
  /// kGmin arrivals in a row. A loss with as many arrivals on each side is part of a gap. Known
  /// after finish().
  static constexpr std::uint64_t kGmin = 16;
  [[nodiscard]] std::uint64_t bursts() const { return bursts_; }
  [[nodiscard]] std::uint64_t burst_packets() const { return burst_packets_; }
  [[nodiscard]] std::uint64_t burst_lost() const { return burst_lost_; }

  /// Mean length of a loss period times (1 - loss ratio): 1 where losses fall at random, more where
  /// they come in bursts (McGowan 2005, ITU-T G.107). Nothing without loss, or when all is lost.
  [[nodiscard]] std::optional<double> burst_ratio() const {
    if (lost_ == 0 || lost_ == total_) {
      return std::nullopt;
    }
    const double mean = static_cast<double>(lost_) / static_cast<double>(periods_);
    return mean * (1.0 - static_cast<double>(lost_) / static_cast<double>(total_));
  }

 private:
  void close_cluster() {
    if (cluster_lost_ > 1) {
      ++bursts_;
      burst_packets_ += cluster_packets_;
      burst_lost_ += cluster_lost_;
    }
    cluster_lost_ = 0;
    cluster_packets_ = 0;
  }

  std::uint64_t total_ = 0;
  std::uint64_t lost_ = 0;
  std::uint64_t periods_ = 0;
  std::uint64_t longest_ = 0;
  std::uint64_t head_ = 0;
  std::uint64_t run_ = 0;              ///< losses since the last arrival
  std::uint64_t since_loss_ = 0;       ///< arrivals since the last loss
  std::uint64_t cluster_lost_ = 0;     ///< of the stretch that may become a burst
  std::uint64_t cluster_packets_ = 0;  ///< from its first loss to its last
  std::uint64_t bursts_ = 0;
  std::uint64_t burst_packets_ = 0;
  std::uint64_t burst_lost_ = 0;
  bool seen_any_ = false;
};

}  // namespace udperf::stats
