#include "iperf3/datagram.hpp"

#include "base/network_order.hpp"

namespace udperf::iperf3 {
namespace {

/// Whether four bytes are `number` in either byte order.
bool is_number(std::span<const std::byte> datagram, std::uint32_t number) {
  const auto value = load_network_order<std::uint32_t>(datagram.data());
  return value == number || value == __builtin_bswap32(number);
}

}  // namespace

bool is_hello(std::span<const std::byte> datagram) {
  return datagram.size() == kHello.size();
}

bool is_hello_reply(std::span<const std::byte> datagram) {
  constexpr std::uint32_t kBefore = 987'654'321;
  return datagram.size() == kHelloReply.size() &&
         (is_number(datagram, load_network_order<std::uint32_t>(kHelloReply.data())) ||
          is_number(datagram, kBefore));
}

}  // namespace udperf::iperf3
