#include "session/report_exchange.hpp"

#include <algorithm>
#include <span>
#include <utility>

#include "session/backoff.hpp"
#include "session/pull_window.hpp"

namespace udperf::session {
namespace {

using wire::MessageType;

/// Leaves what is of one size: the rows become one, whose sums are the same.
void keep_totals(RxReport& report) {
  IntervalRow all;
  for (const IntervalRow& row : report.intervals) {
    all.unique += row.unique;
    all.bytes += row.bytes;
    all.sent += row.sent;
    all.lost += row.lost;
    all.duplicates += row.duplicates;
    all.reordered += row.reordered;
  }
  report.intervals.assign(report.intervals.empty() ? 0 : 1, all);
  report.intervals.shrink_to_fit();
  report.outages.clear();
  report.delay_bins.clear();
  report.memory_limited = true;
}

}  // namespace

void ReportExchange::on_fin(const wire::Fin& fin, MonoTime now) {
  if (closed()) {
    asked(now);
    offer(0, PullWindow::kMost);
    return;
  }
  if (!fin_) {
    fin_ = fin.report;
    rtt_max_ = std::clamp(Duration{fin.rtt_max_ns}, Duration{0}, kTmax);
    fin_at_ = now;
  }
  ack_due_ = true;
}

void ReportExchange::on_pull(const wire::ReportPull& pull, MonoTime now) {
  if (!closed()) {
    if (!fin_ && !pulled_without_fin_) {
      pulled_without_fin_ = now;
    }
    return;
  }
  asked(now);
  if (pull.offset >= report_bytes_.size()) {
    delivered_ = delivered_ || pull.offset == report_bytes_.size();
    return;
  }
  offer(pull.offset, pull.chunks);
}

/// A round trip, and a moment.
Duration ReportExchange::reminder_wait() const {
  return rtt_max_ * 5 / 4 + Backoff::kFirst;
}

void ReportExchange::asked(MonoTime now) {
  asked_at_ = now;
  if (remind_at_ != kNever) {  // this end reminds
    remind_at_ = now + reminder_wait();
  }
}

void ReportExchange::remind(MonoTime now) {
  if (!closed() || delivered_) {
    return;
  }
  if (now >= remind_at_ && waiting_bytes() == 0) {
    constexpr std::uint32_t kPiece = wire::ReportChunk::kMaxBytes;
    offer(static_cast<std::uint32_t>(report_bytes_.size() - 1) / kPiece * kPiece, 1);
  }
  if (now >= remind_at_ || remind_at_ == kNever) {
    remind_at_ = now + reminder_wait();
  }
}

Duration ReportExchange::quiet() const {
  return std::clamp<Duration>(3 * rtt_max_, kQuietLeast, kTmax);
}

std::optional<Finalized> ReportExchange::due(const Books& books, MonoTime now) const {
  if (closed()) {
    return std::nullopt;
  }
  if (!fin_) {
    const MonoTime last = books.last_arrival.value_or(MonoTime::min());
    if (pulled_without_fin_ && now - std::max(last, *pulled_without_fin_ - kNoFin) >= kNoFin) {
      return Finalized::no_fin;
    }
    return std::nullopt;
  }
  if (books.all_received) {
    return Finalized::all_received;
  }
  if (now >= fin_at_ + kTmax) {
    return Finalized::tmax;
  }
  const MonoTime last = std::max(books.last_arrival.value_or(fin_at_), fin_at_);
  return now >= last + quiet() ? std::optional{Finalized::quiet} : std::nullopt;
}

MonoTime ReportExchange::next_timeout(const Books& books) const {
  if (closed()) {
    return kNever;
  }
  if (!fin_) {
    if (!pulled_without_fin_) {
      return kNever;
    }
    const MonoTime last = books.last_arrival.value_or(MonoTime::min());
    return std::max(last, *pulled_without_fin_ - kNoFin) + kNoFin;
  }
  const MonoTime last = std::max(books.last_arrival.value_or(fin_at_), fin_at_);
  return std::min(fin_at_ + kTmax, last + quiet());
}

void ReportExchange::set_report(RxReport& report) {
  report_bytes_ = wire::encode_report(report);
  if (!memory_.grow(report_bytes_.size())) {
    keep_totals(report);
    report_bytes_ = wire::encode_report(report);
  }
  offer(0, PullWindow::kMost);
}

/// What is asked for last counts: who asks again has not got the rest, or does not want it.
void ReportExchange::offer(std::uint32_t offset, std::uint16_t chunks) {
  const auto total = static_cast<std::uint32_t>(report_bytes_.size());
  next_ = offset;
  until_ = std::min(total, offset + chunks * std::uint32_t{wire::ReportChunk::kMaxBytes});
}

std::size_t ReportExchange::waiting_bytes() const {
  if (ack_due_) {
    return wire::kCommonHeaderBytes;
  }
  return next_ < until_ ? wire::kCommonHeaderBytes + wire::ReportChunk::kHeadBytes + piece_bytes()
                        : 0;
}

std::size_t ReportExchange::piece_bytes() const {
  return std::min<std::size_t>(until_ - next_, wire::ReportChunk::kMaxBytes);
}

std::optional<std::vector<std::byte>> ReportExchange::poll_transmit() {
  if (std::exchange(ack_due_, false)) {
    return wire::encode(MessageType::fin_ack, session_, stream_, wire::Empty{});
  }
  if (next_ >= until_) {
    return std::nullopt;
  }
  const auto piece = std::span{report_bytes_}.subspan(next_, piece_bytes());
  const auto total = static_cast<std::uint32_t>(report_bytes_.size());
  const wire::ReportChunk chunk{total, next_, {piece.begin(), piece.end()}};
  next_ += static_cast<std::uint32_t>(piece.size());
  return wire::encode(MessageType::report, session_, stream_, chunk);
}

}  // namespace udperf::session
