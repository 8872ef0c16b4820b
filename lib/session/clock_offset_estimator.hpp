#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace udperf::session {

/// What exchanges of time stamps say about the peer's clock. Each bounds it twice, whatever the
/// path's delay and asymmetry: a stamp cannot arrive before it left (RFC 5905 s8). Over a test the
/// clocks may drift apart; the lines that keep to all bounds are the corridor. Where not even a
/// line of kMostSkew does, a clock was set. Pure; memory is bounded.
class ClockOffsetEstimator {
 public:
  static constexpr double kMostSkew = 500e-6;  ///< no oscillator is worse, nor any NTP slew

  /// Asked at t1, heard at t2, answered at t3, known at t4: t1 and t4 by our clock, t2 and t3 by
  /// the peer's, in ns.
  void add(std::int64_t t1, std::int64_t t2, std::int64_t t3, std::int64_t t4);

  struct Estimate {
    std::int64_t theta_ns = 0;        ///< the peer's clock minus ours
    std::int64_t uncertainty_ns = 0;  ///< the truth is no further away
    double skew = 0;                  ///< how much faster the peer's clock runs, as a ratio
    double skew_uncertainty = 0;
  };
  /// At the moment `at_ns` of our clock. Nothing without exchanges, or where no line fits.
  [[nodiscard]] std::optional<Estimate> estimate(std::int64_t at_ns) const;
  /// Whether the exchanges contradict each other: a clock was set in between.
  [[nodiscard]] bool broken() const;

 private:
  /// A bound of the peer's clock minus ours, both relative to the first exchange.
  struct Bound {
    double at = 0;
    double theta = 0;
  };
  /// The tightest bounds of a stretch of time in which there were exchanges.
  struct Bucket {
    std::uint64_t number = 0;  ///< of the stretches since the first exchange
    Bound low;
    Bound high;

    void tighten(const Bound& low_too, const Bound& high_too);
  };
  static constexpr std::size_t kMostBuckets = 1024;

  void coarsen();
  [[nodiscard]] std::vector<Bucket>::iterator place_of(std::uint64_t number);
  [[nodiscard]] double lowest_high(double skew, double at) const;
  [[nodiscard]] double highest_low(double skew, double at) const;
  [[nodiscard]] double width(double skew) const;
  [[nodiscard]] double widest() const;
  [[nodiscard]] double edge(double inside, double outside) const;

  std::vector<Bucket> buckets_;  ///< ascending
  double bucket_ns_ = 50e6;
  std::int64_t first_t1_ = 0;
  std::int64_t first_theta_ = 0;
};

}  // namespace udperf::session
