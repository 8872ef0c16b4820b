#include "session/fin_exchange.hpp"

#include <algorithm>
#include <utility>

namespace udperf::session {
namespace {

using wire::MessageType;

constexpr std::size_t kReportFactor = 3;  // the bytes themselves, and the rows made of them

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

/// The report of what was sent: of all of it where FIN was heard. Nothing where it is another's, or
/// none.
std::optional<RxReport> report_of(const TxReport& sent, std::span<const std::byte> bytes) {
  auto report = wire::decode_report(bytes);
  const bool fits =
      report && (report->tail_known ? report->sent == sent.packets : report->sent <= sent.packets);
  return fits ? std::move(report) : std::nullopt;
}

}  // namespace

void FinExchange::start(const TxReport& report, Duration rtt_max, MonoTime now) {
  fin_.report = report;
  fin_.rtt_max_ns = rtt_max.count();
  started_ = true;
  begun_ = now;
  round_trips_ = 2 * rtt_max;
  deadline_ = now + kPatience + round_trips_;
  backoff_.start(now);
  fin_due_ = true;
}

void FinExchange::pull() {
  window_.ask(have_, total_);
  pull_due_ = true;
}

void FinExchange::on_report(const wire::ReportChunk& chunk, MonoTime now) {
  if (!started_ || over()) {
    if (report_) {
      pull();  // the word that all of it is here was lost: say it again
    }
    return;
  }
  acknowledged_ = true;
  if (have_ == 0 && kept_.empty()) {
    total_ = chunk.total;
    window_.expect(total_);
  }
  const bool fits = chunk.offset <= total_ && chunk.bytes.size() <= total_ - chunk.offset;
  if (chunk.total != total_ || !fits || chunk.offset < have_ || chunk.bytes.empty()) {
    return;
  }
  if (chunk.offset > have_) {
    keep(chunk);
    return;
  }
  // What is decoded takes about as much again, and while it is decoded both are there.
  if (!memory_.grow(kReportFactor * chunk.bytes.size())) {
    give_up();
    return;
  }
  append(chunk.bytes);
  append_kept();
  deadline_ =
      std::max(deadline_, now + kPatience / 2 + round_trips_);  // a long report that makes progress
  if (have_ == total_) {
    finish();
    return;
  }
  if (window_.whole(have_)) {
    window_.widen();
    pull();
  }
  backoff_.start(now);
}

/// The one before it was lost or is late: only that will have to be asked for again.
void FinExchange::keep(const wire::ReportChunk& chunk) {
  constexpr std::uint32_t kMostAhead = PullWindow::kMost * wire::ReportChunk::kMaxBytes;
  const bool wanted = chunk.offset < total_ && chunk.offset - have_ <= kMostAhead &&
                      kept_.size() < PullWindow::kMost && kept_.count(chunk.offset) == 0;
  if (wanted && memory_.grow(kReportFactor * chunk.bytes.size())) {
    kept_.emplace(chunk.offset, chunk.bytes);
  }
}

void FinExchange::append(std::span<const std::byte> piece) {
  bytes_.insert(bytes_.end(), piece.begin(), piece.end());
  have_ = static_cast<std::uint32_t>(bytes_.size());
}

void FinExchange::append_kept() {
  while (!kept_.empty() && kept_.begin()->first <= have_) {
    const auto piece = kept_.extract(kept_.begin());
    if (piece.key() == have_) {
      append(piece.mapped());
    } else {  // it came anew, cut otherwise
      memory_.shrink(kReportFactor * piece.mapped().size());
    }
  }
}

void FinExchange::finish() {
  report_ = report_of(fin_.report, bytes_);
  gave_up_ = !report_.has_value();  // the peer broke the protocol: no point in asking again
  backoff_.stop();
  bytes_ = {};
  memory_.shrink(total_);
  pull();  // offset == total: acknowledges
}

void FinExchange::give_up() {
  gave_up_ = true;
  backoff_.stop();
  bytes_ = {};
  kept_.clear();
  memory_.release();
}

void FinExchange::on_timer(MonoTime now) {
  if (!started_ || over()) {
    return;
  }
  if (now >= deadline_) {
    give_up();
    return;
  }
  if (backoff_.due(now)) {
    if (have_ == 0) {
      fin_due_ = true;
    } else {
      window_.narrow(have_);
    }
    // Without any answer FIN may be what does not get through: the report is asked for by itself.
    constexpr Duration kFinAlone = std::chrono::milliseconds{1500};
    if (have_ != 0 || (!acknowledged_ && now - begun_ > kFinAlone)) {
      pull();
    }
    backoff_.repeated(now);
  }
}

MonoTime FinExchange::next_timeout() const {
  return !started_ || over() ? kNever : std::min(deadline_, backoff_.next());
}

std::optional<std::vector<std::byte>> FinExchange::poll_transmit() {
  if (std::exchange(fin_due_, false)) {
    return wire::encode(MessageType::fin, session_, stream_, fin_);
  }
  if (std::exchange(pull_due_, false)) {
    return wire::encode(MessageType::report_pull, session_, stream_, window_.request(),
                        pull_bytes_);
  }
  return std::nullopt;
}

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
  constexpr std::size_t kHead = 10;  // total, offset, length
  if (ack_due_) {
    return wire::kCommonHeaderBytes;
  }
  return next_ < until_ ? wire::kCommonHeaderBytes + kHead + piece_bytes() : 0;
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
