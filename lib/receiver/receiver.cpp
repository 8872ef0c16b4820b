#include "receiver/receiver.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "base/saturating.hpp"
#include "model/forever.hpp"
#include "receiver/native_format.hpp"

namespace udperf::receiver {
namespace {

// A header that was corrupted on the way may tell any time at all.
Duration wrapping_difference(std::int64_t a, std::int64_t b) {
  return Duration{
      static_cast<std::int64_t>(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b))};
}

std::int64_t wrapping_sum(std::int64_t a, Duration b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) +
                                   static_cast<std::uint64_t>(b.count()));
}

/// In cache, and enough for a read of the largest datagrams that are merged.
constexpr std::size_t kHeadsAtOnce = 64;

std::unique_ptr<const DatagramFormat> native_format(const Receiver::Settings& s) {
  NativeFormatSettings out;
  out.session = s.session;
  out.stream = s.stream;
  out.header = s.params.header;
  out.tag = s.compact_tag;
  out.two_parts = s.params.omit > Duration{0};
  out.warm_up = s.warm_up;
  return make_native_format(out);
}

PacketPlan plan_of(const Receiver::Settings& settings) {
  return settings.warm_up ? PacketPlan::for_warm_up(settings.params, settings.way, settings.stream)
                          : PacketPlan::for_stream(settings.params, settings.way, settings.stream);
}

stats::StreamStats::Settings stats_settings(const Receiver::Settings& settings) {
  stats::StreamStats::Settings out;
  out.plan = plan_of(settings);
  out.memory = settings.memory;
  if (settings.warm_up) {
    out.interval = kMostOmit;  // nobody reads its rows
    return out;
  }
  out.interval = settings.params.interval;
  if (settings.params.amount.duration == kForever) {
    out.full_grid = stats::FullGrid::rows_are_merged;
  }
  out.gap_threshold = settings.params.gap_threshold;
  out.share_delays = settings.params.streams > 1;
  out.voice = settings.params.voice;
  return out;
}

}  // namespace

Receiver::Receiver(const Settings& settings) : Receiver(settings, native_format(settings)) {}

Receiver::Receiver(const Settings& settings, std::unique_ptr<const DatagramFormat> format)
    : settings_(settings),
      format_(std::move(format)),
      plan_(plan_of(settings)),
      stats_(stats_settings(settings)),
      drops_(settings.merging) {}

void Receiver::set_anchor(MonoTime anchor) {
  anchor_ = anchor;
  stats_.set_anchor(anchor);
  next_boundary_ = anchor + settings_.params.interval;
}

std::size_t Receiver::on_read(const net::Received& read, std::size_t offset) {
  pass_boundaries(read.at);
  Scan scan;
  scan.run.rx = read.at;
  scan.run.ecn = static_cast<std::uint8_t>(read.tos.value_or(0) & 3U);
  scan.run.timed = timed_;
  std::uint32_t taken = 0;
  std::array<DataHead, kHeadsAtOnce> heads;  // NOLINT(*-member-init): parse() writes what is read
  for (std::size_t n = heads.size(); n == heads.size() && offset < read.data.size();) {
    n = format_->parse({read.data.subspan(offset), read.segment,
                        wrapping_sum(to_ns(read.at), peer_ahead_), stats_.next_expected()},
                       heads);
    for (const DataHead& head : std::span{heads}.first(n)) {
      take_all(head, read, scan);
      taken += head.followers + 1U;
      offset += std::size_t{head.length} * (head.followers + 1U);
    }
  }
  close_run(scan);
  if (scan.first) {
    drops_.on_read(*scan.first, scan.last, read.drops.value_or(0));
    last_arrival_ = read.at;
    reads_.note_good(read);
  }
  reads_.note(read, taken);
  return offset;
}

void Receiver::set_peer_clock(std::optional<Duration> ahead) {
  peer_ahead_ = ahead.value_or(Duration{0});
  timed_ = ahead.has_value() || format_->tells_whole_time();
}

/// The datagram of `head` and those that follow it.
void Receiver::take_all(const DataHead& head, const net::Received& read, Scan& scan) {
  const bool good = take(head, read, scan);
  ++(good ? accepted_ : invalid_);
  std::uint32_t done = good ? extend_run(head, scan) : 0;
  for (DataHead next = head; done < head.followers; ++done) {
    next.sequence = head.sequence + done + 1;
    next.index = static_cast<std::uint8_t>(head.index + (done + 1) * head.index_step);
    ++(take(next, read, scan) ? accepted_ : invalid_);
  }
}

/// Of what follows `head`, just taken, that which is as long as its number says belongs to the same
/// run. Returns how many those are.
std::uint32_t Receiver::extend_run(const DataHead& head, Scan& scan) {
  if (head.followers == 0) {
    return 0;
  }
  const auto more = static_cast<std::uint32_t>(
      plan_.run_at(head.sequence, head.followers + std::uint64_t{1}) - 1);
  scan.run.count += more;
  latest_.sequence += more;
  latest_.index = static_cast<std::uint8_t>(head.index + more * head.index_step);
  scan.last.sequence = latest_.sequence;
  scan.last.index = latest_.index;
  accepted_ += more;
  return more;
}

bool Receiver::take(const DataHead& head, const net::Received& read, Scan& scan) {
  if (!head.good || read.truncated || head.sequence >= plan_.packets() ||
      !plan_.accepts(head.sequence, head.length)) {
    return false;
  }
  const bool same = !plan_.open() || scan.run.length == head.length;
  if (scan.run.count != 0 && same && head.sequence == scan.run.first + scan.run.count) {
    ++scan.run.count;
  } else {
    close_run(scan);
    scan.run.first = head.sequence;
    scan.run.count = 1;
    scan.run.tx_ns = head.tx_time_ns;
    scan.run.length = head.length;
  }
  const DropAttribution::Place place{head.sequence, head.batch, head.index, head.count};
  if (!scan.first) {
    scan.first = place;
  }
  scan.last = place;
  peer_ahead_ = wrapping_difference(head.tx_time_ns, to_ns(read.at));
  latest_ = head;
  has_latest_ = true;
  return true;
}

void Receiver::close_run(Scan& scan) {
  if (scan.run.count != 0) {
    stats_.add(scan.run);
    scan.run.count = 0;
  }
}

void Receiver::pass_boundaries(MonoTime now) {
  while (now >= next_boundary_) {
    snapshot_ = Snapshot{snapshot_.intervals + 1, stats_.unique(),     stats_.unique_bytes(),
                         stats_.next_expected(),  stats_.duplicates(), stats_.reordered()};
    next_boundary_ += settings_.params.interval;
  }
}

void Receiver::fill(wire::Feedback& feedback, MonoTime now) {
  // Arrivals stamped before `now` may still wait in the socket: leave them a moment.
  constexpr Duration kSettle = std::chrono::milliseconds{2};
  if (anchor_) {
    pass_boundaries(now - kSettle);
  }
  feedback.next_expected = stats_.next_expected();
  feedback.unique = stats_.unique();
  feedback.unique_bytes = stats_.unique_bytes();
  feedback.duplicates = stats_.duplicates();
  feedback.reordered = stats_.reordered();
  feedback.has_echo = has_latest_;
  if (has_latest_) {
    feedback.echo_batch = latest_.batch;
    feedback.echo_token = latest_.token;
    feedback.echo_tx_ns = latest_.tx_time_ns;
    feedback.held_ns = std::max<std::int64_t>((now - last_arrival_.value_or(now)).count(), 0);
  }
  feedback.intervals = snapshot_.intervals;
  feedback.at_unique = snapshot_.unique;
  feedback.at_bytes = snapshot_.bytes;
  feedback.at_next = snapshot_.next;
  feedback.at_duplicates = snapshot_.duplicates;
  feedback.at_reordered = snapshot_.reordered;
}

void Receiver::add_warm_up(const wire::Feedback& warm_up, wire::Feedback& feedback) {
  feedback.omitted_next = warm_up.next_expected;
  feedback.next_expected += warm_up.next_expected;
  feedback.unique += warm_up.unique;
  feedback.unique_bytes += warm_up.unique_bytes;
  feedback.duplicates += warm_up.duplicates;
  feedback.reordered += warm_up.reordered;
  if (!feedback.has_echo) {
    feedback.has_echo = warm_up.has_echo;
    feedback.echo_batch = warm_up.echo_batch;
    feedback.echo_token = warm_up.echo_token;
    feedback.echo_tx_ns = warm_up.echo_tx_ns;
    feedback.held_ns = warm_up.held_ns;
  }
}

void Receiver::follow(const Receiver& warm_up) {
  reads_.follow(warm_up.reads_);
  drops_.follow(warm_up.drops_);
}

OmittedRx Receiver::finalize_warm_up(const std::optional<TxReport>& fin) {
  RxReport report;
  const bool told = fin && fin->omitted;
  const std::uint64_t sent = told ? fin->omitted->packets : stats_.next_expected();
  if (told) {
    stats_.set_sent_bytes(fin->omitted->payload_bytes);
  }
  stats_.finalize(sent, told, ClockAnchor{}, report);
  OmittedRx out;
  out.sent = report.sent;
  out.unique = report.unique;
  out.unique_bytes = report.unique_bytes;
  out.lost = report.lost;
  out.lost_bytes = report.lost_bytes;
  out.duplicates = report.duplicates;
  out.reordered = report.reordered;
  out.late = report.late;
  out.invalid = report.invalid + invalid_;
  return out;
}

bool Receiver::allows(const TxReport& fin) const {
  const auto fits = [this](std::uint64_t packets, std::uint64_t bytes) {
    return bytes <= saturating_mul(packets, plan_.payload_bytes());
  };
  return fin.packets <= plan_.packets() && fits(fin.packets, fin.payload_bytes) &&
         (!fin.omitted || fits(fin.omitted->packets, fin.omitted->payload_bytes));
}

RxReport Receiver::finalize(const std::optional<TxReport>& fin, Finalized why,
                            const ClockAnchor& clock, std::optional<std::uint32_t> drops) {
  RxReport report;
  const std::uint64_t sent = fin ? std::min(fin->packets, plan_.packets()) : stats_.next_expected();
  if (fin) {
    stats_.set_sent_bytes(fin->payload_bytes);
  }
  stats_.finalize(sent, fin.has_value(), clock, report);
  report.datagrams += invalid_;
  report.invalid += invalid_;
  report.finalized = why;
  report.tail_known = fin.has_value();
  reads_.fill(report);
  if (drops) {
    const std::uint64_t before = fin && fin->omitted ? fin->omitted->batches : 0;
    const std::uint64_t batches = fin && fin->batches != 0 ? before + fin->batches : 0;
    const auto verdict = drops_.close(sent, batches, *drops, report.lost);
    report.rx_socket_drop = verdict.socket_datagrams;
    report.rx_socket_drop_is_bound = verdict.is_bound;
  }
  return report;
}

}  // namespace udperf::receiver
