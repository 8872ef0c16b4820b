#include "base/endpoint.hpp"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <span>
#include <utility>

namespace udperf {
namespace {

constexpr std::uint8_t kV4Bits = 32;
constexpr std::uint8_t kV6Bits = 128;
constexpr std::uint8_t kMappedBits = 96;  // ::ffff:0:0/96, RFC 4291 s2.5.5.2

tl::unexpected<Error> not_an_address(std::string_view text) {
  return usage_error("not a numeric IPv4 or IPv6 address: " + std::string{text});
}

/// An IPv6 address that stands for an IPv4 one becomes that one.
IpAddress unmapped(const IpAddress& address) {
  constexpr std::array<std::uint8_t, 12> kPrefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
  if (!std::equal(kPrefix.begin(), kPrefix.end(), address.bytes.begin())) {
    return address;
  }
  IpAddress v4;
  std::copy(address.bytes.begin() + kPrefix.size(), address.bytes.end(), v4.bytes.begin());
  return v4;
}

/// The index of the interface with this name or number; nothing when there is none.
std::optional<std::uint32_t> interface_index(const std::string& name) {
  if (const unsigned index = ::if_nametoindex(name.c_str()); index != 0) {
    return index;
  }
  std::uint32_t number = 0;
  const char* const end = name.data() + name.size();
  const auto [stop, problem] = std::from_chars(name.data(), end, number);
  if (problem != std::errc{} || stop != end || number == 0) {
    return std::nullopt;
  }
  return number;
}

Result<IpAddress> parse_v6(const std::string& digits, std::optional<std::string> scope) {
  IpAddress address;
  address.family = IpFamily::v6;
  if (::inet_pton(AF_INET6, digits.c_str(), address.bytes.data()) != 1) {
    return not_an_address(digits);
  }
  if (!scope) {
    return unmapped(address);
  }
  if (!address.is_link_local_v6()) {
    return usage_error("only a link-local address (fe80::/10) takes an interface: " + digits + "%" +
                       *scope);
  }
  const auto index = interface_index(*scope);
  if (!index) {
    return usage_error("no such interface: " + *scope);
  }
  address.scope_id = *index;
  return address;
}

/// The first `length` bits are kept, the rest becomes zero.
IpAddress network_part(IpAddress address, std::uint8_t length) {
  for (std::size_t i = 0; i < address.bytes.size(); ++i) {
    const auto first_bit = i * 8;
    if (first_bit >= length) {
      address.bytes[i] = 0;
    } else if (length - first_bit < 8) {
      const auto mask = 0xFFU << (8 - (length - first_bit));
      address.bytes[i] = static_cast<std::uint8_t>(address.bytes[i] & mask);
    }
  }
  address.scope_id = 0;
  return address;
}

}  // namespace

IpAddress IpAddress::loopback(IpFamily family) {
  IpAddress address;
  address.family = family;
  if (family == IpFamily::v4) {
    address.bytes[0] = 127;
    address.bytes[3] = 1;
  } else {
    address.bytes[15] = 1;
  }
  return address;
}

IpAddress IpAddress::any(IpFamily family) {
  IpAddress address;
  address.family = family;
  return address;
}

bool IpAddress::is_any() const {
  return std::all_of(bytes.begin(), bytes.end(), [](std::uint8_t byte) { return byte == 0; });
}

bool IpAddress::is_loopback() const {
  return family == IpFamily::v4 ? bytes[0] == 127 : *this == loopback(IpFamily::v6);
}

bool IpAddress::is_link_local_v6() const {
  return family == IpFamily::v6 && bytes[0] == 0xFE && (bytes[1] & 0xC0U) == 0x80U;
}

std::string IpAddress::to_string() const {
  std::array<char, INET6_ADDRSTRLEN> text{};
  ::inet_ntop(family == IpFamily::v4 ? AF_INET : AF_INET6, bytes.data(), text.data(), text.size());
  std::string result{text.data()};
  if (scope_id != 0) {
    std::array<char, IF_NAMESIZE> name{};
    const bool known = ::if_indextoname(scope_id, name.data()) != nullptr;
    result += "%" + (known ? std::string{name.data()} : std::to_string(scope_id));
  }
  return result;
}

std::string Endpoint::to_string() const {
  const std::string host = address.to_string();
  return (address.family == IpFamily::v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

Result<IpAddress> parse_ip_address(std::string_view text) {
  if (text.find('\0') != std::string_view::npos) {  // inet_pton would stop reading there
    return not_an_address(text.substr(0, text.find('\0')));
  }
  if (text.find(':') == std::string_view::npos) {
    IpAddress address;
    if (::inet_pton(AF_INET, std::string{text}.c_str(), address.bytes.data()) != 1) {
      return not_an_address(text);
    }
    return address;
  }
  const auto percent = text.find('%');
  if (percent == std::string_view::npos) {
    return parse_v6(std::string{text}, std::nullopt);
  }
  return parse_v6(std::string{text.substr(0, percent)}, std::string{text.substr(percent + 1)});
}

bool IpPrefix::contains(const IpAddress& candidate) const {
  return candidate.family == address.family &&
         network_part(candidate, length).bytes == network_part(address, length).bytes;
}

Result<IpPrefix> parse_ip_prefix(std::string_view text) {
  const auto slash = text.find('/');
  const auto host = text.substr(0, slash);
  const auto address = parse_ip_address(host);
  if (!address) {
    return tl::unexpected<Error>{address.error()};
  }
  const bool written_v6 = host.find(':') != std::string_view::npos;
  const bool mapped = written_v6 && address->family == IpFamily::v4;
  const std::uint8_t full = written_v6 ? kV6Bits : kV4Bits;
  const std::uint8_t least = mapped ? kMappedBits : 0;
  std::uint8_t length = full;
  if (slash != std::string_view::npos) {
    const auto digits = text.substr(slash + 1);
    const char* const end = digits.data() + digits.size();
    const auto [stop, problem] = std::from_chars(digits.data(), end, length);
    if (problem != std::errc{} || stop != end || length > full || length < least) {
      return usage_error("prefix length must be " + std::to_string(least) + ".." +
                         std::to_string(full) + ": " + std::string{text});
    }
  }
  length = static_cast<std::uint8_t>(length - least);
  return IpPrefix{network_part(*address, length), length};
}

}  // namespace udperf
