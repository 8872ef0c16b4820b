#pragma once

#include <algorithm>
#include <cmath>
#include <optional>

#include "base/time.hpp"

namespace udperf::stats {

/// Interarrival jitter as RTP defines it: a running mean, in nanoseconds, of how much the transit
/// time changes from one arrival to the next.
///
///     D = (r_i - r_{i-1}) - (s_i - s_{i-1});   J += (|D| - J) / 16,  J starts at 0
///
/// The two clocks need not agree: only differences count. Feed first copies, in the order of
/// ARRIVAL. With fewer than two there is none. Source: RFC 3550 s6.4.1 and A.8. Departure: of
/// datagrams that left and arrived as one batch only the first counts, since they share their
/// stamps.
class Rfc3550Jitter {
 public:
  /// `transit`: arrival on our clock minus departure on the sender's; any constant offset cancels.
  void add(Duration transit) {
    if (last_) {
      const double change = std::abs(static_cast<double>((transit - *last_).count()));
      mean_ns_ = mean_ns_.value_or(0.0) + (change - mean_ns_.value_or(0.0)) / 16.0;
      max_ns_ = std::max(max_ns_, *mean_ns_);
    }
    last_ = transit;
  }

  [[nodiscard]] std::optional<Duration> value() const { return rounded(mean_ns_); }
  /// The largest value it ever had.
  [[nodiscard]] std::optional<Duration> largest() const {
    return mean_ns_ ? rounded(max_ns_) : std::nullopt;
  }

 private:
  static std::optional<Duration> rounded(std::optional<double> ns) {
    return ns ? std::optional{Duration{std::llround(*ns)}} : std::nullopt;
  }

  std::optional<Duration> last_;
  std::optional<double> mean_ns_;
  double max_ns_ = 0;
};

}  // namespace udperf::stats
