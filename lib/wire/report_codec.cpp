#include <cstdint>

#include "wire/messages.hpp"
#include "wire/visit_report.hpp"

namespace udperf::wire {
namespace {

constexpr std::int64_t kLongestDelay = std::int64_t{1} << 61U;

bool is_tally(const VoiceTally& t) {
  return t.missed <= t.packets && t.runs <= t.missed && (t.runs > 0 || t.missed == 0) &&
         t.buffer_ns >= -1 && t.buffer_ns <= VoiceSetup::kMostBuffer.count();
}

/// A listener heard no more than what arrived.
bool heard_holds(const RxReport& r) {
  if (!r.voice) {
    return true;
  }
  const VoiceReport& v = *r.voice;
  return is_tally(v.whole) && is_tally(v.worst) && v.whole.packets == r.sent &&
         v.whole.missed >= r.lost && v.worst.packets <= v.whole.packets &&
         v.worst.missed <= v.whole.missed && v.worst_start_ns >= 0 &&
         v.worst_end_ns >= v.worst_start_ns && v.worst_end_ns <= kLongestDelay * 2 - 1;
}

bool omitted_holds(const RxReport& r) {
  constexpr std::uint64_t kLimit = std::uint64_t{1} << 60U;
  return !r.omitted || (r.omitted->sent <= kLimit && r.omitted->unique <= kLimit &&
                        r.omitted->lost <= kLimit && r.omitted->unique_bytes <= kLimit &&
                        r.omitted->sent == r.omitted->unique + r.omitted->lost);
}

/// The conservation laws hold in every report that can be believed (metrics 2.1).
bool consistent(const RxReport& r) {
  // Sums of what a peer says could wrap: each term is bounded first.
  constexpr std::uint64_t kLimit = std::uint64_t{1} << 62U;
  for (const std::uint64_t n : {r.datagrams, r.unique, r.late, r.invalid, r.duplicates, r.sent,
                                r.lost, r.unique_bytes, r.lost_bytes}) {
    if (n > kLimit / 4) {
      return false;
    }
  }
  const auto bins_hold = [&r] {
    const DelayBin* last = nullptr;
    for (const DelayBin& bin : r.delay_bins) {
      const bool rises = last == nullptr || bin.value_ns >= last->value_ns;
      if (!rises || bin.value_ns < 0 || bin.value_ns > kLongestDelay || bin.count > kLimit / 4) {
        return false;
      }
      last = &bin;
    }
    return true;
  };
  if (!heard_holds(r) || !omitted_holds(r) || !bins_hold() || r.burst_lost > r.lost ||
      r.burst_lost > r.burst_packets || r.burst_packets > r.sent) {
    return false;
  }
  return r.stamp <= RxStamp::kernel && r.finalized <= Finalized::no_fin && r.interval_ns > 0 &&
         r.datagrams == r.unique + r.duplicates + r.late + r.invalid &&
         r.sent == r.unique + r.lost && (!r.rx_socket_drop || *r.rx_socket_drop <= r.lost);
}

}  // namespace

std::vector<std::byte> encode_report(const RxReport& report) {
  std::vector<std::byte> out;
  Writer io{out};
  visit_report(io, report, kReportFormat, kReportRevision);
  return out;
}

std::optional<RxReport> decode_report(std::span<const std::byte> bytes) {
  Reader io{bytes};
  std::uint16_t format = 0;
  std::uint16_t revision = kReportRevisions.front().number;
  RxReport report;
  visit_report(io, report, format, revision);
  if (format != kReportFormat || revision == 0 || !io.ok() || !consistent(report)) {
    return std::nullopt;
  }
  return report;
}

}  // namespace udperf::wire
