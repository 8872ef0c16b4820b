// What a user should know about the sockets of a test.

#include "engine/socket_warnings.hpp"

#include <algorithm>
#include <string>

#include "engine/port_options.hpp"

namespace udperf::engine {
namespace {

// Of a socket's buffer: a stall of some milliseconds at gigabits. What is below that loses
// datagrams there.
constexpr std::uint32_t kEnough = 4U << 20U;

}  // namespace

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
  if (granted >= std::min(wanted, kEnough)) {
    return std::nullopt;
  }
  const std::string name = std::string{"net.core."} + which;
  return Warning{std::string{which} + "_capped",
                 "the socket buffer is " + std::to_string(granted) + " bytes, " +
                     std::to_string(wanted) + " were asked for; to lift the limit: sysctl -w " +
                     name + "=" + std::to_string(wanted)};
}

std::optional<Warning> server_buffer_warning(const TestOutcome& outcome) {
  if (!outcome.up || (outcome.clock && outcome.clock->method == "same_host")) {
    return std::nullopt;
  }
  for (const StreamOutcome& stream : outcome.up->streams) {
    const bool told = stream.rx && stream.rx->rcvbuf_bytes > 0;
    if (told && stream.rx->rcvbuf_bytes < kEnough &&
        (!outcome.params.rate_up.limited() || stream.rx->rx_socket_drop.value_or(0) > 0)) {
      return Warning{"server_rmem_max_capped",
                     "the server's socket buffer is " + std::to_string(stream.rx->rcvbuf_bytes) +
                         " bytes, little at this rate; there: sysctl -w net.core.rmem_max=" +
                         std::to_string(kDefaultBuffer) + ", or a larger --buffer"};
    }
  }
  return std::nullopt;
}

}  // namespace udperf::engine
