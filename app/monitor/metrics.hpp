#pragma once

#include <cstdint>
#include <prometheus/metric_family.h>
#include <string>
#include <string_view>
#include <vector>

#include "monitor/board.hpp"
#include "monitor/round.hpp"

namespace udperf::app {

/// A family under construction. Names and units follow Prometheus' rules: seconds, bytes, _total.
class Family {
 public:
  using Labels = std::vector<prometheus::ClientMetric::Label>;

  Family(std::string name, std::string help, prometheus::MetricType type);

  void add(Labels labels, double value);
  void add(Labels labels, const monitor::TimeHistogram& times);
  [[nodiscard]] bool empty() const { return family_.metric.empty(); }
  [[nodiscard]] prometheus::MetricFamily take() { return std::move(family_); }

 private:
  prometheus::MetricFamily family_;
};

/// Metrics are in base units.
[[nodiscard]] double base_seconds(Duration time);

using Families = std::vector<prometheus::MetricFamily>;

/// Adds those that have a value; a family without any is not told of.
void add_to(Families& families, Family family);

/// What the monitor itself has done, beside measuring.
struct MonitorCounters {
  std::uint64_t history_rounds = 0;    ///< written
  std::uint64_t history_failures = 0;  ///< rounds that could not be
  std::uint64_t jsonl_failures = 0;
  std::uint64_t exec_runs = 0;
  std::uint64_t exec_failures = 0;
  std::uint64_t probes = 0;
  std::uint64_t reloads = 0;
  std::uint64_t reload_failures = 0;
  std::uint64_t rounds_in_flight = 0;
};

/// Everything of GET /metrics.
[[nodiscard]] Families monitor_families(const monitor::Board& board,
                                        const MonitorCounters& counters);
/// Everything of GET /probe: what this one round came to, and nothing else.
[[nodiscard]] Families probe_families(const monitor::RoundResult& round, Duration took);
/// udperf_build_info
[[nodiscard]] Family build_info();

/// Why a server refused, as the label of a metric, from the sentence that is logged:
/// session::describe()'s, or of another protocol. "other" where it is none of them.
[[nodiscard]] const char* refusal_reason(std::string_view sentence);
/// All that it may say.
[[nodiscard]] std::vector<const char*> refusal_reasons();

/// The text format, version 0.0.4.
[[nodiscard]] std::string exposition(Families families);

}  // namespace udperf::app
