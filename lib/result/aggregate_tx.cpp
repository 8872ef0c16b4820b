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
  part.span_ns =
      tx.size() == 1 ? earliest->span_ns : time_between(*part.first_unix_ns, *part.last_unix_ns);
  part.offered_bps =
      rate_over(bits_after_first(*part.payload_bytes, earliest->first_bytes), *part.span_ns);
}

void raise(Nanoseconds& largest, std::int64_t value) {
  if (value >= 0) {
    largest = std::max(largest.value_or(0), value);
  }
}

}  // namespace

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
  fill_times(tx, part);
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
    if (report->target_milli_pps == 0 || report->packets < 2 || report->span_ns <= 0 ||
        report->batches == 0) {
      continue;
    }
    // The span ends when the last batch begins: what that one carries is not in the span.
    const auto packets = static_cast<double>(report->packets);
    const double batch = packets / static_cast<double>(report->batches);
    target += static_cast<double>(report->target_milli_pps) / 1000.0;
    achieved += (packets - batch) * 1e9 / static_cast<double>(report->span_ns);
  }
  if (target > 0) {
    part.rate_error_ratio = achieved / target - 1.0;
  }
  return part;
}

}  // namespace udperf::result
