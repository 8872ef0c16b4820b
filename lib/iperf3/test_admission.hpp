#pragma once

#include <chrono>
#include <utility>

#include "base/time.hpp"
#include "model/test_params.hpp"

namespace udperf::iperf3 {

/// How a client that has said what it wants is let in: asked for, granted, and then, when it is its
/// turn to make streams, admitted.
class TestAdmission {
 public:
  void ask() { asked_ = true; }
  /// True once after ask().
  [[nodiscard]] bool take_asked() { return std::exchange(asked_, false); }
  /// `params`: with what the server's policy leaves of them.
  void grant(const TestParams& params) {
    params_ = params;
    granted_ = true;
  }
  void admit(MonoTime now) {
    admitted_ = true;
    heard_ = now;
  }
  /// A hello has come.
  void hear(MonoTime now) { heard_ = now; }
  /// Whoever does so tells why.
  void turn_away() { turned_away_ = true; }

  [[nodiscard]] bool granted() const { return granted_; }
  /// Granted, and it is not its turn yet.
  [[nodiscard]] bool waits() const { return granted_ && !admitted_; }
  /// When its turn is over for want of a hello, if others wait. Precondition: admitted.
  [[nodiscard]] MonoTime turn_ends(Duration round_trip) const {
    return heard_ + kTurn + 4 * round_trip;
  }
  [[nodiscard]] bool turned_away() const { return turned_away_; }
  /// Precondition: granted().
  [[nodiscard]] const TestParams& params() const { return params_; }

  static constexpr Duration kTurn = std::chrono::seconds{1};

 private:
  TestParams params_;
  MonoTime heard_{};
  bool asked_ = false;
  bool granted_ = false;
  bool admitted_ = false;
  bool turned_away_ = false;
};

}  // namespace udperf::iperf3
