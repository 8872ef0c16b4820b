#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "e2e/program.hpp"
#include "e2e/scene.hpp"
#include "support/condition.hpp"

namespace udperf::test {

inline constexpr bool kPlain = UDPERF_TEST_TIME_FACTOR == 1;  // a sanitizer's pace is no shaper's

/// The path to search; nothing where that cannot be, or where it would mean nothing.
[[nodiscard]] std::unique_ptr<Scene> plain_scene();

/// A frame is 14 + 20 + 8 bytes longer than the payload of --packet-size auto.
[[nodiscard]] double payload_rate(double frame_bps);

/// Shapes what leaves the router by `device`: Mb/s, and ms that the queue holds.
void shape(const Scene& scene, const std::string& device, int mbit, int queue_ms,
           const std::string& verb = "add");

/// A path with a bottleneck, and a search on it.
class NarrowLine {
 public:
  /// `options` of the client; --find-rate, when no method is named there.
  NarrowLine(std::unique_ptr<Scene> scene, std::vector<std::string> options);

  void start();
  /// The document of the search that was started; fails the test when it did not end well.
  [[nodiscard]] nlohmann::json finish();

 private:
  std::unique_ptr<Scene> scene_;
  std::vector<std::string> options_;
  std::optional<Process> client_;
};

/// Never above the truth; within 2 % of it and in the time of a search where the hosts kept up.
void check_found(const nlohmann::json& search, double truth, Attempt& attempt);

/// The document in the last line of --jsonl.
[[nodiscard]] nlohmann::json last_document(const std::string& lines);

}  // namespace udperf::test
