#pragma once

#include <algorithm>
#include <deque>
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
  Endpoint peer;
  bool refused = false;                         ///< ICMP has said so
  net::SendOutcome control_says;                ///< to each control message
  std::vector<std::vector<std::byte>> control;  ///< control messages that it was given

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

  /// Can be read from now on: a datagram, or several of `segment` bytes that were merged.
  void arrive(std::vector<std::byte> bytes, MonoTime at = {}, std::uint32_t segment = 0) {
    waiting_.push_back({std::move(bytes), at, segment});
  }

  net::SendOutcome send_control(std::span<const std::byte> datagram) override {
    control.emplace_back(datagram.begin(), datagram.end());
    return control_says;
  }
  net::SendOutcome send_whole(std::span<const std::byte> datagram) override {
    return send_control(datagram);
  }
  [[nodiscard]] std::optional<std::uint32_t> take_mtu_hint() override { return std::nullopt; }
  /// A read at a time.
  std::span<const net::Received> receive(net::ReceiveBuffers&) override {
    if (waiting_.empty()) {
      return {};
    }
    read_ = std::move(waiting_.front());
    waiting_.pop_front();
    const auto length = static_cast<std::uint32_t>(read_.bytes.size());
    received_.data = read_.bytes;
    received_.segment = read_.segment != 0 ? read_.segment : length;
    received_.at = read_.at;
    return {&received_, 1};
  }
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
  [[nodiscard]] Endpoint remote() const override { return peer; }
  [[nodiscard]] int fd() const override { return -1; }

 private:
  struct Waiting {
    std::vector<std::byte> bytes;
    MonoTime at;
    std::uint32_t segment = 0;
  };

  std::deque<Waiting> waiting_;
  Waiting read_;
  net::Received received_;
  std::vector<Sent> sent_;
  std::size_t calls_ = 0;
  std::uint64_t bytes_ = 0;
};

}  // namespace udperf::test
