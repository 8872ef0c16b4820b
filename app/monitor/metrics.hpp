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

/// The text format, version 0.0.4, of one family after the other: of a thousand targets all of them
/// at once would take tens of MiB.
class Exposition {
 public:
  /// `expected`: bytes; a text that has to grow is there twice meanwhile.
  explicit Exposition(std::size_t expected = 0) { text_.reserve(expected); }
  /// A family without a value is not told of.
  void add(Family family);
  [[nodiscard]] std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

/// What the monitor itself has done, beside measuring.
struct MonitorCounters {
  std::uint64_t history_rounds = 0;    ///< written
  std::uint64_t history_failures = 0;  ///< rounds that could not be
  std::uint64_t jsonl_failures = 0;
  std::uint64_t exec_runs = 0;
  std::uint64_t exec_failures = 0;
  std::uint64_t clock_steps = 0;  ///< of this host
  std::uint64_t probes = 0;
  std::uint64_t reloads = 0;
  std::uint64_t reload_failures = 0;
  bool last_reload_refused = false;
  std::uint64_t problems = 0;  ///< with names and files, now
  std::uint64_t rounds_in_flight = 0;
};

/// Everything of GET /metrics; so many bytes of it are expected.
[[nodiscard]] std::string monitor_metrics(const monitor::Board& board,
                                          const MonitorCounters& counters, std::size_t expected);
/// The part of it that is about no target.
void add_own_metrics(Exposition& text, const monitor::Board& board,
                     const MonitorCounters& counters);
/// Everything of GET /probe: what this one round came to, held against its module's limits, and
/// nothing else.
[[nodiscard]] std::string probe_metrics(const monitor::RoundResult& round, Duration took,
                                        const monitor::Limits& limits);
/// udperf_build_info
[[nodiscard]] Family build_info();

/// Why a server may refuse, as labels of a metric: every engine::Refusal::kind.
[[nodiscard]] std::vector<std::string_view> refusal_reasons();

}  // namespace udperf::app
