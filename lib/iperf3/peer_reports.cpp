#include "iperf3/peer_reports.hpp"

#include <algorithm>
#include <cmath>

namespace udperf::iperf3 {
namespace {

std::int64_t nanoseconds(double seconds) {
  constexpr double kMostSeconds = 1e9;
  return std::llround(std::clamp(seconds, 0.0, kMostSeconds) * 1e9);
}

}  // namespace

TxReport peer_sent(const StreamResult& told, const Parameters& parameters) {
  TxReport out;
  // A peer before 3.14 counts all datagrams, but of the bytes those after the omitted time.
  const bool untold = parameters.omit_seconds != 0 && !told.tells_omitted;
  out.packets = untold ? std::min(told.bytes / std::max(parameters.length, 1U), told.packets)
                       : told.packets - std::min(told.omitted_packets, told.packets);
  out.payload_bytes = told.bytes;
  out.span_ns = nanoseconds(told.seconds);
  return out;
}

PeerReceived peer_received(const StreamResult& told, std::uint64_t sent, std::uint64_t omitted,
                           std::uint32_t length) {
  PeerReceived out;
  RxReport& report = out.report;
  // Where nothing is to be omitted, nothing is, whatever the peer says.
  const std::uint64_t before = told.tells_omitted && omitted != 0 ? told.omitted_packets : omitted;
  report.sent = sent - std::min(before, sent);
  const std::uint64_t arrived = told.bytes / length;
  const std::uint64_t errors = told.errors - std::min(told.omitted_errors, told.errors);
  const std::uint64_t least = report.sent - std::min(arrived, report.sent);
  out.rule_was_wrong = errors < least;
  const bool same_part = told.tells_omitted || omitted == 0;
  out.copies_came =
      same_part && !told.duplicates && arrived > report.sent - std::min(errors, report.sent);
  report.lost = std::min(std::max(errors, least), report.sent);
  report.lost_bytes = report.lost * length;
  report.unique = report.sent - report.lost;
  report.unique_bytes = report.unique * length;
  report.duplicates = told.duplicates.value_or(arrived - std::min(report.unique, arrived));
  report.datagrams = report.unique + report.duplicates;
  report.reordered = told.out_of_order.value_or(0);
  report.first_bytes = 0;
  report.last_mono_ns = nanoseconds(told.seconds);
  report.jitter_ns = nanoseconds(told.jitter_s);
  return out;
}

}  // namespace udperf::iperf3
