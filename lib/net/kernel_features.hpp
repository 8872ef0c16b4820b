#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace udperf::net {

/// What the running kernel offers to UDP, tried on sockets made for it and closed again.
struct KernelFeatures {
  std::string release;        ///< "Linux 6.1.0", of uname(2)
  bool segmentation = false;  ///< UDP_SEGMENT
  /// Datagrams that one send may hand over with UDP_SEGMENT; nothing when the kernel has it not, or
  /// it could not be tried.
  std::optional<std::uint32_t> max_segments;
  bool receive_offload = false;  ///< UDP_GRO
  bool transmit_time = false;    ///< SO_TXTIME (obeyed by the queues fq and etf only)
  bool pacing_rate = false;      ///< SO_MAX_PACING_RATE (obeyed by the queue fq only)
  bool arrival_times = false;    ///< SO_TIMESTAMPNS
  bool timestamping = false;     ///< SO_TIMESTAMPING, software stamps of both ways
  bool drop_counter = false;     ///< SO_RXQ_OVFL
  std::string default_queue;     ///< net.core.default_qdisc, "fq"; empty when unknown
};

/// Sends a few datagrams from a loopback socket to itself. A sandbox that allows no sockets shows
/// as a kernel without features.
[[nodiscard]] KernelFeatures find_kernel_features();

}  // namespace udperf::net
