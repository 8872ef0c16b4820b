#include "iperf3/sending_stream.hpp"

#include <algorithm>

namespace udperf::iperf3 {
namespace {

using engine::Wake;
using Status = net::SendOutcome::Status;

// At or below this rate a wake-up a little late does not matter, and spinning would cost a core.
constexpr Duration kSleepOnlyPeriod = std::chrono::milliseconds{1};
// Batches before the caller gets its turn, when nothing limits the rate.
constexpr int kBatchesPerStep = 8;
constexpr Duration kRetry = std::chrono::milliseconds{1};
constexpr Duration kPause = std::chrono::milliseconds{20};

/// SplitMix64: incompressible, and the same for a seed everywhere.
std::uint64_t next_word(std::uint64_t& state) {
  state += 0x9E3779B97F4A7C15U;
  std::uint64_t z = state;
  z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9U;
  z = (z ^ (z >> 27U)) * 0x94D049BB133111EBU;
  return z ^ (z >> 31U);
}

void fill_payload(std::vector<std::byte>& bytes, const SendingStream::Settings& settings) {
  std::uint64_t state = settings.seed;
  std::uint64_t word = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (settings.digits) {
      bytes[i] = static_cast<std::byte>('0' + i % settings.length % 10);
    } else if (settings.payload == PayloadKind::alphabet) {
      bytes[i] = static_cast<std::byte>('a' + i % settings.length % 26);
    } else if (settings.payload == PayloadKind::random) {
      word = i % sizeof word == 0 ? next_word(state) : word >> 8U;
      bytes[i] = static_cast<std::byte>(word);
    }
  }
}

}  // namespace

SendingStream::SendingStream(const Settings& settings, net::DatagramPort& port, const Clock& clock)
    : settings_(settings),
      port_(port),
      clock_(clock),
      capacity_(std::max<std::uint32_t>(port.batch_limit(settings.length), 1)),
      bytes_(std::size_t{capacity_} * settings.length),
      omitting_(settings.omit > Duration{0}) {
  fill_payload(bytes_, settings_);
}

std::uint32_t SendingStream::batch_now() const {
  return std::clamp<std::uint32_t>(port_.batch_limit(settings_.length), 1, capacity_);
}

void SendingStream::begin(MonoTime now) {
  started_ = true;
  begun_ = now;
  anchor_ = clock_.anchor();
  cpu_at_start_ = clock_.thread_cpu_time();
  if (settings_.rate_bps == 0) {
    return;
  }
  const SendRate rate{SendRate::Kind::bits, settings_.rate_bps};
  const auto period = pacing::PacketPeriod::of(rate, settings_.length, 1);
  pacing::Schedule::Bursts bursts{batch_now(), std::nullopt};
  if (settings_.burst != 0) {
    bursts.fixed = period.times(settings_.burst);
  }
  schedule_.emplace(now, period, bursts);
  report_.pacer = period.times(1) >= kSleepOnlyPeriod ? PacerKind::sleep : PacerKind::sleep_spin;
  report_.target_milli_pps = static_cast<std::uint64_t>(Uint128{period.denominator} *
                                                        1'000'000'000'000U / period.numerator);
}

/// What leaves in the omitted time is no part of an amount.
bool SendingStream::limited() const {
  return settings_.packets != 0 && !omitting_.load(std::memory_order_relaxed);
}

bool SendingStream::done(MonoTime now) const {
  const bool all = limited() && counted_packets() >= settings_.packets;
  return all || (settings_.duration > Duration{0} && now - begun_ >= settings_.duration);
}

void SendingStream::pass_omitted(MonoTime now) {
  if (!omitting_.load(std::memory_order_relaxed) || now - begun_ < settings_.omit) {
    return;
  }
  const PacerKind pacer = report_.pacer;
  const std::uint64_t target = report_.target_milli_pps;
  report_ = TxReport{};
  report_.pacer = pacer;
  report_.target_milli_pps = target;
  gaps_.clear();
  omitted_.store(packets(), std::memory_order_relaxed);
  omitting_.store(false, std::memory_order_release);
}

Wake SendingStream::step(MonoTime now, net::ReceiveBuffers& buffers) {
  static_cast<void>(buffers);
  if (over()) {
    return Wake{};
  }
  if (!started_) {
    begin(now);
  }
  if (const int stop = stop_.load(std::memory_order_relaxed); stop >= 0) {
    finish(static_cast<TxEnd>(stop));
    return Wake{};
  }
  pass_omitted(now);
  if (done(now)) {
    send_rest(now);
    finish(TxEnd::complete);
    return Wake{};
  }
  if (paused_.load(std::memory_order_relaxed)) {
    return Wake{now + kPause, false, false};
  }
  return schedule_ ? paced(now) : flat_out(now);
}

Wake SendingStream::flat_out(MonoTime now) {
  for (int i = 0; i < kBatchesPerStep && !done(now); ++i) {
    if (i > 0) {
      now = clock_.now();
    }
    if (!send_batch(batch_now(), now)) {
      return after_refusal(now);
    }
  }
  return Wake{sender::kAtOnce, false, false};
}

Wake SendingStream::paced(MonoTime now) {
  const std::uint64_t due = schedule_->take_due(now);
  if (due > 0) {
    const std::uint64_t before = packets();
    const bool all = send_batch(due, now);
    const std::uint64_t sent = packets() - before;
    if (!all && sent < due) {
      schedule_->give_back(due - sent);
      return after_refusal(now);
    }
  }
  report_.pacing_skipped = schedule_->skipped();
  MonoTime next = schedule_->next_deadline();
  if (settings_.duration > Duration{0}) {
    next = std::min(next, begun_ + settings_.duration);
  }
  return Wake{next, false, report_.pacer == PacerKind::sleep_spin};
}

/// What was due before the time was over, and may still leave.
void SendingStream::send_rest(MonoTime now) {
  if (schedule_ && settings_.duration > Duration{0}) {
    const std::uint64_t due = schedule_->take_last(begun_ + settings_.duration, now);
    const std::uint64_t before = packets();
    send_batch(due, now);
    report_.pacing_skipped = schedule_->skipped() + due - std::min(due, packets() - before);
  }
}

bool SendingStream::send_batch(std::uint64_t count, MonoTime now) {
  std::uint64_t left = count;
  if (limited()) {
    left = std::min(left, settings_.packets - counted_packets());
  }
  while (left > 0) {
    const auto n = static_cast<std::uint32_t>(std::min<std::uint64_t>(left, batch_now()));
    std::byte* at = bytes_.data();
    const std::uint64_t first = packets() + 1;
    for (std::uint32_t i = 0; i < n; ++i, at += settings_.length) {
      encode(at, settings_.counters, first + i, to_ns(now));
    }
    const auto data = std::span{bytes_}.first(std::size_t{n} * settings_.length);
    const auto outcome = port_.send(data, settings_.length);
    account(n, outcome, now);
    if (outcome.status != Status::taken) {
      return false;
    }
    left -= n;
  }
  return true;
}

void SendingStream::account(std::uint32_t offered, const net::SendOutcome& outcome, MonoTime now) {
  trouble_ = outcome.status;
  report_.send_blocked += offered - outcome.datagrams;
  if (outcome.datagrams == 0) {
    os_error_ = outcome.os_error;
    return;
  }
  if (report_.packets == 0) {
    first_ = now;
    report_.first_bytes = settings_.length;
  } else {
    gaps_.add(now - last_);
  }
  last_ = now;
  report_.packets += outcome.datagrams;
  report_.batches += 1;
  report_.payload_bytes += std::uint64_t{outcome.datagrams} * settings_.length;
  if (outcome.datagrams > 1 && outcome.calls == 1) {
    report_.gso_segments = std::max(report_.gso_segments, outcome.datagrams);
  }
  packets_.store(packets() + outcome.datagrams, std::memory_order_relaxed);
}

Wake SendingStream::after_refusal(MonoTime now) {
  if (trouble_ == Status::too_big || trouble_ == Status::failed) {
    failed_.store(true, std::memory_order_relaxed);
    finish(TxEnd::failed);
    return Wake{};
  }
  return Wake{now + kRetry, trouble_ == Status::blocked, false};
}

void SendingStream::abandon() noexcept {
  report_.end = TxEnd::failed;
  failed_.store(true, std::memory_order_relaxed);
  over_.store(true, std::memory_order_release);
}

void SendingStream::stop(TxEnd why) {
  int none = -1;
  stop_.compare_exchange_strong(none, static_cast<int>(why));
}

void SendingStream::finish(TxEnd end) {
  report_.end = end;
  report_.sndbuf_bytes = port_.send_buffer_bytes();
  if (report_.packets > 0) {
    report_.first_unix_ns = to_ns(anchor_.to_unix(first_));
    report_.last_unix_ns = to_ns(anchor_.to_unix(last_));
    report_.span_ns = (last_ - first_).count();
  }
  if (const auto p50 = gaps_.percentile(0.5)) {
    report_.gap_p50_ns = p50->count();
    report_.gap_p99_ns = gaps_.percentile(0.99).value_or(*p50).count();
    report_.gap_max_ns = gaps_.max().count();
  }
  const auto cpu = clock_.thread_cpu_time();
  const Duration wall = clock_.now() - begun_;
  if (cpu && cpu_at_start_ && wall > Duration{0}) {
    report_.cpu_permille = static_cast<std::uint32_t>(
        std::min<std::int64_t>((*cpu - *cpu_at_start_) * 1000 / wall, 1000));
  }
  over_.store(true, std::memory_order_release);
}

}  // namespace udperf::iperf3
