#include "net/socket_address.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <cstring>

namespace udperf::net {

SocketAddress::SocketAddress(const Endpoint& endpoint) {
  if (endpoint.address.family == IpFamily::v4) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(endpoint.port);
    std::memcpy(&v4.sin_addr, endpoint.address.bytes.data(), sizeof v4.sin_addr);
    std::memcpy(&storage_, &v4, sizeof v4);
    size_ = sizeof v4;
    return;
  }
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(endpoint.port);
  v6.sin6_scope_id = endpoint.address.scope_id;
  std::memcpy(&v6.sin6_addr, endpoint.address.bytes.data(), sizeof v6.sin6_addr);
  std::memcpy(&storage_, &v6, sizeof v6);
  size_ = sizeof v6;
}

SocketAddress SocketAddress::mapped(const Endpoint& endpoint) {
  if (endpoint.address.family == IpFamily::v6) {
    return SocketAddress{endpoint};
  }
  Endpoint v6 = endpoint;
  v6.address.family = IpFamily::v6;
  v6.address.bytes = {};
  v6.address.bytes[10] = 0xFF;
  v6.address.bytes[11] = 0xFF;
  std::copy_n(endpoint.address.bytes.begin(), 4, v6.address.bytes.begin() + 12);
  return SocketAddress{v6};
}

Endpoint SocketAddress::endpoint() const {
  if (storage_.ss_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &storage_, sizeof v4);
    return Endpoint{from_in_addr(v4.sin_addr), ntohs(v4.sin_port)};
  }
  sockaddr_in6 v6{};
  std::memcpy(&v6, &storage_, sizeof v6);
  return Endpoint{from_in6_addr(v6.sin6_addr, v6.sin6_scope_id), ntohs(v6.sin6_port)};
}

IpAddress from_in_addr(const in_addr& address) {
  IpAddress out;
  std::memcpy(out.bytes.data(), &address, sizeof address);
  return out;
}

IpAddress from_in6_addr(const in6_addr& address, std::uint32_t scope_id) {
  IpAddress out;
  if (IN6_IS_ADDR_V4MAPPED(&address)) {
    std::memcpy(out.bytes.data(), address.s6_addr + 12, 4);
    return out;
  }
  out.family = IpFamily::v6;
  std::memcpy(out.bytes.data(), &address, sizeof address);
  if (out.is_link_local_v6()) {
    out.scope_id = scope_id;
  }
  return out;
}

}  // namespace udperf::net
