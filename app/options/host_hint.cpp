#include "app/options/host_hint.hpp"

#include <algorithm>
#include <array>

#include "base/endpoint.hpp"

namespace udperf::app {
namespace {

bool is_number(const std::string& text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::string with_port(const std::string& host, const std::string& port) {
  return "the port is an option of its own: udperf client " + host + " --port " +
         (is_number(port) ? port : "PORT");
}

std::optional<std::string> address_problem(const IpAddress& address, const std::string& host) {
  if (address.is_link_local_v6() && address.scope_id == 0) {
    return "a link-local address needs its interface: " + host + "%eth0 (see ip -6 address)";
  }
  if (address.family == IpFamily::v4) {
    const std::array<std::uint8_t, 4> all{255, 255, 255, 255};
    if (std::equal(all.begin(), all.end(), address.bytes.begin())) {
      return "is the broadcast address: udperf measures the way to one host";
    }
  }
  const bool multicast = address.family == IpFamily::v4 ? (address.bytes[0] & 0xF0U) == 0xE0U
                                                        : address.bytes[0] == 0xFFU;
  if (multicast) {
    return "is a multicast address: udperf measures the way to one host";
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> host_problem(const std::string& host) {
  if (const auto address = parse_ip_address(host)) {
    return address_problem(*address, host);
  }
  if (host.find("://") != std::string::npos) {
    return "is a URL: give the host's name or address alone";
  }
  if (!host.empty() && host.front() == '[') {
    const auto end = std::min(host.find(']'), host.size());
    const std::string inside = host.substr(1, end - 1);
    if (end + 1 < host.size() && host[end + 1] == ':') {
      return with_port(inside, host.substr(end + 2));
    }
    return "an IPv6 address is given without brackets: udperf client " + inside;
  }
  const auto colon = host.find(':');
  if (colon != std::string::npos && host.find(':', colon + 1) == std::string::npos) {
    return with_port(host.substr(0, colon), host.substr(colon + 1));
  }
  return std::nullopt;
}

}  // namespace udperf::app
