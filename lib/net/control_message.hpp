#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <cstring>

namespace udperf::net {

/// What a control message carries, wherever it is aligned. Precondition: it is of that type.
template <typename T>
[[nodiscard]] T payload_of(const cmsghdr* header) {
  T value{};
  std::memcpy(&value, CMSG_DATA(header), sizeof value);
  return value;
}

/// Bytes of each datagram in a read of `whole` bytes that the kernel merged, by what its control
/// message (UDP_GRO) tells; `whole`, one datagram, where that is impossible. An emulator
/// (qemu-user) hands on what it does not know in its host's order of bytes: that is read as what it
/// was.
[[nodiscard]] constexpr std::uint32_t merged_length(std::uint32_t told, std::uint32_t whole) {
  const auto possible = [whole](std::uint32_t length) { return length >= 1 && length <= whole; };
  const std::uint32_t swapped = __builtin_bswap32(told);
  return possible(told) ? told : possible(swapped) ? swapped : whole;
}

}  // namespace udperf::net
