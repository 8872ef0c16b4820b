#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "engine/control_channel.hpp"
#include "engine/read_moderation.hpp"
#include "engine/stream_settings.hpp"
#include "net/receive_buffers.hpp"
#include "wire/compact_header.hpp"
#include "wire/header.hpp"

namespace udperf::engine {

/// The socket of one stream at one end: tells what arrives apart, opens and seals control messages,
/// and keeps to the session's budget for them. Of the stream's thread; send() of any while that
/// does not run yet.
class StreamSocket final : public ControlChannel {
 public:
  using Budget = session::ControlBudget;

  /// What one turn read; `more` may be waiting.
  struct Reading {
    std::uint64_t reads = 0;
    std::uint64_t bytes = 0;
    bool more = false;
  };

  /// `settings` and `test` outlive it.
  StreamSocket(const StreamSettings& settings, std::unique_ptr<net::DatagramPort> port,
               const Clock& clock, TestState& test)
      : settings_(settings),
        sealer_(settings.sealer),
        port_(std::move(port)),
        clock_(clock),
        test_(test),
        moderation_(port_->receive_buffer_bytes()) {}

  /// Reads what has arrived, up to a turn's worth. `handler` has
  ///   std::size_t on_data(const net::Received&, std::size_t offset, MonoTime now), which takes
  ///     DATA from there on and returns where it stopped; only where the stream receives;
  ///   void on_control(const ControlMessage&, MonoTime now);
  ///   void on_stray(wire::MessageType, std::span<const std::byte>), of messages that belong to
  ///     no session;
  ///   void on_invalid(), for what is no message at all: damaged on the way, or a stranger's;
  ///   void after_reads(), each time the socket's buffers were emptied.
  template <class Handler>
  Reading read(MonoTime now, net::ReceiveBuffers& buffers, Handler& handler);

  /// How long to leave the socket alone after that; 0: wait for the next arrival.
  [[nodiscard]] Duration rest_after(const Reading& reading, MonoTime now) {
    return moderation_.after(reading.reads, reading.bytes, now);
  }

  void send(std::vector<std::byte> datagram) override {
    send(std::move(datagram), Budget::Kind::answer);
  }
  /// False where the budget forbids it.
  bool send(std::vector<std::byte> datagram, Budget::Kind kind);
  /// The same for what the budget has been asked for by afford().
  void send_paid(std::vector<std::byte> datagram);
  /// Sends an answer that must not be fragmented. Nothing where the budget forbids it.
  std::optional<net::SendOutcome::Status> send_whole(std::vector<std::byte> datagram);
  net::SendOutcome::Status send_probe(const wire::Probe& probe, std::size_t bytes) override;
  bool send_merged(const std::vector<wire::Probe>& probes, std::size_t bytes) override;
  void hand_on(std::span<const std::byte> datagram) override;

  [[nodiscard]] bool authentic(std::span<const std::byte> datagram) override {
    return sealer_.open(datagram, session::Sealer::Replay::accepted).has_value();
  }
  [[nodiscard]] std::uint64_t affordable() const override {
    return settings_.budget != nullptr ? settings_.budget->affordable() : UINT64_MAX;
  }
  [[nodiscard]] bool merges_sends() const override { return port_->gso_active(); }
  [[nodiscard]] std::uint32_t receive_buffer_bytes() const override {
    return port_->receive_buffer_bytes();
  }
  [[nodiscard]] std::optional<std::uint32_t> take_mtu_hint() override {
    return port_->take_mtu_hint();
  }
  [[nodiscard]] IpFamily family() const override { return port_->remote().address.family; }
  [[nodiscard]] MonoTime clock_now() const override { return clock_.now(); }
  [[nodiscard]] ClockAnchor clock_anchor() const override { return clock_.anchor(); }

  /// What sealing adds to a control message.
  [[nodiscard]] std::size_t trailer_bytes() const {
    return sealer_.keyed() ? wire::kTrailerBytes : 0;
  }
  /// Reserves that much of the budget; false where it does not allow that now.
  [[nodiscard]] bool afford(std::size_t bytes, Budget::Kind kind, MonoTime now) {
    return settings_.budget == nullptr || settings_.budget->take(bytes, kind, now);
  }
  /// When the budget's pace lets so many bytes go. Precondition: afford() has refused.
  [[nodiscard]] MonoTime budget_due(std::size_t bytes) const {
    return settings_.budget->due(bytes);
  }
  [[nodiscard]] net::DatagramPort& port() { return *port_; }
  [[nodiscard]] const net::DatagramPort& port() const { return *port_; }

 private:
  static constexpr int kReadsPerTurn = 32;
  static constexpr Duration kLongestRead = std::chrono::microseconds{500};  // others want theirs

  template <class Handler>
  void demultiplex(const net::Received& read, MonoTime now, Handler& handler);
  template <class Handler>
  void take_control(std::span<const std::byte> datagram, const Arrival& arrival, MonoTime now,
                    Handler& handler);
  [[nodiscard]] std::optional<ControlMessage> open(const wire::CommonHeader& header,
                                                   std::span<const std::byte> datagram,
                                                   const Arrival& arrival, MonoTime now);
  std::uint64_t account(std::span<const net::Received> reads);
  void note_refusals();

  const StreamSettings& settings_;
  session::Sealer sealer_;
  std::unique_ptr<net::DatagramPort> port_;
  const Clock& clock_;
  TestState& test_;
  ReadModeration moderation_;
};

template <class Handler>
StreamSocket::Reading StreamSocket::read(MonoTime now, net::ReceiveBuffers& buffers,
                                         Handler& handler) {
  Reading reading;
  for (int i = 0; i < kReadsPerTurn; ++i) {
    const auto reads = port_->receive(buffers);
    if (reads.empty()) {
      note_refusals();
      return reading;
    }
    reading.bytes += account(reads);
    reading.reads += reads.size();
    for (const net::Received& received : reads) {
      demultiplex(received, now, handler);
    }
    handler.after_reads();
    if (clock_.now() - now > kLongestRead) {
      break;
    }
  }
  reading.more = true;
  return reading;
}

template <class Handler>
void StreamSocket::demultiplex(const net::Received& read, MonoTime now, Handler& handler) {
  const bool receives = settings_.receives();
  std::size_t offset = 0;
  while (offset < read.data.size()) {
    const auto rest = read.data.subspan(offset);
    const auto datagram = rest.first(std::min<std::size_t>(rest.size(), read.segment));
    if (receives && wire::is_data(datagram, settings_.params.header)) {
      offset = handler.on_data(read, offset, now);
    } else {
      take_control(datagram, Arrival{read.at, read.kernel_stamp}, now, handler);
      offset += datagram.size();
    }
  }
}

template <class Handler>
void StreamSocket::take_control(std::span<const std::byte> datagram, const Arrival& arrival,
                                MonoTime now, Handler& handler) {
  using wire::MessageType;
  const auto header = wire::decode_common(datagram);
  if (!header || header->version != wire::kVersion) {
    handler.on_invalid();
    return;
  }
  if (header->type == MessageType::hello || header->type == MessageType::request ||
      header->type == MessageType::join) {
    handler.on_stray(header->type, datagram);
  } else if (const auto message = open(*header, datagram, arrival, now)) {
    handler.on_control(*message, now);
  }
}

}  // namespace udperf::engine
