#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <optional>
#include <utility>

#include "pacing/governor.hpp"
#include "receiver/queue_reporter.hpp"
#include "sender/queue_gate.hpp"
#include "support/seeded_random.hpp"

/// A sender without a rate, a way and a receiver whose socket may overflow, all simulated.
namespace udperf::test::governed {

inline constexpr std::uint32_t kPayload = 1448;
inline constexpr std::uint32_t kBatch = 16;
inline constexpr Duration kStep = std::chrono::microseconds{5};
inline constexpr Duration kForever = std::chrono::hours{24};

struct Host {
  std::uint32_t buffer = 212'992;  ///< as granted: its kernel holds twice that
  double drain_bps = 10e9;
  double stops = 0;  ///< chance of a stop in each millisecond
  Duration longest_stop{0};
  Duration stopped_at = kForever;  ///< for `stopped_for`, once
  Duration stopped_for{0};
};

struct Path {
  Duration delay = std::chrono::microseconds{10};  ///< one way
  Duration known{0};                               ///< of the round trip, before the first report
  double loss = 0;
  double feedback_loss = 0;
};

struct Outcome {
  std::uint64_t sent = 0;
  std::uint64_t drained = 0;
  std::uint64_t dropped = 0;  ///< by the socket
  std::uint64_t network_lost = 0;
};

/// A sender, a way and a receiver, a batch at a time.
class World {
 public:
  World(const Host& host, const Path& way, double send_bps, unsigned seed)
      : host_(host),
        path_(way),
        random_(seed),
        batch_time_(Duration{static_cast<std::int64_t>(kPayload * kBatch * 8e9 / send_bps)}),
        gate_({kPayload, host.buffer, way.known}) {}

  Outcome run(Duration time) {
    for (const MonoTime end = now_ + time; now_ < end; now_ += kStep) {
      send();
      arrive();
      read();
      tell();
      hear();
    }
    return outcome_;
  }

  std::optional<pacing::Governor::Report> lie;  ///< said instead of the truth
  bool ignores = false;                         ///< a receiver that falls silent
  bool waits = false;                           ///< and says nothing before it has read something

 private:
  struct Flight {
    MonoTime at;
    MonoTime left;
    std::uint64_t first;
    std::uint64_t count;
  };
  struct Message {
    MonoTime at;
    pacing::Governor::Report report;
  };

  void send() {
    gate_.take_report(outcome_.sent);
    while (busy_until_ <= now_ && ask_at_ <= now_) {
      const std::uint64_t n = gate_.admit(outcome_.sent, kBatch, UINT64_MAX, now_);
      if (n == 0) {
        ask_at_ = gate_.ask_again(outcome_.sent, now_);
        return;
      }
      if (random_.chance(path_.loss)) {
        outcome_.network_lost += n;
      } else {
        flights_.push_back({now_ + path_.delay, now_, outcome_.sent, n});
      }
      outcome_.sent += n;
      busy_until_ = std::max(busy_until_, now_ - kStep) + batch_time_;
    }
  }

  void arrive() {
    while (!flights_.empty() && flights_.front().at <= now_) {
      const std::uint64_t count = flights_.front().count;
      const std::uint64_t cost = pacing::socket_cost(kPayload * count, true);
      if (queue_cost_ + cost > 2 * std::uint64_t{host_.buffer}) {
        outcome_.dropped += count;
        ++drops_;
      } else {
        queue_cost_ += cost;
        queue_.push_back(flights_.front());
      }
      flights_.pop_front();
    }
  }

  void read() {
    if (now_ >= next_stop_look_) {
      next_stop_look_ += std::chrono::milliseconds{1};
      if (random_.chance(host_.stops)) {
        read_until_ = now_ + Duration{random_.between(0, host_.longest_stop.count())};
      }
    }
    if (now_ >= begun_ + host_.stopped_at) {
      read_until_ = now_ + std::exchange(host_.stopped_for, Duration{0});
      host_.stopped_at = kForever;
    }
    const Duration cost{static_cast<std::int64_t>(kPayload * kBatch * 8e9 / host_.drain_bps)};
    while (read_until_ <= now_ && !queue_.empty()) {
      const Flight& one = queue_.front();
      next_ = one.first + one.count;
      echo_ = one;
      queue_cost_ -= pacing::socket_cost(kPayload * one.count, true);
      outcome_.drained += one.count;
      queue_.pop_front();
      read_until_ = std::max(read_until_, now_ - kStep) + cost;
    }
  }

  void tell() {
    const auto cost = static_cast<double>(pacing::socket_cost(kPayload * kBatch, true));
    const double room = 2.0 * static_cast<double>(host_.buffer) / cost * kBatch;
    const bool standing_still = read_until_ > now_ + std::chrono::milliseconds{1};
    const bool due = static_cast<double>(next_ - told_next_) >= room / 4 || drops_ != told_drops_ ||
                     now_ >= tell_by_;
    const bool too_soon = now_ < told_at_ + receiver::QueueReporter::kShare;
    if (!due || too_soon || ignores || standing_still || (waits && !echo_)) {
      return;
    }
    told_next_ = next_;
    told_at_ = now_;
    told_drops_ = drops_;
    tell_by_ = now_ + std::chrono::milliseconds{10};
    pacing::Governor::Report report;
    report.next = next_;
    report.read = outcome_.drained;
    if (echo_) {
      report.waited = now_ - echo_->at;
      report.arrived_until = echo_->left + report.waited;
    }
    report.queue_bytes = static_cast<std::uint32_t>(queue_cost_);
    report.queue_limit = 2 * host_.buffer;
    report.drops = drops_;
    report.cost = static_cast<std::uint32_t>(
        pacing::socket_cost(kPayload * kBatch, true) * 1024 / (kPayload * kBatch) + 1);
    if (!random_.chance(path_.feedback_loss)) {
      messages_.push_back({now_ + path_.delay, lie.value_or(report)});
    }
  }

  void hear() {
    while (!messages_.empty() && messages_.front().at <= now_) {
      gate_.on_report({messages_.front().report, now_});
      messages_.pop_front();
      ask_at_ = now_;
    }
  }

  Host host_;
  Path path_;
  SeededRandom random_;
  Duration batch_time_;
  sender::QueueGate gate_;
  MonoTime begun_{std::chrono::seconds{1000}};
  MonoTime now_{std::chrono::seconds{1000}};
  MonoTime ask_at_{};
  MonoTime busy_until_{std::chrono::seconds{1000}};
  MonoTime read_until_{std::chrono::seconds{1000}};
  MonoTime next_stop_look_{std::chrono::seconds{1000}};
  MonoTime tell_by_{std::chrono::seconds{1000}};
  MonoTime told_at_{};
  std::deque<Flight> flights_;
  std::deque<Flight> queue_;
  std::deque<Message> messages_;
  std::uint64_t queue_cost_ = 0;
  std::uint64_t next_ = 0;
  std::uint64_t told_next_ = 0;
  std::optional<Flight> echo_;
  std::uint32_t drops_ = 0;
  std::uint32_t told_drops_ = 0;
  Outcome outcome_;
};

}  // namespace udperf::test::governed
