// What the monitor tells of itself.

#include "app/monitor/metrics.hpp"

namespace udperf::app {

using prometheus::MetricType;

void add_own_metrics(Exposition& text, const monitor::Board& board,
                     const MonitorCounters& counters) {
  const auto counter = [&text](const char* name, const char* help, std::uint64_t value) {
    Family family{name, help, MetricType::Counter};
    family.add({}, static_cast<double>(value));
    text.add(std::move(family));
  };
  counter("udperf_history_rounds_total", "Rounds written to the history.", counters.history_rounds);
  counter("udperf_history_failures_total", "Rounds and changes that the history could not take.",
          counters.history_failures);
  counter("udperf_jsonl_failures_total", "JSON lines that could not be written.",
          counters.jsonl_failures);
  counter("udperf_exec_runs_total", "Runs of the --exec program.", counters.exec_runs);
  counter("udperf_exec_failures_total", "Of these, failed, ended or left out.",
          counters.exec_failures);
  counter("udperf_host_clock_steps_total", "Times that this host's wall clock was set.",
          counters.clock_steps);
  counter("udperf_probe_requests_total", "Rounds run for /probe.", counters.probes);
  counter("udperf_config_reloads_total", "Configurations that were read anew.", counters.reloads);
  counter("udperf_config_reload_failures_total", "Of these, refused.", counters.reload_failures);
  const auto gauge = [&text](const char* name, const char* help, std::uint64_t value) {
    Family family{name, help, MetricType::Gauge};
    family.add({}, static_cast<double>(value));
    text.add(std::move(family));
  };
  gauge("udperf_config_last_reload_successful", "Whether the configuration read last is in force.",
        counters.last_reload_refused ? 0 : 1);
  gauge("udperf_config_problems",
        "Names without an answer, files that cannot be read, and the like.", counters.problems);
  gauge("udperf_rounds_in_flight", "Rounds that run now.", counters.rounds_in_flight);
  Family events{"udperf_events_total", "Changes that were told, by kind.", MetricType::Counter};
  for (std::size_t i = 0; i < monitor::kEventKinds; ++i) {
    const auto kind = static_cast<monitor::EventKind>(i);
    events.add({{"kind", to_string(kind)}}, static_cast<double>(board.events_of(kind)));
  }
  text.add(std::move(events));
}

}  // namespace udperf::app
