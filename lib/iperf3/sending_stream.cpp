#include "iperf3/sending_stream.hpp"

#include <memory>
#include <new>

#include "iperf3/datagram_format.hpp"
#include "pacing/packet_period.hpp"
#include "sender/batch_room.hpp"

namespace udperf::iperf3 {
namespace {

/// Each stream is a test of its own to its Sender: amounts and rates are shared out before.
sender::Sender::Settings sender_settings(const SendingStream::Settings& settings) {
  sender::Sender::Settings out;
  out.kernel_pacing = false;  // a socket's pacing rate is --fq-rate's
  out.batches = settings.batches;
  TestParams& params = out.params;
  params.streams = 1;
  params.payload_bytes = settings.length;
  params.rate_up = SendRate{};
  params.rate_up.flood = settings.flood;
  params.omit = settings.omit;
  params.amount = Amount{};
  params.amount.packets = settings.packets;
  params.amount.duration =
      settings.duration > Duration{0} ? settings.duration - settings.omit : Duration{0};
  if (settings.rate_bps != 0) {
    params.rate_up = SendRate{SendRate::Kind::bits, settings.rate_bps};
    const auto period = pacing::PacketPeriod::of(params.rate_up, settings.length, 1);
    params.burst = period.times(settings.burst);
  }
  return out;
}

std::unique_ptr<const sender::DatagramFormat> format_of(const SendingStream::Settings& settings) {
  return std::make_unique<DataFormat>(
      DataFormat::Settings{settings.counters, settings.payload, settings.digits, settings.seed});
}

}  // namespace

SendingStream::SendingStream(const Settings& settings, net::DatagramPort& port, const Clock& clock)
    : sender_(sender_settings(settings), format_of(settings), port, clock),
      told_(settings.told),
      urgency_(settings.rate_bps != 0 ? engine::Urgency::deadline : engine::Urgency::bulk) {
  if (settings.nothing) {
    sender_.abandon(TxEnd::complete);
    end();
  }
}

std::uint64_t SendingStream::batch_bytes(const Settings& settings) {
  return sender::most_batch_bytes(sender_settings(settings).params, Way::up);
}

void SendingStream::end() noexcept {
  over_.store(true, std::memory_order_release);
  if (told_ != nullptr) {
    told_->raise();
  }
}

engine::Wake SendingStream::step(MonoTime now, net::ReceiveBuffers& /*buffers*/) {
  if (over()) {
    return engine::Wake{};
  }
  const std::uint64_t before = sender_.packets();
  const engine::Wake wake = sender_.step(now);
  if (!sender_.finished()) {
    return wake;
  }
  if (before != 0 && sender_.packets() == 0) {
    omitted_alone_.store(before, std::memory_order_relaxed);
  }
  failed_.store(sender_.report().end == TxEnd::failed, std::memory_order_relaxed);
  end();
  return engine::Wake{};
}

void SendingStream::abandon() noexcept {
  try {
    sender_.abandon(TxEnd::failed);
  } catch (const std::bad_alloc&) {  // then its report says less
  }
  failed_.store(true, std::memory_order_relaxed);
  end();
}

TxReport SendingStream::report() const {
  TxReport report = sender_.report();
  report.omitted.reset();  // the peer does not tell what became of them
  return report;
}

}  // namespace udperf::iperf3
