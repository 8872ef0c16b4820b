// What a user should know about the sockets of a test.

#include <algorithm>
#include <string>

#include "engine/client_connect.hpp"

namespace udperf::engine {

std::optional<Warning> fragmentation_warning(const Endpoint& server, std::uint32_t payload_bytes,
                                             std::optional<std::uint32_t> path_mtu) {
  const std::uint32_t headers = ip_udp_header_bytes(server.address.family);
  if (!path_mtu || payload_bytes + headers <= *path_mtu) {
    return std::nullopt;
  }
  return Warning{"fragmentation",
                 "datagrams of " + std::to_string(payload_bytes) +
                     " bytes do not fit the path's MTU of " + std::to_string(*path_mtu) +
                     ": each is sent in fragments, and losing one loses all; --packet-size " +
                     std::to_string(*path_mtu - headers) + " is the largest that fits"};
}

std::optional<Warning> buffer_warning(std::uint32_t wanted, std::uint32_t granted,
                                      const char* which) {
  // Enough for a stall of some milliseconds at gigabits; what is below that loses datagrams here.
  constexpr std::uint32_t kEnough = 4U << 20U;
  if (granted >= std::min(wanted, kEnough)) {
    return std::nullopt;
  }
  const std::string name = std::string{"net.core."} + which;
  return Warning{std::string{which} + "_capped",
                 "the socket buffer is " + std::to_string(granted) + " bytes, " +
                     std::to_string(wanted) + " were asked for; to lift the limit: sysctl -w " +
                     name + "=" + std::to_string(wanted)};
}

}  // namespace udperf::engine
