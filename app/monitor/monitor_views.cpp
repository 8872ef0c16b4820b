// What others may ask a monitor for, from any thread.

#include <algorithm>
#include <strings.h>
#include <tuple>

#include <nlohmann/json.hpp>

#include "app/monitor/monitor.hpp"
#include "monitor/json.hpp"

namespace udperf::app {
namespace {

using monitor::Json;
using monitor::Target;

/// Names are the same in any case (RFC 4343).
bool same_host(const std::string& a, const std::string& b) {
  const auto one = parse_ip_address(a);
  const auto other = parse_ip_address(b);
  return ::strcasecmp(a.c_str(), b.c_str()) == 0 || (one && other && *one == *other);
}

std::uint16_t port_of(const MonitorModule& module, const monitor::TargetAddress& address) {
  return address.port.value_or(module.client.options.port);
}

/// From the first round to the end of the last; there is no time without one.
Json totals_json(const monitor::Board::Entry& entry) {
  const UnixTime first = entry.first.value_or(UnixTime{});
  const UnixTime end = entry.last ? entry.last->start + entry.last->length : first;
  Json json = to_json(entry.totals, first, std::max(end - first, Duration{0}));
  if (!entry.first) {
    json["start_unix_ns"] = nullptr;
  }
  return json;
}

Json entry_json(const monitor::Board::Entry& entry) {
  Json labels = Json::object();
  for (const auto& [name, value] : entry.target.labels) {
    labels[name] = value;
  }
  const bool known = entry.watch.state() != monitor::TargetState::unknown;
  return {
      {"target", entry.target.name},
      {"module", entry.target.module},
      {"labels", std::move(labels)},
      {"every_ns", entry.every.count()},
      {"state", to_string(entry.watch.state())},
      {"since_unix_ns", known ? Json(to_ns(entry.watch.since())) : Json(nullptr)},
      {"loss_high", entry.watch.judges_loss() ? Json(entry.watch.loss_is_high()) : Json(nullptr)},
      {"missed", entry.watch.missed()},
      {"server_restarts", entry.watch.server_restarts()},
      {"totals", totals_json(entry)},
      {"last", entry.last ? to_json(*entry.last, entry.target) : Json(nullptr)}};
}

}  // namespace

MonitorCounters Monitor::counters() const {
  MonitorCounters counters = counted_;
  counters.problems = problems_.size();
  counters.rounds_in_flight = flying_.size() + light_->size();  // the latter always run
  if (sinks_.history) {
    counters.history_rounds = sinks_.history->written();
    counters.history_failures = sinks_.history->failures();
  }
  if (sinks_.jsonl) {
    counters.jsonl_failures = sinks_.jsonl->failures();
  }
  if (sinks_.exec) {
    counters.exec_runs = sinks_.exec->runs();
    counters.exec_failures = sinks_.exec->failures();
  }
  return counters;
}

std::string Monitor::metrics() const {
  // All of it is of one moment; to write it takes longer than rounds can wait.
  const auto [board, own, expected] = [this] {
    const std::lock_guard lock{mutex_};
    return std::tuple{board_, counters(), metrics_bytes_};
  }();
  std::string text = monitor_metrics(board, own, expected);
  const std::lock_guard lock{mutex_};
  metrics_bytes_ = text.size() + text.size() / 32;  // the next has a few more
  return text;
}

std::vector<std::uint64_t> Monitor::ids() const {
  const std::lock_guard lock{mutex_};
  std::vector<std::uint64_t> all;
  all.reserve(board_.entries().size());
  for (const auto& [id, entry] : board_.entries()) {
    all.push_back(id);
  }
  return all;
}

std::vector<std::string> Monitor::problems() const {
  const std::lock_guard lock{mutex_};
  return problems_;
}

std::string Monitor::targets_json() const {
  monitor::LongJson text{
      {{"schema", "udperf-monitor/1"}, {"now_unix_ns", to_ns(clock_.unix_now())}}};
  text.begin_list("problems");
  for (const std::string& problem : problems()) {
    text.add(problem);
  }
  text.begin_list("targets");
  // One after the other, each of one moment: of thousands all take their time.
  for (const std::uint64_t id : ids()) {
    Json json;
    {
      const std::lock_guard lock{mutex_};
      const auto* const entry = board_.find(id);
      json = entry != nullptr ? entry_json(*entry) : Json(nullptr);
    }
    if (!json.is_null()) {
      text.add(json);
    }
  }
  text.begin_list("events");
  const std::lock_guard lock{mutex_};
  for (const auto& event : board_.events()) {
    text.add(to_json(event.event, event.target));
  }
  return text.take();
}

/// Of the target of this name, or else of one that is at the address of a probe by this module; a
/// `dns` name stands for its addresses, and for itself.
const monitor::TargetAddress* Monitor::configured(const monitor::TargetAddress& address,
                                                  const std::string& name,
                                                  const MonitorModule& module) const {
  if (const auto* const entry = board_.find(name)) {
    return &entry->target.address;
  }
  const auto fits = [&](const monitor::TargetAddress& there, const std::string& by) {
    const auto own = setup_.modules.find(by);
    return own != setup_.modules.end() && same_host(there.host, address.host) &&
           port_of(own->second, there) == port_of(module, address);
  };
  for (const auto& [id, entry] : board_.entries()) {
    if (fits(entry.target.address, entry.target.module)) {
      return &entry.target.address;
    }
  }
  for (const monitor::TargetConfig& config : setup_.targets) {
    if (config.dns && (config.name == name || fits(config.address, config.module))) {
      return &config.address;
    }
  }
  return nullptr;
}

Monitor::ProbeTarget Monitor::probe_target(const monitor::TargetAddress& address,
                                           const std::string& name,
                                           const std::string& module) const {
  const std::lock_guard lock{mutex_};
  ProbeTarget probe;
  const auto found = setup_.modules.find(module);
  probe.module_known = found != setup_.modules.end();
  if (!probe.module_known) {
    return probe;
  }
  const auto* const there = configured(address, name, found->second);
  probe.test = test_for(found->second, there != nullptr ? *there : address);
  probe.heavy = found->second.timing.heavy;
  probe.limits = watched_limits(found->second.limits, probe.heavy);
  const auto numeric = parse_ip_address(address.host);
  probe.allowed =
      there != nullptr ||
      (numeric && std::any_of(setup_.probe_allow.begin(), setup_.probe_allow.end(),
                              [&](const IpPrefix& prefix) { return prefix.contains(*numeric); }));
  return probe;
}

bool Monitor::knows(const std::string& target) const {
  const std::lock_guard lock{mutex_};
  return board_.find(target) != nullptr;
}

bool Monitor::begin_heavy_probe() {
  const std::lock_guard lock{mutex_};
  return schedule_.reserve_heavy();
}

void Monitor::end_heavy_probe() {
  const std::lock_guard lock{mutex_};
  schedule_.release_heavy();
  wake_.raise();
}

void Monitor::count_probe() {
  const std::lock_guard lock{mutex_};
  ++counted_.probes;
}

}  // namespace udperf::app
