#pragma once

#include <utility>

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
  void admit() { admitted_ = true; }
  /// Whoever does so tells why.
  void turn_away() { turned_away_ = true; }

  [[nodiscard]] bool granted() const { return granted_; }
  /// Granted, and it is not its turn yet.
  [[nodiscard]] bool waits() const { return granted_ && !admitted_; }
  [[nodiscard]] bool turned_away() const { return turned_away_; }
  /// Precondition: granted().
  [[nodiscard]] const TestParams& params() const { return params_; }

 private:
  TestParams params_;
  bool asked_ = false;
  bool granted_ = false;
  bool admitted_ = false;
  bool turned_away_ = false;
};

}  // namespace udperf::iperf3
