#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "support/host_watch.hpp"

namespace udperf::test {

/// Says on stdout, in one line, that the running test could not judge and why:
/// "skipped: TEST: REASON". The test has to return then; ./dev test repeats these lines at its end.
void skip_test(const std::string& reason);

/// One try of a measurement on real sockets, and what it came to. What is exact on any machine
/// (counts, documents, exit statuses) is checked by CHECK and REQUIRE as ever; figures that a host
/// may spoil are told here.
class Attempt {
 public:
  /// A condition that the figures need to mean anything, such as a rate above the shaper's; where
  /// it is not there the measurement is made again. Returns `there`.
  bool needs(bool there, const std::string& what);
  /// The same of what the program itself does: a host that keeps its times lets it, so that the
  /// test fails where it is missing in every try although none was under strain, in three or more.
  bool keeps(bool there, const std::string& what);
  /// A figure. Where it is wrong the test fails, unless the host held threads up meanwhile. Returns
  /// `right`.
  bool expect(bool right, const std::string& what);
  /// As Approx(expected).epsilon(share).
  void expect_near(const std::string& name, double seen, double expected, double share);

  /// What the host did to ordinary threads since this try began.
  [[nodiscard]] HostStrain strain() const { return watch_.strain(); }
  [[nodiscard]] const std::vector<std::string>& missing() const { return missing_; }
  [[nodiscard]] const std::vector<std::string>& wrong() const { return wrong_; }
  [[nodiscard]] bool was_kept() const { return kept_; }

 private:
  HostWatch watch_;
  std::vector<std::string> missing_;
  std::vector<std::string> wrong_;
  bool kept_ = true;
};

/// Up to which strain a wrong figure is the program's fault, and how often it is measured.
struct Conditions {
  Duration latest = std::chrono::milliseconds{4};    ///< the latest wake-up
  Duration late_p99 = std::chrono::milliseconds{1};  ///< of 99 % of them
  Duration stolen = std::chrono::milliseconds{20};
  std::uint64_t drops = 0;
  /// Of the same work on the same processor. What is measured slows it down, too, where two
  /// processors are one core's, so that only figures of processor time ask for it.
  double slowdown = std::numeric_limits<double>::infinity();
  int tries = 6;
  Duration time = std::chrono::seconds{45};  ///< no try begins after that
};

/// For what takes ten seconds and more.
[[nodiscard]] Conditions long_measurement();

/// Makes a measurement until its condition was there and judges its figures then: right ones pass,
/// wrong ones fail at once. Wrong ones of a host under strain are made again; where none of the
/// tries could be judged the test is told as skipped. Returns whether it passed.
bool measure_under_condition(const std::function<void(Attempt&)>& measure,
                             const Conditions& conditions = {});

/// A measurement in two parts, of which the first does not wait.
struct Measurement {
  std::string name;
  std::function<void()> start;
  std::function<void(Attempt&)> finish;
};

/// The same for several that go on at once. Those that have to be made again are made alone.
bool measure_side_by_side(const std::vector<Measurement>& all, const Conditions& conditions = {});

/// Checks that something took no longer than `limit`. Where it did on a host under strain, the test
/// is told as skipped instead.
void check_in_time(Duration took, Duration limit, const HostStrain& strain);

}  // namespace udperf::test
