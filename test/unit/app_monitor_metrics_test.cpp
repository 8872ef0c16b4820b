#include <algorithm>
#include <sstream>
#include <string>
#include <vector>

#include "app/monitor/metrics.hpp"
#include "support/catch.hpp"
#include "support/monitored_rounds.hpp"

namespace udperf::app {
namespace {

using namespace std::chrono_literals;

/// The bounds of a histogram in seconds, without the last, which is endless.
std::vector<double> bounds_in(const std::string& text, const std::string& name) {
  std::vector<double> bounds;
  const std::string start = name + "_bucket{";
  std::istringstream lines{text};
  for (std::string line; std::getline(lines, line);) {
    const auto le = line.find("le=\"");
    if (line.starts_with(start) && le != std::string::npos && line.at(le + 4) != '+') {
      bounds.push_back(std::stod(line.substr(le + 4)));
    }
  }
  return bounds;
}

TEST_CASE("round trips that double are in another bucket, from 20 us to 10 s") {
  monitor::RoundResult round = test::round_begun(UnixTime{}, 1, 0);
  round.rtt.emplace().times.add(110ms, 100);
  const std::vector<double> bounds =
      bounds_in(probe_metrics(round, 1s, {}), "udperf_probe_rtt_seconds");
  REQUIRE(bounds.size() > 1);
  CHECK(bounds.front() == 20e-6);
  CHECK(bounds.back() == 10);
  CHECK(std::adjacent_find(bounds.begin(), bounds.end(), [](double low, double high) {
          return high > 2.51 * low;
        }) == bounds.end());
}

TEST_CASE("a probe tells of each limit of its module whether it was missed") {
  const monitor::RoundResult round = test::round_begun(UnixTime{}, 1, 5);
  monitor::Limits limits;
  limits.loss_ratio = GENERATE(0.04, 0.06);
  limits.rtt_p99 = 1s;  // which nobody measured
  const std::string text = probe_metrics(round, 1s, limits);
  const std::string line = "udperf_probe_threshold_missed{limit=\"loss\"} ";
  CHECK(text.find(line + (*limits.loss_ratio < 0.05 ? "1" : "0") + "\n") != std::string::npos);
  CHECK(text.find("rtt_p99") == std::string::npos);
  CHECK(probe_metrics(round, 1s, {}).find("threshold") == std::string::npos);
}

}  // namespace
}  // namespace udperf::app
