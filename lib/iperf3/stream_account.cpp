#include "iperf3/stream_account.hpp"

#include <algorithm>

#include "iperf3/protocol.hpp"
#include "model/packet_plan.hpp"

namespace udperf::iperf3 {
namespace {

/// Datagrams of one length without an end that is known beforehand.
PacketPlan endless_plan(std::uint32_t length) {
  TestParams params;
  params.payload_bytes = length;
  params.amount.duration = std::chrono::seconds{1};
  return PacketPlan::for_stream(params, Way::up, 0);
}

/// `stats`: null where there are none yet.
StreamAccount::Part part_of(const stats::StreamStats* stats) {
  StreamAccount::Part out;
  if (stats != nullptr) {
    out.counted = stats->next_expected();
    out.unique = stats->unique();
    out.bytes = stats->unique_bytes();
    out.missing = stats->missing_so_far();
    out.duplicates = stats->duplicates();
    out.reordered = stats->reordered();
    out.jitter = stats->jitter();
  }
  return out;
}

/// By what the closed books say.
void correct(StreamAccount::Part& shown, const RxReport& report) {
  shown.counted = report.sent;
  shown.unique = report.unique;
  shown.bytes = report.unique_bytes;
  shown.missing = report.lost;
}

}  // namespace

StreamAccount::StreamAccount(const Settings& settings)
    : settings_(settings), stats_(make_stats()), drops_(settings.merging) {}

std::unique_ptr<stats::StreamStats> StreamAccount::make_stats() const {
  stats::StreamStats::Settings out;
  out.plan = endless_plan(settings_.length);
  out.interval = settings_.interval;
  out.gap_threshold = settings_.gap_threshold;
  out.share_delays = settings_.streams > 1;
  out.neighbours_apart = neighbours_apart(settings_.streams);
  out.memory = settings_.memory;
  return std::make_unique<stats::StreamStats>(out);
}

void StreamAccount::on_read(const net::Received& read) {
  read_bytes_ += read.data.size();
  if (is_hello_reply(read.data)) {
    return;  // the start of the test has overtaken it
  }
  Scan scan;
  scan.run.rx = read.at;
  scan.run.ecn = static_cast<std::uint8_t>(read.tos.value_or(0) & 3U);
  scan.run.timed = true;
  std::uint32_t taken = 0;
  std::uint64_t expected = base_ + stats_->next_expected() + 1;
  for (std::size_t at = 0; at < read.data.size(); at += read.segment) {
    ++taken;
    if (read.data.size() - at < settings_.length || read.segment != settings_.length ||
        read.truncated) {
      ++invalid_;
      continue;
    }
    const DataHeader header = decode(read.data.data() + at, settings_.counters, expected);
    expected = std::max(expected, header.sequence + 1);
    take(header.sequence, header.tx_ns, scan);
  }
  close_run(scan);
  if (scan.first != 0) {
    // The header does not tell batches: each datagram is one of its own.
    drops_.on_read({scan.first - 1, static_cast<std::uint32_t>(scan.first - 1), 0, 1},
                   {scan.last - 1, static_cast<std::uint32_t>(scan.last - 1), 0, 1},
                   read.drops.value_or(0));
    last_arrival_ = read.at;
    reads_.note_good(read);
  }
  reads_.note(read, taken);
}

void StreamAccount::take(std::uint64_t sequence, std::int64_t tx_ns, Scan& scan) {
  if (sequence == 0) {
    ++invalid_;
    return;
  }
  const bool follows = scan.run.count != 0 && sequence == scan.run.first + scan.run.count;
  if (follows && sequence != base_ + 1) {
    ++scan.run.count;
  } else {
    close_run(scan);
    scan.run.first = sequence;
    scan.run.count = 1;
    scan.run.tx_ns = tx_ns;
  }
  scan.first = scan.first == 0 ? sequence : scan.first;
  scan.last = sequence;
}

void StreamAccount::close_run(Scan& scan) {
  if (scan.run.count != 0) {
    add(scan.run);
    scan.run.count = 0;
  }
}

void StreamAccount::add(stats::Run run) {
  const bool before = run.first <= base_;
  run.first -= before ? 1 : base_ + 1;
  (before ? omitted_ : stats_)->add(run);
}

void StreamAccount::end_omitted() {
  if (omitted_) {
    return;
  }
  base_ = stats_->next_expected();
  omitted_ = std::exchange(stats_, make_stats());
}

StreamAccount::Totals StreamAccount::totals() const {
  Totals out;
  static_cast<Part&>(out) = part_of(omitting() ? nullptr : stats_.get());
  out.omitted = part_of(omitting() ? stats_.get() : omitted_.get());
  out.highest = base_ + stats_->next_expected();
  out.read = read_bytes_;
  out.exact = !stats_->out_of_memory() && !(omitted_ && omitted_->out_of_memory());
  return out;
}

StreamAccount::Closed StreamAccount::close(std::optional<std::uint64_t> sent,
                                           const ClockAnchor& clock,
                                           std::optional<std::uint32_t> drops) {
  Closed out;
  if (omitting()) {  // it ended in the omitted time: what was still to come is of that part, too
    end_omitted();
    sent = sent ? std::optional{base_} : std::nullopt;
  }
  out.totals = totals();
  const std::uint64_t all = std::max(sent.value_or(out.totals.highest), base_);
  RxReport omitted;
  if (omitted_) {
    omitted_->finalize(base_, true, clock, omitted);
  }
  stats_->finalize(all - base_, sent.has_value(), clock, out.report);
  RxReport& report = out.report;
  report.datagrams += invalid_;
  report.invalid += invalid_;
  report.finalized = !sent              ? Finalized::no_fin
                     : report.lost == 0 ? Finalized::all_received
                                        : Finalized::quiet;
  reads_.fill(report);
  correct(out.totals, report);
  if (drops) {
    const auto verdict = drops_.close(all, all, *drops, omitted.lost + report.lost);
    report.rx_socket_drop = std::min(verdict.socket_datagrams, report.lost);
    report.rx_socket_drop_is_bound = verdict.is_bound || omitted.lost > 0;
  }
  StreamResult& result = out.result;
  result.bytes = report.unique_bytes;
  result.packets = base_ + report.sent;
  result.errors = omitted.lost + report.lost;
  result.omitted_packets = base_;
  result.omitted_errors = omitted.lost;
  result.tells_omitted = true;
  result.jitter_s = report.jitter_ns ? static_cast<double>(*report.jitter_ns) / 1e9 : 0.0;
  result.duplicates = report.duplicates;
  result.out_of_order = report.reordered;
  return out;
}

}  // namespace udperf::iperf3
