#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include "base/endpoint.hpp"

namespace udperf::net {

/// An Endpoint in the form that the socket calls want.
class SocketAddress {
 public:
  SocketAddress() = default;
  explicit SocketAddress(const Endpoint& endpoint);
  /// IPv4 in its v4-mapped form, for use with an AF_INET6 socket.
  static SocketAddress mapped(const Endpoint& endpoint);

  [[nodiscard]] Endpoint endpoint() const;
  [[nodiscard]] sockaddr* raw() { return reinterpret_cast<sockaddr*>(&storage_); }
  [[nodiscard]] const sockaddr* raw() const { return reinterpret_cast<const sockaddr*>(&storage_); }
  [[nodiscard]] socklen_t size() const { return size_; }
  /// For calls that fill the address in.
  [[nodiscard]] socklen_t* size_out() {
    size_ = sizeof storage_;
    return &size_;
  }

 private:
  sockaddr_storage storage_{};
  socklen_t size_ = sizeof(sockaddr_storage);
};

[[nodiscard]] IpAddress from_in_addr(const in_addr& address);
/// Takes a v4-mapped address for the IPv4 address it is.
[[nodiscard]] IpAddress from_in6_addr(const in6_addr& address, std::uint32_t scope_id);

}  // namespace udperf::net
