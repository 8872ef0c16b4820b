#include "pacing/governor.hpp"

#include <algorithm>
#include <bit>

namespace udperf::pacing {
namespace {

using Seconds = std::chrono::duration<double>;

// A way shorter than this counts as none: what is under way may as well be in the queue.
constexpr Duration kNoWay = std::chrono::microseconds{500};
constexpr std::uint64_t kReportsForWay = 4;  // the least of so many is the way's, not a scheduler's
constexpr double kMostOnTheWay = 1e12;
constexpr double kEvenly = 1.25;  // of the mean rate: what was held up is caught up with
constexpr double kOpening = 2;    // datagrams more for each that got through: thrice a round trip
constexpr double kLower = 0.7;    // of the buffer, after drops
constexpr double kNear = 0.8;
constexpr double kBelow = 0.95;  // of what the receiver reads, after drops
constexpr double kLeastShare = 0.05;

}  // namespace

std::uint64_t socket_cost(std::uint64_t bytes, bool merged) {
  constexpr std::uint64_t kHeads = 832;  // measured: sk_buff and its shared part
  constexpr std::uint64_t kTail = 352;   // headers and the shared part behind the data
  constexpr std::uint64_t kSkBuff = 256;
  constexpr std::uint64_t kPagesFrom = 32768;
  if (merged || bytes + kTail > kPagesFrom) {
    return bytes + kHeads;
  }
  return std::max<std::uint64_t>(std::bit_ceil(bytes + kTail), 576) + kSkBuff;
}

Governor::Governor(const Start& start)
    : payload_bytes_(start.payload_bytes), round_trip_(start.round_trip) {
  // The kernel doubles what is asked for and charges its own structures against that. Whether the
  // receiver merges datagrams, which costs less, its first report will tell.
  const auto cost = static_cast<double>(socket_cost(payload_bytes_, false));
  const double fits = share_ * 2 * static_cast<double>(start.receive_buffer) / cost;
  window_ = std::max<std::uint64_t>(static_cast<std::uint64_t>(fits), 1);
  limit_ = window_;
}

void Governor::on_report(const Report& told, std::uint64_t sent, MonoTime now) {
  if (told.queue_limit == 0) {
    return;
  }
  Report report = told;
  if (report.cost == 0) {  // it has read nothing yet, be it that all was lost
    const std::uint64_t cost = socket_cost(payload_bytes_, false) * 1024 / payload_bytes_ + 1;
    report.cost = static_cast<std::uint32_t>(std::min<std::uint64_t>(cost, UINT32_MAX));
  }
  if (report.arrived_until) {
    const Duration rtt = std::max(now - *report.arrived_until, Duration{0});
    least_rtt_ = std::min({least_rtt_.value_or(rtt), rtt, report.round_trip.value_or(rtt)});
    ++reports_;
  }
  trickles_ = false;
  learn_window(report, now);
  // Where none has arrived yet all may have been lost: queues hold nothing up for ever.
  const MonoTime arrived = report.arrived_until.value_or(now - patience());
  const std::uint64_t queued =
      std::uint64_t{report.queue_bytes} * 1024 / report.cost / payload_bytes_ + 1;
  const std::uint64_t left = departures_.sent_before(arrived);
  const std::uint64_t gone = left - std::min(left, queued);
  const std::uint64_t read = std::min(report.next, sent);
  const std::uint64_t resolved = std::max({base_, read, gone});
  learn_way(report, resolved, now);
  base_ = resolved;
  drops_ = report.drops;
  last_ = report;
  last_at_ = now;
  limit_ = base_ + window_ + static_cast<std::uint64_t>(on_the_way_);
  const Duration way = lag();
  rate_ = way == Duration{0}
              ? 0
              : kEvenly * (static_cast<double>(window_) + on_the_way_) / Seconds{way}.count();
}

/// A clump of what a long way may hold would overrun a small socket, however slow the mean.
std::uint64_t Governor::evenly(std::uint64_t next, MonoTime now) {
  const double most = static_cast<double>(next) + static_cast<double>(window_) / 4;
  even_ =
      std::clamp(even_ + rate_ * Seconds{now - even_at_}.count(), static_cast<double>(next), most);
  even_at_ = now;
  return static_cast<std::uint64_t>(even_);
}

/// How much fits, and less of it where that was too much.
void Governor::learn_window(const Report& report, MonoTime now) {
  constexpr Duration kOnce = std::chrono::milliseconds{20};
  const bool was_full = std::max(report.queue_bytes, last_.queue_bytes) > report.queue_limit / 4;
  if (report.drops != drops_ && was_full) {
    if (now - lowered_at_ > kOnce + least_rtt_.value_or(Duration{0})) {
      share_ = std::max(share_ * kLower, kLeastShare);
      lowered_at_ = now;
    }
  } else {
    constexpr double kRaise = 1.002;
    share_ = std::min(share_ * kRaise, kShare);
  }
  const double room = share_ * static_cast<double>(report.queue_limit) * 1024 / report.cost;
  window_ = std::max<std::uint64_t>(static_cast<std::uint64_t>(room / payload_bytes_), 1);
}

Duration Governor::lag() const {
  if (reports_ < kReportsForWay || !least_rtt_) {
    return Duration{0};
  }
  return std::max(*least_rtt_ - kNoWay, Duration{0});
}

/// How fast the receiver reads, from a time in which it had enough to.
void Governor::learn_drain(const Report& report, MonoTime now) {
  const std::uint32_t some = report.queue_limit / 16;
  if (report.queue_bytes > some && last_.queue_bytes > some && now > last_at_ &&
      report.read > last_.read) {
    const double took =
        static_cast<double>(report.read - last_.read) / Seconds{now - last_at_}.count();
    drain_ = drain_ == 0 ? took : drain_ + (took - drain_) / 8;
  }
}

/// What may be out beyond the window, on a way that is long.
void Governor::learn_way(const Report& report, std::uint64_t resolved, MonoTime now) {
  const Duration way = lag();
  if (way == Duration{0}) {
    on_the_way_ = 0;
    return;
  }
  const double advance = static_cast<double>(resolved - base_);
  const bool full = report.queue_bytes > report.queue_limit / 4;
  const bool dropped = report.drops != drops_ && full;
  learn_drain(report, now);
  if (full && drain_ > 0) {
    // A clump may have filled a socket that the mean does not: then go up to near what it reads.
    const double carried = std::min(drain_ * Seconds{way}.count(), kMostOnTheWay);
    const double least = opening_ ? kNear * carried : 0;
    on_the_way_ = std::clamp(on_the_way_, least, carried * (dropped ? kBelow : 1.0));
    opening_ = false;
  } else if (opening_) {
    on_the_way_ = std::min(on_the_way_ + kOpening * advance, kMostOnTheWay);
  } else {
    // A quarter of the socket more in each round trip: it takes the overshoot.
    const double out = static_cast<double>(window_) + on_the_way_;
    const double more = static_cast<double>(window_) / 4 * advance / std::max(out, 1.0);
    on_the_way_ = std::min(on_the_way_ + more, kMostOnTheWay);
  }
}

}  // namespace udperf::pacing
