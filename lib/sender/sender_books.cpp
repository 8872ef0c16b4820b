// What a sender notes of each batch, and makes of it in the end.

#include <algorithm>
#include <cerrno>

#include "sender/host_load.hpp"
#include "sender/sender.hpp"

namespace udperf::sender {
namespace {

using Status = net::SendOutcome::Status;

/// A test that begins later than this after its warm-up was held up, and has its time all the same.
constexpr Duration kLateStart = std::chrono::milliseconds{5};

}  // namespace

/// What was sent so far is left out: numbers and figures begin anew.
void Sender::end_warm_up(MonoTime now) {
  warm_up_.reset();
  report_.omitted = OmittedTx{next_, report_.payload_bytes, report_.local_drop, report_.batches};
  batches_before_ = report_.batches;
  report_.payload_bytes = 0;
  report_.send_blocked = 0;
  report_.local_drop = 0;
  report_.pacing_skipped = 0;
  report_.batches = 0;
  skipped_before_ = schedule_ ? schedule_->skipped() : 0;
  held_before_ = gate_ ? gate_->held() : Duration{0};
  gaps_ = LogHistogram{};
  lateness_ = LogHistogram{};
  pauses_ = PauseLog{};
  pauses_.begin(now);
  queue_full_ = 0;
  queue_drops_before_ = port_.queue_drops();
  cpu_at_start_ = cpu_at_start_ ? clock_.thread_cpu_time() : std::nullopt;
  held_up_at_start_ = clock_.held_up();
  // Late by a wake-up, the test ends as late: it lasts as long as was asked for.
  begun_ = std::max(begun_ + settings_.params.omit, now - kLateStart);
  for (BatchBuffer& buffer : buffers_) {
    buffer.end_warm_up();
  }
  omitted_packets_.store(next_, std::memory_order_release);
  next_ = 0;
}

void Sender::account(std::uint64_t offered, std::uint32_t length, const net::SendOutcome& outcome,
                     MonoTime now) {
  trouble_ = outcome.status;
  std::uint64_t used = outcome.datagrams;
  if (outcome.datagrams > 0) {
    account_taken(length, outcome, now);
    stuck_since_.reset();
  } else if (!stuck_since_) {
    stuck_since_ = now;
  }
  if (outcome.lost > 0 && account_lost(std::uint64_t{outcome.lost} * length, outcome, now)) {
    used += outcome.lost;
  } else if (outcome.status == Status::blocked || outcome.status == Status::refused) {
    pauses_.stopped(now, static_cast<std::uint32_t>(outcome.os_error), 0);
    queue_full_ += outcome.os_error == ENOBUFS ? 1 : 0;
  }
  if (trouble_ != Status::denied) {  // else the rest of the batch has not been tried yet
    report_.send_blocked += offered - std::min(used, offered);
  }
  os_error_ = outcome.os_error;
  packets_.store(next_, std::memory_order_relaxed);
  bytes_.store(report_.payload_bytes, std::memory_order_relaxed);
  batches_.store(batches_before_ + report_.batches, std::memory_order_relaxed);
}

void Sender::account_taken(std::uint32_t length, const net::SendOutcome& outcome, MonoTime now) {
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

bool Sender::account_lost(std::uint64_t bytes, const net::SendOutcome& outcome, MonoTime now) {
  if (outcome.status == Status::too_big && batches_before_ + report_.batches == 0) {
    return false;  // none will ever fit: that is for the user to change
  }
  trouble_ = Status::denied;
  pauses_.stopped(now, static_cast<std::uint32_t>(outcome.os_error), outcome.lost);
  next_ += outcome.lost;
  report_.payload_bytes += bytes;
  report_.local_drop += outcome.lost;
  return true;
}

SendTime Sender::sending_time(TxEnd end, MonoTime now) {
  const Duration limit = settings_.params.amount.duration;
  const bool all_sent = end == TxEnd::complete && next_ >= plan_.packets();
  MonoTime over_at = limit != Duration{0} ? std::min(now, begun_ + limit) : now;
  if (all_sent && report_.batches > 0) {
    over_at = last_;
  }
  pauses_.finish(over_at, all_sent);
  SendTime time = pauses_.result();
  time.window_ns = (over_at - begun_).count();
  time.queue_full = queue_full_;
  const auto drops = port_.queue_drops();
  if (drops && queue_drops_before_) {
    constexpr std::uint64_t kCounter = std::uint64_t{1} << 32U;  // the kernel's has 32 bits
    time.queue_drops = (*drops - *queue_drops_before_) % kCounter;
  }
  time.os_error = end == TxEnd::failed ? static_cast<std::uint32_t>(os_error_) : 0;
  return time;
}

void Sender::abandon(TxEnd why) {
  if (!finished()) {
    begun_ = started_ ? begun_ : clock_.now();
    cpu_at_start_.reset();  // of a thread that is gone
    finish(why);
  }
}

void Sender::finish(TxEnd end) {
  if (warm_up_) {
    end_warm_up(clock_.now());  // nothing of it belongs to the figures
    begun_ = std::min(begun_, clock_.now());  // and the test had no time at all, rather than less
  }
  report_.time = sending_time(end, clock_.now());
  report_.end = end;
  report_.packets = next_;
  report_.sndbuf_bytes = port_.send_buffer_bytes();
  if (report_.batches > 0) {
    report_.first_unix_ns = to_ns(anchor_.to_unix(first_));
    report_.last_unix_ns = to_ns(anchor_.to_unix(last_));
    report_.span_ns = (last_ - first_).count();
  }
  report_pacing();
  if (const auto p50 = gaps_.percentile(0.5)) {
    report_.gap_p50_ns = p50->count();
    report_.gap_p99_ns = gaps_.percentile(0.99).value_or(*p50).count();
    report_.gap_max_ns = gaps_.max().count();
  }
  note_processor_time();
  finished_.store(true, std::memory_order_release);
}

void Sender::note_processor_time() {
  const auto cpu = clock_.thread_cpu_time();
  const Duration wall = clock_.now() - begun_;
  if (cpu && cpu_at_start_ && wall > Duration{0}) {
    report_.cpu_permille = static_cast<std::uint32_t>(
        std::min<std::int64_t>((*cpu - *cpu_at_start_) * 1000 / wall, 1000));
  }
  if (gate_ && wall > Duration{0}) {
    report_.held_permille = static_cast<std::uint16_t>(
        std::clamp<std::int64_t>((gate_->held() - held_before_) * 1000 / wall, 0, 1000));
  }
  report_.load = load_between(held_up_at_start_, clock_.held_up(), wall);
}

}  // namespace udperf::sender
