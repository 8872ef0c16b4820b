#include <algorithm>
#include <array>

#include "result/aggregate.hpp"

namespace udperf::result {
namespace {

const char* name_of(PacerKind pacer) {
  constexpr std::array kNames{"none", "sleep", "sleep_spin", "txtime", "kernel"};
  const auto index = static_cast<std::size_t>(pacer);
  return index < kNames.size() ? kNames[index] : "unknown";
}

/// The least that a stream's thread had; nothing where a stream does not say.
std::optional<std::string> scheduling(const std::vector<const TxReport*>& tx) {
  constexpr std::array kNames{"", "default", "short_slice", "fifo"};
  auto least = Scheduling::fifo;
  for (const TxReport* report : tx) {
    least = std::min(least, report->scheduling);
  }
  return least == Scheduling::untold
             ? std::nullopt
             : std::optional<std::string>{kNames.at(static_cast<std::size_t>(least))};
}

std::optional<std::string> name_of(TxGovernor governor) {
  constexpr std::array kNames{"none", "receiver", "flood"};
  const auto index = static_cast<std::size_t>(governor);
  return index == 0 || index > kNames.size() ? std::nullopt
                                             : std::optional<std::string>{kNames[index - 1]};
}

void raise_ratio(Number& largest, std::uint16_t permille) {
  constexpr std::uint16_t kWhole = 1000;  // a peer's word may be more
  if (permille != HostLoad::kUntold) {
    largest = std::max(largest.value_or(0), std::min(permille, kWhole) / 1000.0);
  }
}

/// Of the stream that was held most, and whose doing that was.
void note_held(const TxReport& report, TxPart& part) {
  const Number before = part.held_ratio;
  raise_ratio(part.held_ratio, report.held_permille);
  if (part.held_ratio != before) {
    part.held_path_ratio.reset();
    if (report.held_path_permille != HostLoad::kUntold) {
      raise_ratio(part.held_path_ratio, std::min(report.held_path_permille, report.held_permille));
    }
  }
}

/// Processor time is per stream; several streams may use more than one core.
Number cpu_percent(const std::vector<const TxReport*>& tx) {
  double percent = 0;
  for (const TxReport* report : tx) {
    if (report->cpu_permille == UINT32_MAX) {
      return std::nullopt;
    }
    percent += static_cast<double>(report->cpu_permille) / 10.0;
  }
  return percent;
}

void fill_times(const std::vector<const TxReport*>& tx, TxPart& part) {
  const TxReport* earliest = nullptr;
  for (const TxReport* report : tx) {
    if (report->packets == 0) {
      continue;
    }
    if (earliest == nullptr || report->first_unix_ns < earliest->first_unix_ns) {
      earliest = report;
    }
    part.first_unix_ns = std::min(part.first_unix_ns.value_or(INT64_MAX), report->first_unix_ns);
    part.last_unix_ns = std::max(part.last_unix_ns.value_or(INT64_MIN), report->last_unix_ns);
  }
  if (earliest == nullptr) {
    return;
  }
  // A stream's span is monotonic; streams of one host are joined by their wall clock times.
  part.span_ns = tx.size() == 1 ? earliest->span_ns
                                : std::max<std::int64_t>(
                                      time_between(*part.first_unix_ns, *part.last_unix_ns), 0);
  part.offered_bps =
      rate_over(bits_after_first(*part.payload_bytes, earliest->first_bytes), *part.span_ns);
  part.pps = rate_over(static_cast<double>(*part.packets - 1), *part.span_ns);
}

const char* name_of(TxEnd end) {
  constexpr std::array kNames{"complete", "interrupted", "peer_stopped", "peer_silent", "failed"};
  const auto index = static_cast<std::size_t>(end);
  return index < kNames.size() ? kNames[index] : "unknown";
}

Number smaller(const Number& a, const Number& b) {
  return a && b ? std::min(*a, *b) : (a ? a : b);
}

std::string pause_reason(std::uint32_t os_error) {
  if (os_error == SendPause::kReceiverFull) {
    return kReceiverWasFull;
  }
  return os_error == 0 ? kReceiverWasSilent : os_error_text(os_error);
}

/// How the time that was asked for was used; only where every sender tells.
void fill_window(const std::vector<const TxReport*>& tx, TxPart& part) {
  std::int64_t window = 0;
  std::int64_t silent = 0;
  for (std::size_t stream = 0; stream < tx.size(); ++stream) {
    const auto& time = tx[stream]->time;
    if (!time) {
      return;
    }
    window = std::max(window, time->window_ns);
    silent = std::max(silent, time->silent_ns);
    for (const SendPause& pause : time->pauses) {
      part.pauses.push_back(SendPausePart{stream, static_cast<double>(pause.start_ns) / 1e9,
                                          static_cast<double>(pause.duration_ns) / 1e9,
                                          pause.refused, pause_reason(pause.os_error)});
    }
  }
  part.window_ns = window;
  part.silent_ns = silent;
  // From first to last a sender that stood still before the end would look as fast as ever.
  part.offered_bps =
      smaller(part.offered_bps, rate_over(8.0 * static_cast<double>(*part.payload_bytes), window));
  part.pps = smaller(part.pps, rate_over(static_cast<double>(*part.packets), window));
}

/// Of several streams the worst: a direction is complete when all of them are.
void fill_end(const std::vector<const TxReport*>& tx, TxPart& part) {
  TxEnd worst = TxEnd::complete;
  for (const TxReport* report : tx) {
    worst = std::max(worst, report->end);
  }
  part.end = name_of(worst);
}

/// Datagrams a second, by the count of what the schedule had to send. `streams`: that take turns.
Number achieved_pps(const TxReport& report, std::size_t streams) {
  const auto packets = static_cast<double>(report.packets);
  Number whole = report.time ? rate_over(packets, report.time->window_ns) : std::nullopt;
  if (report.packets < 2 || report.span_ns <= 0 || report.batches == 0) {
    return report.time && report.time->silent_ns > 0 ? whole : std::nullopt;
  }
  if (whole && streams > 1) {  // its turn may have come up to a datagram's time after the start
    const Number with_turn = rate_over(packets + 1, report.time->window_ns);
    whole = std::max(*whole,
                     std::min(*with_turn, static_cast<double>(report.target_milli_pps) / 1000.0));
  }
  // The first leaves alone and starts the clock; a burst leaves when its last datagram is due.
  return smaller(rate_over(packets - 1, report.span_ns), whole);
}

void raise(Nanoseconds& largest, std::int64_t value) {
  if (value >= 0) {
    largest = std::max(largest.value_or(0), value);
  }
}

/// Evidence of a paced sender's own: it woke up later than a burst may be long, or than what is
/// made good for (docs/metrics.md).
void judge_lateness(const TxReport& report, HostPart& host) {
  constexpr std::int64_t kOften = 4'000'000;
  constexpr std::int64_t kOnce = 50'000'000;
  if (report.lateness_p99_ns >= 0) {
    host.busy = host.busy.value_or(false) || report.lateness_p99_ns >= kOften ||
                report.lateness_max_ns >= kOnce;
  }
}

}  // namespace

HostPart build_host(const std::vector<HostLoad>& loads) {
  // From here on it shows in rates and times (docs/metrics.md).
  constexpr double kSteal = 0.02;
  constexpr double kThrottled = 0.01;
  constexpr double kWaited = 0.1;
  HostPart host;
  for (const HostLoad& load : loads) {
    raise_ratio(host.steal_ratio, load.steal_permille);
    raise_ratio(host.throttled_ratio, load.throttled_permille);
    raise_ratio(host.waited_ratio, load.waited_permille);
  }
  if (host.steal_ratio || host.throttled_ratio || host.waited_ratio) {
    host.busy = host.steal_ratio.value_or(0) >= kSteal ||
                host.throttled_ratio.value_or(0) >= kThrottled ||
                host.waited_ratio.value_or(0) >= kWaited;
  }
  return host;
}

TxPart build_tx(const std::vector<const TxReport*>& tx) {
  TxPart part;
  if (tx.empty()) {
    return part;
  }
  part.packets = sum_over(tx, [](const TxReport& r) { return r.packets; });
  part.payload_bytes = sum_over(tx, [](const TxReport& r) { return r.payload_bytes; });
  part.send_blocked = sum_over(tx, [](const TxReport& r) { return r.send_blocked; });
  part.pacing_skipped = sum_over(tx, [](const TxReport& r) { return r.pacing_skipped; });
  part.batch_mean =
      quotient(part.packets, sum_over(tx, [](const TxReport& r) { return r.batches; }));
  part.gso = 0;
  for (const TxReport* report : tx) {
    part.gso = std::max<std::uint64_t>(*part.gso, report->gso_segments);
    part.sndbuf_bytes =
        std::min<std::uint64_t>(part.sndbuf_bytes.value_or(UINT64_MAX), report->sndbuf_bytes);
  }
  part.cpu_percent = cpu_percent(tx);
  part.scheduling = scheduling(tx);
  part.governor = name_of(tx.front()->governor);
  std::vector<HostLoad> loads;
  for (const TxReport* report : tx) {
    note_held(*report, part);
    loads.push_back(report->load);
  }
  part.host = build_host(loads);
  for (const TxReport* report : tx) {
    judge_lateness(*report, part.host);
  }
  fill_times(tx, part);
  fill_window(tx, part);
  fill_end(tx, part);
  return part;
}

PacingPart build_pacing(const std::vector<const TxReport*>& tx) {
  PacingPart part;
  if (tx.empty()) {
    return part;
  }
  part.pacer = name_of(tx.front()->pacer);
  double target = 0;
  double achieved = 0;
  for (const TxReport* report : tx) {
    raise(part.gap_p50_ns, report->gap_p50_ns);
    raise(part.gap_p99_ns, report->gap_p99_ns);
    raise(part.gap_max_ns, report->gap_max_ns);
    raise(part.burst_ns, report->burst_ns);
    raise(part.lateness_p50_ns, report->lateness_p50_ns);
    raise(part.lateness_p99_ns, report->lateness_p99_ns);
    raise(part.lateness_max_ns, report->lateness_max_ns);
    const Number pps = achieved_pps(*report, tx.size());
    if (report->target_milli_pps != 0 && pps) {
      target += static_cast<double>(report->target_milli_pps) / 1000.0;
      achieved += *pps;
    }
  }
  if (target > 0) {
    part.rate_error_ratio = achieved / target - 1.0;
  }
  return part;
}

}  // namespace udperf::result
