#include "sender/send_stats.hpp"

#include <algorithm>
#include <cerrno>

namespace udperf::sender {

void SendStats::begin(MonoTime now, const ClockAnchor& anchor) {
  anchor_ = anchor;
  pauses_.begin(now);
}

void SendStats::end_warm_up(MonoTime now, std::optional<std::uint64_t> queue_drops) {
  report_.omitted = OmittedTx{next_, report_.payload_bytes, report_.local_drop, report_.batches};
  batches_before_ = report_.batches;
  report_.payload_bytes = 0;
  report_.send_blocked = 0;
  report_.local_drop = 0;
  report_.batches = 0;
  gaps_ = LogHistogram{};
  pauses_ = PauseLog{};
  pauses_.begin(now);
  queue_full_ = 0;
  queue_drops_before_ = queue_drops;
  omitted_packets_.store(next_, std::memory_order_release);
  next_ = 0;
  packets_.store(0, std::memory_order_relaxed);
  bytes_.store(0, std::memory_order_relaxed);
}

SendStats::Status SendStats::note(std::uint64_t offered, std::uint32_t length,
                                  const net::SendOutcome& outcome, MonoTime now) {
  Status trouble = outcome.status;
  std::uint64_t used = outcome.datagrams;
  if (outcome.datagrams > 0) {
    note_taken(length, outcome, now);
    stuck_since_.reset();
  } else if (!stuck_since_) {
    stuck_since_ = now;
  }
  if (outcome.lost > 0 && note_lost(std::uint64_t{outcome.lost} * length, outcome, now)) {
    trouble = Status::denied;
    used += outcome.lost;
  } else if (outcome.status == Status::blocked || outcome.status == Status::refused) {
    pauses_.stopped(now, static_cast<std::uint32_t>(outcome.os_error), 0);
    queue_full_ += outcome.os_error == ENOBUFS ? 1 : 0;
  }
  if (trouble != Status::denied) {  // else the rest of the batch has not been tried yet
    report_.send_blocked += offered - std::min(used, offered);
  }
  os_error_ = outcome.os_error;
  packets_.store(next_, std::memory_order_relaxed);
  bytes_.store(report_.payload_bytes, std::memory_order_relaxed);
  batches_.store(batch(), std::memory_order_relaxed);
  return trouble;
}

void SendStats::note_taken(std::uint32_t length, const net::SendOutcome& outcome, MonoTime now) {
  pauses_.sent(now);
  if (report_.batches == 0) {
    first_ = now;
    report_.first_bytes = length;
  } else {
    gaps_.add(now - last_);
  }
  last_ = now;
  next_ += outcome.datagrams;
  report_.batches += 1;
  report_.payload_bytes += std::uint64_t{outcome.datagrams} * length;
  if (outcome.datagrams > 1 && outcome.calls == 1) {
    report_.gso_segments = std::max(report_.gso_segments, outcome.datagrams);
  }
}

/// What this host refuses for good is numbered, and lost here. False where that must end the test.
bool SendStats::note_lost(std::uint64_t bytes, const net::SendOutcome& outcome, MonoTime now) {
  if (outcome.status == Status::too_big && batch() == 0) {
    return false;  // none will ever fit: that is for the user to change
  }
  pauses_.stopped(now, static_cast<std::uint32_t>(outcome.os_error), outcome.lost);
  next_ += outcome.lost;
  report_.payload_bytes += bytes;
  report_.local_drop += outcome.lost;
  return true;
}

SendTime SendStats::sending_time(const Ending& ending) {
  const bool all_sent = ending.end == TxEnd::complete && ending.all;
  MonoTime over_at = ending.now;
  if (ending.limit != Duration{0}) {
    over_at = std::min(over_at, ending.begun + ending.limit);
  }
  if (all_sent && report_.batches > 0) {
    over_at = last_;
  }
  pauses_.finish(over_at, all_sent);
  SendTime time = pauses_.result();
  time.window_ns = (over_at - ending.begun).count();
  time.queue_full = queue_full_;
  if (ending.queue_drops && queue_drops_before_) {
    constexpr std::uint64_t kCounter = std::uint64_t{1} << 32U;  // the kernel's has 32 bits
    time.queue_drops = (*ending.queue_drops - *queue_drops_before_) % kCounter;
  }
  time.os_error = ending.end == TxEnd::failed ? static_cast<std::uint32_t>(os_error_) : 0;
  return time;
}

void SendStats::close(const Ending& ending) {
  report_.time = sending_time(ending);
  report_.end = ending.end;
  report_.packets = next_;
  if (report_.batches > 0) {
    report_.first_unix_ns = to_ns(anchor_.to_unix(first_));
    report_.last_unix_ns = to_ns(anchor_.to_unix(last_));
    report_.span_ns = (last_ - first_).count();
  }
  if (const auto p50 = gaps_.percentile(0.5)) {
    report_.gap_p50_ns = p50->count();
    report_.gap_p99_ns = gaps_.percentile(0.99).value_or(*p50).count();
    report_.gap_max_ns = gaps_.max().count();
  }
}

}  // namespace udperf::sender
