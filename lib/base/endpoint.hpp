#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace udperf {

enum class IpFamily : std::uint8_t { v4 = 4, v6 = 6 };

/// What an IP header without options (20 or 40) and a UDP header (8) add to a payload, in bytes.
[[nodiscard]] constexpr std::uint32_t ip_udp_header_bytes(IpFamily family) {
  return family == IpFamily::v4 ? 28 : 48;
}

/// An IP address with its scope (the interface of a link-local address). A v4-mapped IPv6 address
/// is kept as the IPv4 address it stands for.
struct IpAddress {
  IpFamily family = IpFamily::v4;
  std::array<std::uint8_t, 16> bytes{};  ///< network order; IPv4 uses the first four
  std::uint32_t scope_id = 0;            ///< interface index of fe80::/10, else 0

  [[nodiscard]] static IpAddress loopback(IpFamily family);
  [[nodiscard]] static IpAddress any(IpFamily family);
  [[nodiscard]] bool is_any() const;
  /// 127.0.0.0/8 or ::1
  [[nodiscard]] bool is_loopback() const;
  [[nodiscard]] bool is_link_local_v6() const;
  /// "192.0.2.1", "2001:db8::1", "fe80::1%eth0"
  [[nodiscard]] std::string to_string() const;

  auto operator<=>(const IpAddress&) const = default;
};

/// A place that datagrams come from or go to.
struct Endpoint {
  IpAddress address;
  std::uint16_t port = 0;

  /// "192.0.2.1:5555", "[2001:db8::1]:5555"
  [[nodiscard]] std::string to_string() const;

  auto operator<=>(const Endpoint&) const = default;
};

/// Reads a numeric address, with %interface where it is link-local. Names are not resolved.
[[nodiscard]] Result<IpAddress> parse_ip_address(std::string_view text);

/// An address block such as 192.0.2.0/24 or 2001:db8::/32; a bare address is a block of one.
struct IpPrefix {
  IpAddress address;
  std::uint8_t length = 0;

  [[nodiscard]] bool contains(const IpAddress& candidate) const;
};
/// An error is ErrorCode::usage, with a sentence about the value.
[[nodiscard]] Result<IpPrefix> parse_ip_prefix(std::string_view text);

}  // namespace udperf
