#pragma once

#include <cstdint>
#include <optional>

#include "base/time.hpp"
#include "base/units.hpp"

namespace udperf::pacing {

/// The load adjustment of RFC 9097 s8.1 (Type B; Appendix A): what a sender sends next, after each
/// status feedback of the receiver. Steps up and down a table of IP-layer rates by fixed thresholds
/// of sequence errors and delay. Pure; one for each flow.
class LoadAdjustment {
 public:
  // The RFC's parameters (s4, Table 1 of s8.1), at its defaults.
  static constexpr Duration kFeedbackInterval = std::chrono::milliseconds{50};
  static constexpr Duration kFeedbackTimeout = std::chrono::seconds{1};  ///< the sender stops then
  static constexpr Duration kLowDelay = std::chrono::milliseconds{30};
  static constexpr Duration kHighDelay = std::chrono::milliseconds{90};
  static constexpr std::uint64_t kSequenceErrors = 10;  ///< in one feedback; more is congestion
  static constexpr int kConfirmations = 3;
  static constexpr std::size_t kFastIncrease = 10;           ///< rows
  static constexpr std::size_t kFastDecrease = 30;           ///< rows, once
  static constexpr std::uint64_t kFastUpTo = 1'000'000'000;  ///< bit/s: in single rows above

  /// Rate of a row of the table: 0.5 Mb/s, 1 Mb/s and on in steps of 1 Mb/s, of 100 Mb/s from
  /// 1 Gb/s and of 1 Gb/s from 10 Gb/s on.
  [[nodiscard]] static BitRate rate_of_row(std::size_t row);

  /// The highest row whose rate is not above `most`; 0 where even that is.
  [[nodiscard]] static std::size_t highest_row(BitRate most);

  /// What a feedback says about the time since the one before.
  struct Status {
    std::uint64_t sequence_errors = 0;  ///< lost, reordered and duplicated datagrams
    /// Round trip over the smallest one; nothing where there was no sample.
    std::optional<Duration> delay_range;
  };

  /// `most`: no row above is used, but the lowest always is.
  LoadAdjustment(MonoTime start, BitRate most);

  void on_status(const Status& status, MonoTime now);
  /// To be called often: feedback that stays away is a reason to send less.
  void on_timer(MonoTime now);

  /// To be sent now, headers of the IP layer included.
  [[nodiscard]] BitRate ip_rate() const { return rate_of_row(row_); }
  [[nodiscard]] std::size_t row() const { return row_; }
  /// Congestion was seen often enough to end the fast increase.
  [[nodiscard]] bool congestion_confirmed() const { return congested_ >= kConfirmations; }

 private:
  void increase();
  void decrease();
  [[nodiscard]] bool fast() const;

  std::size_t last_row_;
  std::size_t row_ = 0;
  int congested_ = 0;
  int missed_ = 0;  ///< feedback that did not come, in a row
  MonoTime heard_;
};

}  // namespace udperf::pacing
