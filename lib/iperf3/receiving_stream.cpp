#include "iperf3/receiving_stream.hpp"

#include <algorithm>

#include "sender/host_load.hpp"

namespace udperf::iperf3 {
namespace {

using engine::Wake;

// Batches of reads before the caller's other tasks get their turn.
constexpr int kReadsPerStep = 16;

}  // namespace

ReceivingStream::ReceivingStream(const StreamAccount::Settings& settings, net::DatagramPort& port,
                                 const Clock& clock)
    : port_(port),
      clock_(clock),
      account_(settings),
      moderation_(port.receive_buffer_bytes()),
      told_(settings.told),
      omitting_(settings.omits) {}

Wake ReceivingStream::step(MonoTime now, net::ReceiveBuffers& buffers) {
  if (over()) {
    return Wake{};
  }
  if (!started_) {
    started_ = true;
    begun_ = now;
    cpu_at_start_ = clock_.thread_cpu_time();
  }
  const bool stopping = stop_.load(std::memory_order_relaxed);
  const Reading reading = read(buffers);
  if (!reading.more) {
    end_omitted_by(to_ns(now));  // all that came before has been read
  }
  publish();
  if (stopping && !reading.more) {
    const auto cpu = clock_.thread_cpu_time();
    const Duration wall = clock_.now() - begun_;
    if (cpu && cpu_at_start_ && wall > Duration{0}) {
      cpu_permille_ = sender::permille_of(*cpu - *cpu_at_start_, wall);
    }
    over_.store(true, std::memory_order_release);
    return Wake{};
  }
  return next_wake(reading, now);
}

Wake ReceivingStream::next_wake(const Reading& reading, MonoTime now) {
  const Duration rest = moderation_.after(reading.reads, reading.bytes, now);
  if (reading.more) {
    return Wake{sender::kAtOnce, false, false};
  }
  Wake wake = rest > Duration{0} ? Wake{now + rest, false, false, true} : Wake{};
  if (omitting_) {
    wake.at = std::min(wake.at, mono_from_ns(omit_until_ns_.load(std::memory_order_relaxed)));
  }
  return wake;
}

void ReceivingStream::end_omitted_by(std::int64_t at_ns) {
  if (omitting_ && at_ns >= omit_until_ns_.load(std::memory_order_relaxed)) {
    omitting_ = false;
    account_.end_omitted();
  }
}

ReceivingStream::Reading ReceivingStream::read(net::ReceiveBuffers& buffers) {
  Reading out{0, 0, true};
  for (int i = 0; i < kReadsPerStep && out.more; ++i) {
    const auto reads = port_.receive(buffers);
    out.more = !reads.empty();
    out.reads += reads.size();
    for (const net::Received& each : reads) {
      end_omitted_by(to_ns(each.at));
      account_.on_read(each);
      out.bytes += each.data.size();
    }
  }
  return out;
}

void ReceivingStream::publish() {
  const auto totals = account_.totals();
  {
    const std::lock_guard lock{mutex_};
    shown_ = totals;
    arrival_ = account_.last_arrival();
  }
  // Whoever expects it after this looks at what is shown, which has it.
  const std::uint64_t expected = expected_.load(std::memory_order_relaxed);
  if (expected != UINT64_MAX && totals.all_received(expected)) {
    expected_.store(UINT64_MAX, std::memory_order_relaxed);
    tell();
  }
}

void ReceivingStream::tell() noexcept {
  if (told_ != nullptr) {
    told_->raise();
  }
}

void ReceivingStream::abandon() noexcept {
  abandoned_.store(true, std::memory_order_relaxed);
  over_.store(true, std::memory_order_release);
  tell();
}

StreamAccount::Totals ReceivingStream::totals() const {
  const std::lock_guard lock{mutex_};
  StreamAccount::Totals out = shown_;
  out.exact = out.exact && !abandoned_.load(std::memory_order_relaxed);
  return out;
}

std::optional<MonoTime> ReceivingStream::last_arrival() const {
  const std::lock_guard lock{mutex_};
  return arrival_;
}

StreamAccount::Closed ReceivingStream::close(std::optional<std::uint64_t> sent,
                                             const ClockAnchor& clock) {
  const auto queue = port_.receive_queue();
  auto closed = account_.close(sent, clock, queue ? std::optional{queue->drops} : std::nullopt);
  closed.report.cpu_permille = cpu_permille_;
  closed.report.rcvbuf_bytes = port_.receive_buffer_bytes();
  const net::PathSigns signs = port_.path_signs();
  closed.report.ttl = signs.ttl;
  closed.report.fragment_bytes = signs.fragment_bytes;
  closed.report.checksum_errors = port_.checksum_errors();
  return closed;
}

}  // namespace udperf::iperf3
