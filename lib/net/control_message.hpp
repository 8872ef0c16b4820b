#pragma once

#include <sys/socket.h>

#include <cstring>

namespace udperf::net {

/// What a control message carries, wherever it is aligned. Precondition: it is of that type.
template <typename T>
[[nodiscard]] T payload_of(const cmsghdr* header) {
  T value{};
  std::memcpy(&value, CMSG_DATA(header), sizeof value);
  return value;
}

}  // namespace udperf::net
