#include "session/fin_exchange.hpp"

#include <algorithm>
#include <utility>

namespace udperf::session {
namespace {

using wire::MessageType;

constexpr std::uint16_t kWindowChunks = 32;

/// Takes the first of a queue of datagrams.
std::optional<std::vector<std::byte>> take_first(std::vector<std::vector<std::byte>>& queue) {
  if (queue.empty()) {
    return std::nullopt;
  }
  auto first = std::move(queue.front());
  queue.erase(queue.begin());
  return first;
}

}  // namespace

void FinExchange::start(const TxReport& report, Duration rtt_max, MonoTime now) {
  fin_.report = report;
  fin_.rtt_max_ns = rtt_max.count();
  started_ = true;
  begun_ = now;
  deadline_ = now + kPatience;
  backoff_.start(now);
  say_fin();
}

void FinExchange::say_fin() {
  out_.push_back(wire::encode(MessageType::fin, session_, stream_, fin_));
}

void FinExchange::pull() {
  const wire::ReportPull pull{static_cast<std::uint32_t>(bytes_.size()), kWindowChunks};
  const auto window = static_cast<std::uint32_t>(kWindowChunks * wire::ReportChunk::kMaxBytes);
  window_end_ = std::min(total_, pull.offset + window);
  out_.push_back(wire::encode(MessageType::report_pull, session_, stream_, pull));
}

void FinExchange::on_report(const wire::ReportChunk& chunk, MonoTime now) {
  if (!started_ || over()) {
    if (report_) {
      pull();  // the word that all of it is here was lost: say it again
    }
    return;
  }
  acknowledged_ = true;
  if (bytes_.empty()) {
    total_ = chunk.total;
    window_end_ = total_;
  }
  if (chunk.total != total_ || chunk.offset != bytes_.size() || chunk.bytes.empty()) {
    return;  // out of order: it will be asked for again
  }
  bytes_.insert(bytes_.end(), chunk.bytes.begin(), chunk.bytes.end());
  deadline_ = std::max(deadline_, now + kPatience / 2);  // a long report that makes progress
  if (bytes_.size() == total_) {
    report_ = wire::decode_report(bytes_);
    gave_up_ = !report_.has_value();  // the peer broke the protocol: no point in asking again
    backoff_.stop();
    pull();  // offset == total: acknowledges
    return;
  }
  if (bytes_.size() >= window_end_) {
    pull();
  }
  backoff_.start(now);
}

void FinExchange::on_timer(MonoTime now) {
  if (!started_ || over()) {
    return;
  }
  if (now >= deadline_) {
    gave_up_ = true;
    backoff_.stop();
    return;
  }
  if (backoff_.due(now)) {
    if (bytes_.empty()) {
      say_fin();
    }
    // Without any answer FIN may be what does not get through: the report is asked for by itself.
    constexpr Duration kFinAlone = std::chrono::milliseconds{1500};
    if (!bytes_.empty() || (!acknowledged_ && now - begun_ > kFinAlone)) {
      pull();
    }
    backoff_.repeated(now);
  }
}

MonoTime FinExchange::next_timeout() const {
  return !started_ || over() ? kNever : std::min(deadline_, backoff_.next());
}

std::optional<std::vector<std::byte>> FinExchange::poll_transmit() {
  return take_first(out_);
}

void ReportExchange::on_fin(const wire::Fin& fin, MonoTime now) {
  if (closed()) {
    send_chunks(0, kWindowChunks);
    return;
  }
  if (!fin_) {
    fin_ = fin.report;
    rtt_max_ = std::min(Duration{fin.rtt_max_ns}, kTmax);
    fin_at_ = now;
  }
  out_.push_back(wire::encode(MessageType::fin_ack, session_, stream_, wire::Empty{}));
}

void ReportExchange::on_pull(const wire::ReportPull& pull, MonoTime now) {
  if (!closed()) {
    if (!fin_ && !pulled_without_fin_) {
      pulled_without_fin_ = now;
    }
    return;
  }
  if (pull.offset >= report_bytes_.size()) {
    delivered_ = delivered_ || pull.offset == report_bytes_.size();
    return;
  }
  send_chunks(pull.offset, pull.chunks);
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

void ReportExchange::set_report(const RxReport& report) {
  report_bytes_ = wire::encode_report(report);
  send_chunks(0, kWindowChunks);
}

void ReportExchange::send_chunks(std::uint32_t offset, std::uint16_t chunks) {
  const auto total = static_cast<std::uint32_t>(report_bytes_.size());
  for (std::uint16_t i = 0; i < chunks && offset < total; ++i) {
    const auto length =
        std::min<std::uint32_t>(total - offset, std::uint32_t{wire::ReportChunk::kMaxBytes});
    const auto piece = std::span{report_bytes_}.subspan(offset, length);
    wire::ReportChunk chunk{total, offset, {piece.begin(), piece.end()}};
    out_.push_back(wire::encode(MessageType::report, session_, stream_, chunk));
    offset += length;
  }
}

std::optional<std::vector<std::byte>> ReportExchange::poll_transmit() {
  return take_first(out_);
}

}  // namespace udperf::session
