#pragma once

#include <algorithm>
#include <cstdint>

#include "net/datagram_port.hpp"

namespace udperf::iperf3 {

/// A socket's buffer of `usable` bytes as the kernel tells it: twice that, for its own overhead.
/// iperf3 compares this one with what was asked for, and prints it.
[[nodiscard]] constexpr std::uint32_t told_by_kernel(std::uint32_t usable) {
  return usable > UINT32_MAX / 2 ? UINT32_MAX : 2 * usable;
}

/// Whether a port's buffers are of `window` bytes (-w) by iperf3's measure.
[[nodiscard]] inline bool buffers_fit(const net::DatagramPort& port, std::uint32_t window) {
  return told_by_kernel(std::min(port.send_buffer_bytes(), port.receive_buffer_bytes())) >= window;
}

}  // namespace udperf::iperf3
