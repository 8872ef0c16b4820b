#include "session/fin_exchange.hpp"

#include <algorithm>
#include <utility>

namespace udperf::session {
namespace {

using wire::MessageType;

constexpr std::size_t kReportFactor = 3;  // the bytes themselves, and the rows made of them

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

}  // namespace udperf::session
