#include "iperf3/datagram.hpp"

#include "base/network_order.hpp"

namespace udperf::iperf3 {
namespace {

/// Whether four bytes are `number` in either byte order.
bool is_number(std::span<const std::byte> datagram, std::uint32_t number) {
  const auto value = load_network_order<std::uint32_t>(datagram.data());
  return value == number || value == __builtin_bswap32(number);
}

bool is_magic(std::span<const std::byte> datagram, const Magic& now, std::uint32_t before) {
  constexpr std::size_t kBytes = std::tuple_size_v<Magic>;
  return datagram.size() == kBytes &&
         (is_number(datagram, load_network_order<std::uint32_t>(now.data())) ||
          is_number(datagram, before));
}

}  // namespace

bool is_hello(std::span<const std::byte> datagram) {
  return is_magic(datagram, kHello, 123'456'789);
}

bool is_hello_reply(std::span<const std::byte> datagram) {
  return is_magic(datagram, kHelloReply, 987'654'321);
}

}  // namespace udperf::iperf3
