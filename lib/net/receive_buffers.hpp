#pragma once

#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cstddef>
#include <vector>

#include "net/datagram_port.hpp"

namespace udperf::net {

/// Where receive() puts what it reads. One for each thread that reads, not for each socket: it
/// stays in the cache and does not grow with the number of sessions. A thread that never reads has
/// none of the memory.
class ReceiveBuffers {
 public:
  static constexpr std::size_t kSlotBytes = 65536;  // a merged buffer is never larger
  static constexpr std::size_t kMany = 32;          // datagrams for one recvmmsg

  /// Points the headers of the first `slots` messages at their buffers again: the kernel overwrites
  /// lengths and flags at every read.
  void prepare(std::size_t slots);

  [[nodiscard]] std::span<const std::byte> slot(std::size_t i, std::size_t length) const {
    return std::span{bytes_}.subspan(i * kSlotBytes, length);
  }
  [[nodiscard]] mmsghdr& message(std::size_t i) { return messages_[i]; }
  [[nodiscard]] mmsghdr* messages() { return messages_.data(); }
  [[nodiscard]] Received& received(std::size_t i) { return received_[i]; }
  [[nodiscard]] std::span<const Received> first(std::size_t n) const {
    return std::span{received_}.first(n);
  }

 private:
  static constexpr std::size_t kControlBytes = 256;

  std::vector<std::byte> bytes_;
  std::array<iovec, kMany> vectors_{};
  std::array<mmsghdr, kMany> messages_{};
  alignas(cmsghdr) std::array<std::array<std::byte, kControlBytes>, kMany> control_{};
  std::array<Received, kMany> received_{};
};

}  // namespace udperf::net
