#include <string>
#include <tuple>

#include "base/endpoint.hpp"
#include "support/catch.hpp"

using udperf::Endpoint;
using udperf::IpAddress;
using udperf::IpFamily;
using udperf::parse_ip_address;
using udperf::parse_ip_prefix;

namespace {

IpAddress address(const std::string& text) {
  const auto parsed = parse_ip_address(text);
  REQUIRE(parsed.has_value());
  return *parsed;
}

}  // namespace

TEST_CASE("an address is written as RFC 5952 wants it", "[base]") {
  const auto [text, written] =
      GENERATE(table<std::string, std::string>({{"192.0.2.1", "192.0.2.1"},
                                                {"0.0.0.0", "0.0.0.0"},
                                                {"255.255.255.255", "255.255.255.255"},
                                                {"2001:DB8:0:0:0:0:0:1", "2001:db8::1"},
                                                {"::", "::"},
                                                {"::1", "::1"},
                                                {"fe80::1", "fe80::1"},
                                                {"fe80::1%lo", "fe80::1%lo"},
                                                {"fe80::1%1", "fe80::1%lo"},
                                                {"fe80::1%4294967295", "fe80::1%4294967295"}}));
  CAPTURE(text);
  CHECK(address(text).to_string() == written);
}

TEST_CASE("a v4-mapped address is the IPv4 address it stands for", "[base]") {
  CHECK(address("::ffff:192.0.2.1") == address("192.0.2.1"));
  CHECK(address("::ffff:192.0.2.1").family == IpFamily::v4);
  CHECK(address("::fffe:192.0.2.1").family == IpFamily::v6);
}

TEST_CASE("what is no numeric address is refused", "[base]") {
  const auto* const text = GENERATE("", "localhost", "1.2.3", "1.2.3.4.5", "256.1.1.1", "1.2.3.4 ",
                                    " 1.2.3.4", ":", "1::2::3", "12345::", "::1%lo", "192.0.2.1%lo",
                                    "fe80::1%no-such-interface", "fe80::1%", "fe80::1%0", "[::1]");
  CAPTURE(text);
  const auto parsed = parse_ip_address(text);
  REQUIRE_FALSE(parsed.has_value());
  CHECK(parsed.error().code == udperf::ErrorCode::usage);
  CHECK_FALSE(parsed.error().what.empty());
}

TEST_CASE("a NUL does not hide the rest of an address", "[base]") {
  CHECK_FALSE(parse_ip_address(std::string{"1.2.3.4\0x", 9}).has_value());
}

TEST_CASE("loopback and any are known in both families", "[base]") {
  CHECK(IpAddress::loopback(IpFamily::v4) == address("127.0.0.1"));
  CHECK(IpAddress::loopback(IpFamily::v6) == address("::1"));
  CHECK(IpAddress::any(IpFamily::v4) == address("0.0.0.0"));
  CHECK(IpAddress::any(IpFamily::v6) == address("::"));
  CHECK(address("::").is_any());
  CHECK_FALSE(address("::1").is_any());
  for (const char* const here : {"127.0.0.1", "127.255.255.255", "::1"}) {
    CHECK(address(here).is_loopback());
  }
  for (const char* const elsewhere : {"126.255.255.255", "128.0.0.1", "::", "::2", "fe80::1"}) {
    CHECK_FALSE(address(elsewhere).is_loopback());
  }
  CHECK(address("febf::1").is_link_local_v6());
  CHECK_FALSE(address("fec0::1").is_link_local_v6());
  CHECK_FALSE(address("254.128.0.1").is_link_local_v6());
}

TEST_CASE("an endpoint brackets IPv6", "[base]") {
  CHECK(Endpoint{address("192.0.2.1"), 5555}.to_string() == "192.0.2.1:5555");
  CHECK(Endpoint{address("2001:db8::1"), 65535}.to_string() == "[2001:db8::1]:65535");
  CHECK(Endpoint{address("fe80::1%lo"), 1}.to_string() == "[fe80::1%lo]:1");
}

TEST_CASE("a prefix contains exactly the addresses that share its bits", "[base]") {
  const auto [prefix, candidate, inside] = GENERATE(
      table<std::string, std::string, bool>({{"192.0.2.0/24", "192.0.2.255", true},
                                             {"192.0.2.0/24", "192.0.3.0", false},
                                             {"192.0.2.77/24", "192.0.2.1", true},
                                             {"192.0.2.128/25", "192.0.2.127", false},
                                             {"192.0.2.128/25", "192.0.2.128", true},
                                             {"192.0.2.1", "192.0.2.1", true},
                                             {"192.0.2.1", "192.0.2.0", false},
                                             {"0.0.0.0/0", "203.0.113.9", true},
                                             {"0.0.0.0/0", "::1", false},
                                             {"::/0", "2001:db8::1", true},
                                             {"::/0", "192.0.2.1", false},
                                             {"2001:db8::/33", "2001:db8:7fff::", true},
                                             {"2001:db8::/33", "2001:db8:8000::", false},
                                             {"fe80::/10", "fe80::1%lo", true},
                                             {"::ffff:192.0.2.0/120", "192.0.2.9", true},
                                             {"::ffff:192.0.2.0/120", "192.0.3.9", false}}));
  CAPTURE(prefix, candidate);
  const auto block = parse_ip_prefix(prefix);
  REQUIRE(block.has_value());
  CHECK(block->contains(address(candidate)) == inside);
}

TEST_CASE("a prefix with an impossible length is refused", "[base]") {
  const auto* const text =
      GENERATE("192.0.2.0/33", "2001:db8::/129", "192.0.2.0/", "192.0.2.0/-1", "192.0.2.0/8x",
               "192.0.2.0/256", "::ffff:192.0.2.0/95", "example/24", "/24");
  CAPTURE(text);
  CHECK_FALSE(parse_ip_prefix(text).has_value());
}
