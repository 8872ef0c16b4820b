#include "support/bottleneck.hpp"

#include <cmath>

namespace udperf::test {
namespace {

constexpr double kNs = 1e9;

std::int64_t ns(double seconds) {
  return static_cast<std::int64_t>(std::llround(seconds * kNs));
}

}  // namespace

/// What the receiver writes down.
class Bottleneck::Books {
 public:
  Books(double anchor_s, double row_s) : anchor_s_(anchor_s), row_s_(row_s) {}

  void arrived(double sent_s, double at_s, std::uint32_t bytes) {
    if (report_.unique++ == 0) {
      anchor_s_ = at_s;
      report_.first_mono_ns = ns(at_s);
      report_.first_bytes = bytes;
    }
    report_.last_mono_ns = std::max(report_.last_mono_ns, ns(at_s));
    report_.unique_bytes += bytes;
    const auto row = static_cast<std::size_t>((at_s - anchor_s_) / row_s_);
    if (row >= report_.intervals.size()) {
      report_.intervals.resize(row + 1);
      delays_.resize(row + 1);
    }
    report_.intervals[row].unique += 1;
    report_.intervals[row].bytes += bytes;
    delays_[row].push_back(at_s - sent_s);
    least_ = std::min(least_, at_s - sent_s);
  }

  void dropped(double at_s) {
    if (report_.unique > 0 && at_s >= anchor_s_) {
      const auto row = static_cast<std::size_t>((at_s - anchor_s_) / row_s_);
      if (row < report_.intervals.size()) {
        report_.intervals[row].lost += 1;
      }
    }
  }

  RxReport close(std::uint64_t sent, std::uint64_t socket_drop) {
    report_.sent = sent;
    report_.lost = sent - report_.unique;
    report_.rx_socket_drop = socket_drop;
    report_.interval_ns = ns(row_s_);
    report_.anchor_mono_ns = ns(anchor_s_);
    for (std::size_t i = 0; i < delays_.size(); ++i) {
      auto& one = delays_[i];
      if (!one.empty()) {
        std::nth_element(one.begin(), one.begin() + static_cast<std::ptrdiff_t>(one.size() / 2),
                         one.end());
        report_.intervals[i].dv_p50_ns = ns(one[one.size() / 2] - least_);
      }
    }
    return report_;
  }

 private:
  double anchor_s_;
  double row_s_;
  double least_ = 1e9;
  RxReport report_;
  std::vector<std::vector<double>> delays_;
};

void Bottleneck::refill(double at_s) {
  tokens_ = std::min(s_.bucket_bytes, tokens_ + (at_s - tokens_at_s_) * rate_at(at_s) / 8);
  tokens_at_s_ = at_s;
}

std::optional<double> Bottleneck::pass(double at_s) {
  const double rate = rate_at(at_s);
  const double bytes = s_.payload;
  if (s_.queue_s == 0) {  // a policer always has a bucket: of a few datagrams at least
    tokens_ =
        std::min(std::max(s_.bucket_bytes, 4 * bytes), tokens_ + (at_s - tokens_at_s_) * rate / 8);
    tokens_at_s_ = at_s;
    if (tokens_ < bytes) {
      return std::nullopt;
    }
    tokens_ -= bytes;
    return at_s;
  }
  if (free_at_s_ <= at_s) {  // nothing waits: the bucket fills up, then serves
    refill(at_s);
    if (tokens_ >= bytes) {
      tokens_ -= bytes;
      return at_s;
    }
    const double out = at_s + (bytes - tokens_) * 8 / rate;
    tokens_ = 0;
    tokens_at_s_ = out;
    free_at_s_ = out;
    return out;
  }
  // At least two datagrams fit: no queue is smaller.
  if (free_at_s_ - at_s > std::max(s_.queue_s, 2 * bytes * 8 / rate)) {
    return std::nullopt;
  }
  free_at_s_ += bytes * 8 / rate;
  tokens_at_s_ = free_at_s_;
  return free_at_s_;
}

Bottleneck::Sent Bottleneck::send(const search::Trial& trial, double start, Books& books) {
  const double length = static_cast<double>(trial.duration.count()) / kNs;
  const double gap = s_.payload * 8.0 / std::min(trial.rate_bps, s_.sender_bps);
  std::uniform_real_distribution<double> chance{0, 1};
  double behind = chance(random_) < s_.stall_share ? s_.stall_s : 0;
  const double stall_at = chance(random_) * length;
  double read_at = 0;  // when the receiving host is free again
  Sent sent;
  for (double at = 0; at < length; at += gap) {
    // After a stall the sender makes up for it three per cent faster, as the real one does.
    double when = at;
    if (at > stall_at && behind > 0) {
      when += behind;
      behind -= 0.03 * gap;
    }
    if (when >= length) {
      break;
    }
    ++sent.packets;
    sent.last_s = when;
    const bool lost = s_.loss > 0 && chance(random_) < s_.loss;
    const auto out = lost ? std::nullopt : pass(start + when);
    if (!out) {
      books.dropped(start + when);
      continue;
    }
    const double arrives = *out + s_.delay_s;
    sent.longest_wait_s = std::max(sent.longest_wait_s, *out - start - when);
    if (read_at - arrives > 0.001) {
      ++sent.socket_drop;
      continue;
    }
    read_at = std::max(read_at, arrives) + s_.payload * 8.0 / s_.receiver_bps;
    books.arrived(start + when, arrives, s_.payload);
    now_s_ = std::max(now_s_, arrives);
  }
  now_s_ = std::max(now_s_, start + length);
  return sent;
}

TestOutcome Bottleneck::run(const search::Trial& trial, Way way) {
  now_s_ += s_.overhead_s + 4 * s_.delay_s;
  const bool merged = s_.merged_factor > 1 && !trial.single;
  factor_ = merged ? s_.merged_factor : 1;
  Books books{now_s_, static_cast<double>(trial.interval.count()) / kNs};
  const Sent sent = send(trial, now_s_, books);
  TxReport tx;
  tx.packets = sent.packets;
  tx.payload_bytes = sent.packets * s_.payload;
  tx.first_bytes = s_.payload;
  tx.gso_segments = merged ? 8 : 0;
  tx.batches = merged ? sent.packets / 8 : sent.packets;
  tx.span_ns = ns(sent.last_s);
  TestOutcome outcome;
  outcome.status = TestStatus::complete;
  outcome.params.payload_bytes = s_.payload;
  RttSummary rtt;
  rtt.delay.n = 1;
  rtt.delay.p50_ns = ns(2 * s_.delay_s);
  outcome.rtt_idle = rtt;
  const double loaded_s = 2 * s_.delay_s + sent.longest_wait_s;
  rtt.delay.p50_ns = ns(loaded_s);
  outcome.rtt_loaded = rtt;
  const RxReport rx = books.close(sent.packets, sent.socket_drop);
  if (rx.lost > 0) {
    now_s_ += std::max(0.2, 3 * loaded_s);
  }
  (way == Way::up ? outcome.up : outcome.down) = WayOutcome{{StreamOutcome{tx, rx}}};
  return outcome;
}

}  // namespace udperf::test
