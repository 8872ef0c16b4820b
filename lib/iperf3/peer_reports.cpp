#include "iperf3/peer_reports.hpp"

#include <algorithm>
#include <cmath>

#include "base/saturating.hpp"

namespace udperf::iperf3 {
namespace {

std::int64_t nanoseconds(double seconds) {
  constexpr double kMostSeconds = 1e9;
  return std::llround(std::clamp(seconds, 0.0, kMostSeconds) * 1e9);
}

/// Of one datagram: no network makes more, whatever a peer says.
constexpr std::uint64_t kMostCopies = 255;

/// Its highest number says nothing: a stock receiver takes a number of 32 bits that has begun anew
/// for one out of order.
bool is_stuck(const StreamResult& told, const OwnSent& sent) {
  return sent.counters == Counters::narrow && sent.packets > UINT32_MAX &&
         told.packets <= UINT32_MAX;
}

/// Datagrams behind the highest number that the peer has seen.
std::uint64_t unseen_tail(const StreamResult& told, const OwnSent& sent) {
  return is_stuck(told, sent) ? 0 : sent.packets - std::min(told.packets, sent.packets);
}

}  // namespace

std::uint64_t numbered_by_peer(const StreamResult& told, const Parameters& parameters) {
  if (parameters.omit_seconds != 0) {
    return told.packets;  // its bytes are those after the omitted time
  }
  const std::uint64_t by_bytes = told.bytes / std::max(parameters.length, 1U);
  return std::max(told.packets, std::min(by_bytes, kMostPackets));
}

StreamResult without_counts(StreamResult told) {
  told.bytes = 0;
  told.omitted_packets = told.packets;
  told.omitted_errors = told.errors;
  told.tells_omitted = true;
  told.seconds = 0;
  return told;
}

TxReport peer_sent(const StreamResult& told, const Parameters& parameters) {
  TxReport out;
  // A peer before 3.14 counts all datagrams, but of the bytes those after the omitted time.
  const bool untold = parameters.omit_seconds != 0 && !told.tells_omitted;
  out.packets =
      untold ? std::min(told.bytes / std::max(parameters.length, 1U), told.packets)
             : numbered_by_peer(told, parameters) - std::min(told.omitted_packets, told.packets);
  out.payload_bytes = told.bytes;
  out.span_ns = nanoseconds(told.seconds.value_or(0));
  return out;
}

PeerReceived peer_received(const StreamResult& told, const OwnSent& sent) {
  PeerReceived out;
  const bool omits = sent.omitted != 0;  // where nothing is, nothing is, whatever the peer says
  if (omits && sent.omitted >= sent.packets) {  // and where all is, all is
    out.report.emplace();
    return out;
  }
  const bool splits = omits && told.tells_omitted;
  if (omits && !splits && told.errors != 0) {
    return out;
  }
  RxReport& report = out.report.emplace();
  const std::uint64_t before = splits ? told.omitted_packets : sent.omitted;
  report.sent = sent.packets - std::min(before, sent.packets);
  const std::uint64_t arrived = told.bytes / std::max(sent.length, 1U);
  const std::uint64_t errors =
      told.errors - (splits ? std::min(told.omitted_errors, told.errors) : 0);
  const std::uint64_t seen = saturating_add(errors, unseen_tail(told, sent));
  // The omitted time ends at each end by its own clock, and at a stock receiver not at one moment
  // for bytes and numbers: its bytes are then of another part, if by little.
  const bool exact = !omits || (splits && is_stuck(told, sent));
  const std::uint64_t least = exact ? report.sent - std::min(arrived, report.sent) : 0;
  report.lost = std::min(std::max(seen, least), report.sent);
  report.lost_bytes = saturating_mul(report.lost, sent.length);
  report.unique = report.sent - report.lost;
  report.unique_bytes = saturating_mul(report.unique, sent.length);
  out.rule_was_wrong = errors < report.lost;
  out.copies_came = !omits && !told.duplicates && arrived > report.unique;
  const std::uint64_t copies = omits ? 0 : arrived - std::min(report.unique, arrived);
  const std::uint64_t most_copies = saturating_mul(report.unique, kMostCopies);
  report.duplicates = std::min(told.duplicates.value_or(copies), most_copies);
  report.datagrams = saturating_add(report.unique, report.duplicates);
  report.reordered = std::min(told.out_of_order.value_or(0), report.unique);
  report.first_bytes = 0;
  report.last_mono_ns = nanoseconds(told.seconds.value_or(0));
  report.jitter_ns = nanoseconds(told.jitter_s);
  return out;
}

std::optional<RxReport> client_received(const StreamResult& told, OwnSent sent) {
  if (is_stuck(told, sent)) {
    return std::nullopt;
  }
  sent.packets = std::min(sent.packets, told.packets);
  auto report = peer_received(told, sent).report;
  return report && report->sent != 0 ? report : std::nullopt;
}

TxReport judged_part(TxReport report, const RxReport& judged, std::uint32_t length) {
  if (judged.sent < report.packets) {
    report.packets = judged.sent;
    report.payload_bytes = judged.sent * length;
  }
  return report;
}

}  // namespace udperf::iperf3
