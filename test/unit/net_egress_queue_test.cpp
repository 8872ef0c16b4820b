#include <linux/gen_stats.h>
#include <linux/netlink.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>

#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "net/egress_queue.hpp"

namespace {

using udperf::net::listed_drops;
using udperf::net::lists_fq;
using Bytes = std::vector<std::byte>;

template <typename T>
void append(Bytes& bytes, const T& value) {
  const auto* const begin = reinterpret_cast<const std::byte*>(&value);
  bytes.insert(bytes.end(), begin, begin + sizeof value);
}

/// One RTM_NEWQDISC message as the kernel writes it; with the drops of TCA_STATS2 where there are
/// any to tell.
Bytes discipline(int device, const std::string& kind, std::optional<std::uint32_t> drops = {},
                 std::uint32_t parent = TC_H_ROOT) {
  const auto name = static_cast<std::uint16_t>(kind.size() + 1);
  Bytes body;
  tcmsg about{};
  about.tcm_ifindex = device;
  about.tcm_parent = parent;
  append(body, about);
  append(body, rtattr{static_cast<std::uint16_t>(sizeof(rtattr) + name), TCA_KIND});
  for (const char c : kind) {
    body.push_back(static_cast<std::byte>(c));
  }
  body.push_back(std::byte{0});
  body.resize((body.size() + 3) & ~std::size_t{3});
  if (drops) {
    gnet_stats_queue counts{};
    counts.drops = *drops;
    const auto inner = static_cast<std::uint16_t>(sizeof(rtattr) + sizeof counts);
    append(body, rtattr{static_cast<std::uint16_t>(sizeof(rtattr) + inner), TCA_STATS2});
    append(body, rtattr{inner, TCA_STATS_QUEUE});
    append(body, counts);
  }
  Bytes message;
  nlmsghdr header{};
  header.nlmsg_len = static_cast<std::uint32_t>(sizeof header + body.size());
  header.nlmsg_type = RTM_NEWQDISC;
  append(message, header);
  message.insert(message.end(), body.begin(), body.end());
  return message;
}

int loopback_device() {
  return udperf::net::egress_device(udperf::IpAddress::loopback(udperf::IpFamily::v4), {});
}

Bytes operator+(Bytes a, const Bytes& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

}  // namespace

TEST_CASE("fq is found on its own device, as root or below one", "[net][egress]") {
  CHECK(lists_fq(discipline(2, "fq"), 2));
  CHECK_FALSE(lists_fq(discipline(3, "fq"), 2));
  CHECK(lists_fq(discipline(2, "mq") + discipline(2, "fq"), 2));
}

TEST_CASE("what only begins like fq does not pace", "[net][egress]") {
  CHECK_FALSE(lists_fq(discipline(2, "fq_codel"), 2));
  CHECK_FALSE(lists_fq(discipline(2, "f"), 2));
  CHECK_FALSE(lists_fq(discipline(1, "noqueue") + discipline(2, "pfifo_fast"), 2));
  CHECK_FALSE(lists_fq({}, 2));
}

TEST_CASE("a dump that is cut off anywhere is read to its end and no further", "[net][egress]") {
  const Bytes whole = discipline(1, "noqueue") + discipline(2, "fq");
  for (std::size_t length = 0; length < whole.size(); ++length) {
    CHECK_FALSE(lists_fq(std::span{whole}.first(length), 2));
  }
  for (std::size_t at = 0; at < whole.size(); ++at) {
    for (const unsigned value : {0U, 1U, 0x7fU, 0xffU}) {
      Bytes bent = whole;
      bent[at] = static_cast<std::byte>(value);
      static_cast<void>(lists_fq(bent, 2));
    }
  }
}

TEST_CASE("loopback has no fq", "[net][egress]") {
  CHECK_FALSE(udperf::net::leaves_through_fq(loopback_device()));
}

TEST_CASE("drops are those of the device's roots", "[net][egress]") {
  const auto dump = discipline(2, "mq", 7) + discipline(2, "fq", 7, 0x10001U) +
                    discipline(3, "fq", 100) + discipline(2, "clsact", 2, 0xFFFFFFF1U);
  CHECK(listed_drops(dump, 2) == 7U);
  CHECK(listed_drops(dump, 3) == 100U);
  CHECK(listed_drops(dump, 4) == std::nullopt);
  CHECK(listed_drops(discipline(2, "noqueue"), 2) == std::nullopt);
}

TEST_CASE("a dump that is cut anywhere tells no more drops than there were", "[net][egress]") {
  const auto dump = discipline(2, "fq", 7);
  for (std::size_t length = 0; length < dump.size(); ++length) {
    CHECK(listed_drops(std::span{dump}.first(length), 2).value_or(7) == 7U);
  }
}

TEST_CASE("the loopback device can be asked what its queue dropped", "[net][egress]") {
  CHECK(udperf::net::egress_drops(loopback_device()));
}

TEST_CASE("datagrams leave by the interface that they are bound to", "[net]") {
  using udperf::net::AddressedDevice;
  using udperf::net::choose_device;
  // Two interfaces with one address; a VRF, which has none, above a third.
  const std::vector<AddressedDevice> devices{
      {"lo", false, false}, {"one", false, false},   {"vrf", false, true}, {"one", true, false},
      {"two", true, false}, {"other", false, false}, {"bond", true, true}};
  CHECK(choose_device(devices, "") == "one");
  CHECK(choose_device(devices, "one") == "one");
  CHECK(choose_device(devices, "two") == "two");
  CHECK(choose_device(devices, "other") == "other");  // whoever has the address
  CHECK(choose_device(devices, "vrf") == "one");
  CHECK(choose_device(devices, "bond") == "bond");
  CHECK(choose_device({}, "").empty());
  const auto local = udperf::IpAddress::loopback(udperf::IpFamily::v4);
  CHECK(udperf::net::egress_device(local, "") == udperf::net::egress_device(local, "lo"));
  CHECK(udperf::net::egress_device(local, "no-such") == 0);
}
