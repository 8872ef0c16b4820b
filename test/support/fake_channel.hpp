#pragma once

#include <optional>
#include <vector>

#include "engine/control_channel.hpp"

namespace udperf::test {

/// A ControlChannel that keeps what it is given to send.
class FakeChannel final : public engine::ControlChannel {
 public:
  void send(std::vector<std::byte> datagram) override { sent.push_back(std::move(datagram)); }
  net::SendOutcome::Status send_probe(const wire::Probe& probe, std::size_t bytes) override {
    whole.push_back(probe);
    return bytes > most_bytes ? net::SendOutcome::Status::too_big : net::SendOutcome::Status::taken;
  }
  bool send_merged(const std::vector<wire::Probe>& probes, std::size_t /*bytes*/) override {
    merged.insert(merged.end(), probes.begin(), probes.end());
    return true;
  }
  void hand_on(std::span<const std::byte> datagram) override {
    handed_on.emplace_back(datagram.begin(), datagram.end());
  }
  [[nodiscard]] bool authentic(std::span<const std::byte>) override { return true; }
  [[nodiscard]] std::uint64_t affordable() const override { return UINT64_MAX; }
  [[nodiscard]] bool merges_sends() const override { return merges; }
  [[nodiscard]] std::uint32_t receive_buffer_bytes() const override { return 1U << 20U; }
  [[nodiscard]] std::optional<std::uint32_t> take_mtu_hint() override { return std::nullopt; }
  [[nodiscard]] IpFamily family() const override { return IpFamily::v4; }
  [[nodiscard]] MonoTime clock_now() const override { return now; }
  [[nodiscard]] ClockAnchor clock_anchor() const override { return {now, UnixTime{}}; }

  /// The PROBEs among what was sent since last asked.
  std::vector<wire::Probe> take_probes() {
    std::vector<wire::Probe> probes;
    for (const auto& datagram : sent) {
      const auto header = wire::decode_common(datagram);
      if (header && header->type == wire::MessageType::probe) {
        probes.push_back(wire::decode<wire::Probe>(datagram).value());
      }
    }
    sent.clear();
    return probes;
  }

  MonoTime now = MonoTime{} + std::chrono::hours{1};
  bool merges = false;
  std::size_t most_bytes = SIZE_MAX;  ///< that this host lets out whole
  std::vector<std::vector<std::byte>> sent;
  std::vector<wire::Probe> whole;
  std::vector<wire::Probe> merged;
  std::vector<std::vector<std::byte>> handed_on;
};

/// What a server whose clock is the client's answers a microsecond later.
inline wire::ProbeReply reply_to(const wire::Probe& probe, std::size_t bytes = 0) {
  wire::ProbeReply reply;
  reply.id = probe.id;
  reply.t1_ns = probe.t1_ns;
  reply.t2_ns = reply.t3_ns = probe.t1_ns + 1000;
  reply.received_bytes = static_cast<std::uint32_t>(bytes);
  return reply;
}

}  // namespace udperf::test
