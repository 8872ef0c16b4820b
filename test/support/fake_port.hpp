#pragma once

#include <algorithm>
#include <functional>
#include <vector>

#include "net/datagram_port.hpp"

namespace udperf::test {

/// A port that keeps what it is given, and says to each batch what the test wants it to say.
class FakePort : public net::DatagramPort {
 public:
  using Status = net::SendOutcome::Status;
  struct Sent {
    std::vector<std::byte> bytes;
    std::size_t call = 0;  ///< the send() that it came with, from 0
  };

  /// What becomes of a batch of so many datagrams; unset: all are taken.
  std::function<net::SendOutcome(std::uint32_t offered)> says;
  std::uint32_t limit = 8;  ///< datagrams of a batch
  bool paces = false;
  bool refused = false;  ///< ICMP has said so

  [[nodiscard]] const std::vector<Sent>& sent() const { return sent_; }
  [[nodiscard]] std::size_t calls() const { return calls_; }
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

  net::SendOutcome send(std::span<const std::byte> data, std::uint32_t segment) override {
    const auto offered = static_cast<std::uint32_t>((data.size() + segment - 1) / segment);
    net::SendOutcome outcome;
    outcome.datagrams = offered;
    if (says) {
      outcome = says(offered);
    }
    for (std::uint32_t i = 0; i < outcome.datagrams; ++i) {
      const auto rest = data.subspan(std::size_t{i} * segment);
      const auto one = rest.first(std::min<std::size_t>(rest.size(), segment));
      sent_.push_back({{one.begin(), one.end()}, calls_});
      bytes_ += one.size();
    }
    ++calls_;
    return outcome;
  }

  net::SendOutcome send_control(std::span<const std::byte>) override { return {}; }
  net::SendOutcome send_whole(std::span<const std::byte>) override { return {}; }
  [[nodiscard]] std::optional<std::uint32_t> take_mtu_hint() override { return std::nullopt; }
  std::span<const net::Received> receive(net::ReceiveBuffers&) override { return {}; }
  [[nodiscard]] std::optional<net::ReceiveQueue> receive_queue() override { return std::nullopt; }
  [[nodiscard]] std::uint64_t checksum_errors() const override { return 0; }
  [[nodiscard]] net::PathSigns path_signs() const override { return {}; }
  void ignore_ttl() override {}
  [[nodiscard]] bool take_refused() override { return std::exchange(refused, false); }
  bool pace_in_kernel(std::uint64_t) override { return paces; }
  [[nodiscard]] std::uint32_t batch_limit(std::uint32_t) const override { return limit; }
  [[nodiscard]] std::uint32_t receive_buffer_bytes() const override { return 0; }
  [[nodiscard]] std::uint32_t send_buffer_bytes() const override { return 4096; }
  [[nodiscard]] bool gso_active() const override { return limit > 1; }
  void disable_gso() override { limit = 1; }
  [[nodiscard]] bool gro_active() const override { return false; }
  [[nodiscard]] Endpoint local() const override { return {}; }
  [[nodiscard]] Endpoint remote() const override { return {}; }
  [[nodiscard]] int fd() const override { return -1; }

 private:
  std::vector<Sent> sent_;
  std::size_t calls_ = 0;
  std::uint64_t bytes_ = 0;
};

}  // namespace udperf::test
