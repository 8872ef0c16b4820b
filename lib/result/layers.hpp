#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "result/document.hpp"

namespace udperf::result {

/// What a way's datagrams have beside their payload (metrics 1.1).
struct Layers {
  std::uint64_t full_packets = 1;  ///< IP packets of the largest datagram
  /// Of a datagram in the mean of all that are sent.
  struct Mean {
    double ip_headers = 0;  ///< bytes of IP and UDP headers
    double ethernet = 0;  ///< bytes of header, FCS, preamble and gap, and of what fills a frame up
  };
  /// Nothing where the sender alone knows the lengths, and some came in fragments.
  std::optional<Mean> mean;
};
[[nodiscard]] Layers layers_of(const std::vector<const RxReport*>& rx, const WayTraffic& traffic);

}  // namespace udperf::result
