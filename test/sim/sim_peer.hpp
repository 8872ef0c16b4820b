#pragma once

#include <functional>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "sim/sim_world.hpp"

namespace udperf::test {

/// A client that got its session in the usual way and then does what the test says.
class SimPeer {
 public:
  SimPeer(SimWorld& world, const Endpoint& local, const TestParams& params,
          std::optional<crypto::Key> key = std::nullopt)
      : world_(world), random_(world.network.random().next_u64()), params_(params) {
    session::ClientHandshake::Settings settings;
    settings.params = params;
    settings.key = key;
    pending_.emplace(
        engine::Pending{world.network.connect(local, world.network.server),
                        session::ClientHandshake{settings, random_, world.clock.now()}});
    for (int ms = 0; ms < 5000 && !pending_->handshake.done() && !pending_->handshake.failed();
         ++ms) {
      engine::step_handshake(*pending_, buffers_, world.clock.now());
      world.run(std::chrono::milliseconds{1}, [] { return false; });
    }
  }

  [[nodiscard]] bool granted() const { return pending_->handshake.done(); }
  [[nodiscard]] std::optional<std::uint32_t> retry_after_ms() const {
    return pending_->handshake.retry_after_ms();
  }
  [[nodiscard]] std::uint64_t session() const { return pending_->handshake.session(); }

  /// Brings another stream to the session from the port of the first; whether that was taken.
  bool joins_from_own_port(std::uint8_t stream) {
    session::ClientHandshake::Settings settings;
    settings.params = params_;
    settings.joining.emplace();
    settings.joining->session = session();
    settings.joining->stream = stream;
    settings.joining->server_nonce = pending_->handshake.accept().server_nonce;
    auto first = std::exchange(pending_->handshake,
                               session::ClientHandshake{settings, random_, world_.clock.now()});
    for (int ms = 0; ms < 1000 && !pending_->handshake.done(); ++ms) {
      engine::step_handshake(*pending_, buffers_, world_.clock.now());
      world_.run(std::chrono::milliseconds{1}, [] { return false; });
    }
    heard_join = pending_->handshake.heard();
    return std::exchange(pending_->handshake, std::move(first)).done();
  }

  template <typename Message>
  void say(wire::MessageType type, const Message& message) {
    send(wire::encode(type, session(), 0, message));
  }
  void send(const std::vector<std::byte>& bytes) {
    pending_->port->send_control(bytes);
    bytes_out += bytes.size();
  }
  void go() { go(params_.payload_bytes); }
  void go(std::uint32_t size) {
    say(wire::MessageType::go, wire::Go{pending_->handshake.accept().server_nonce, size});
  }
  void data(std::uint64_t sequence) { data(sequence, params_.payload_bytes); }
  void data(std::uint64_t sequence, std::uint32_t length) {
    std::vector<std::byte> bytes(length);
    wire::DataHeader header;
    header.session = session();
    header.sequence = sequence;
    wire::encode(header, std::span{bytes}.first<kDataHeaderBytes>());
    send(bytes);
  }
  /// Reads; answers probes where it is to.
  void read(bool answer_probes) {
    for (auto reads = pending_->port->receive(buffers_); !reads.empty();
         reads = pending_->port->receive(buffers_)) {
      for (const net::Received& one : reads) {
        take(one, answer_probes);
      }
    }
  }
  /// Goes on for so long, doing `each` every 20 ms.
  void live(Duration time, bool answer_probes, const std::function<void()>& each) {
    constexpr Duration kStep = std::chrono::milliseconds{20};
    for (Duration past{0}; past < time; past += kStep) {
      each();
      world_.run(kStep, [] { return false; });
      read(answer_probes);
    }
  }

  bool heard_join = false;  ///< its HELLO was answered
  bool going = false;       ///< its GO was
  std::uint64_t bytes_out = 0;
  std::uint64_t bytes_in = 0;  ///< without DATA
  std::uint64_t data_in = 0;   ///< datagrams
  std::uint64_t feedbacks = 0;
  MonoTime last_feedback{};

 private:
  void take(const net::Received& one, bool answer_probes) {
    const auto header = wire::decode_common(one.data);
    if (!header) {
      return;
    }
    if (header->type == wire::MessageType::data) {
      data_in += (one.data.size() + one.segment - 1) / one.segment;
      return;
    }
    bytes_in += one.data.size();
    going = going || header->type == wire::MessageType::go_ack;
    if (header->type == wire::MessageType::feedback) {
      ++feedbacks;
      last_feedback = one.at;
    }
    const auto probe = wire::decode<wire::Probe>(one.data);
    if (header->type == wire::MessageType::probe && probe && answer_probes) {
      wire::ProbeReply reply;
      reply.id = probe->id;
      say(wire::MessageType::probe_reply, reply);
    }
  }

  SimWorld& world_;
  SeededRandom random_;
  TestParams params_;
  net::ReceiveBuffers buffers_;
  std::optional<engine::Pending> pending_;
};

}  // namespace udperf::test
