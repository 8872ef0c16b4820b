#include <algorithm>

#include "search/answer.hpp"

namespace udperf::search {

std::uint32_t ethernet_frame_bytes(std::uint32_t payload_bytes, IpFamily family) {
  constexpr std::uint32_t kHeaderAndFcs = 18;
  constexpr std::uint32_t kLeast = 64;
  return std::max(payload_bytes + ip_udp_header_bytes(family) + kHeaderAndFcs, kLeast);
}

std::vector<std::uint32_t> rfc2544_payloads() {
  constexpr std::uint32_t kHeadersV4 = 18 + 20 + 8;  // Ethernet with FCS, IPv4, UDP
  std::vector<std::uint32_t> payloads;
  for (const std::uint32_t frame : {64U, 128U, 256U, 512U, 1024U, 1280U, 1518U}) {
    payloads.push_back(frame - kHeadersV4);
  }
  return payloads;
}

}  // namespace udperf::search
