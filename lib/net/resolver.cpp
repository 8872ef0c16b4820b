#include "net/resolver.hpp"

#include <netdb.h>

#include <algorithm>
#include <cstring>
#include <memory>

#include "net/socket_address.hpp"

namespace udperf::net {
namespace {

struct FreeAddresses {
  void operator()(addrinfo* list) const { ::freeaddrinfo(list); }
};

tl::unexpected<Error> cannot_resolve(const std::string& host, const std::string& why) {
  return tl::unexpected{
      Error{ErrorCode::unreachable, "cannot resolve " + host + ": " + why, 0, "resolve"}};
}

}  // namespace

Result<std::vector<Endpoint>> resolve(const std::string& host, std::uint16_t port,
                                      std::optional<IpFamily> family) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_DGRAM;
  hints.ai_family = AF_UNSPEC;
  if (family) {
    hints.ai_family = *family == IpFamily::v4 ? AF_INET : AF_INET6;
  }
  addrinfo* raw = nullptr;
  const int failure = ::getaddrinfo(host.c_str(), nullptr, &hints, &raw);
  if (failure != 0) {
    return cannot_resolve(host, ::gai_strerror(failure));
  }
  const std::unique_ptr<addrinfo, FreeAddresses> list{raw};
  std::vector<Endpoint> endpoints;
  for (const addrinfo* entry = list.get(); entry != nullptr; entry = entry->ai_next) {
    SocketAddress address;
    if (entry->ai_addrlen > *address.size_out()) {
      continue;
    }
    std::memcpy(address.raw(), entry->ai_addr, entry->ai_addrlen);
    Endpoint endpoint = address.endpoint();
    endpoint.port = port;
    if (std::find(endpoints.begin(), endpoints.end(), endpoint) == endpoints.end()) {
      endpoints.push_back(endpoint);
    }
  }
  if (endpoints.empty()) {
    return cannot_resolve(host, "no IPv4 or IPv6 address");
  }
  return endpoints;
}

}  // namespace udperf::net
