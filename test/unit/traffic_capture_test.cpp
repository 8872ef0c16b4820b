// Captures as traces.

#include <fstream>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/temp_dir.hpp"
#include "traffic/trace.hpp"

using namespace std::chrono_literals;
using namespace udperf;
using Catch::Matchers::ContainsSubstring;
using traffic::read_trace;
using traffic::TraceRow;

namespace {

void put(std::string& out, std::uint64_t value, std::size_t bytes) {  // little-endian
  for (std::size_t i = 0; i < bytes; ++i) {
    out.push_back(static_cast<char>(value >> (8 * i)));
  }
}

void put_big(std::string& out, std::uint64_t value, std::size_t bytes) {
  for (std::size_t i = bytes; i-- > 0;) {
    out.push_back(static_cast<char>(value >> (8 * i)));
  }
}

/// An Ethernet frame with an IPv4 or IPv6 packet of this length, cut after 60 bytes.
std::string frame(std::uint32_t ip_bytes, bool v6 = false, bool vlan = false) {
  std::string out(12, '\x02');
  if (vlan) {
    put_big(out, 0x8100, 2);
    put_big(out, 5, 2);
  }
  put_big(out, v6 ? 0x86DD : 0x0800, 2);
  if (v6) {
    put_big(out, 0x6000'0000, 4);
    put_big(out, ip_bytes - 40, 2);
  } else {
    put_big(out, 0x4500, 2);
    put_big(out, ip_bytes, 2);
  }
  out.resize(60, '\0');
  return out;
}

struct Packet {
  std::uint64_t us;
  std::string bytes;
  std::uint32_t on_the_wire;
};

std::string pcap_of(const std::vector<Packet>& packets, std::uint32_t link = 1) {
  std::string out;
  put(out, 0xA1B2C3D4, 4);
  put(out, 2, 2);
  put(out, 4, 2);
  put(out, 0, 8);
  put(out, 262'144, 4);
  put(out, link, 4);
  for (const Packet& packet : packets) {
    put(out, packet.us / 1'000'000, 4);
    put(out, packet.us % 1'000'000, 4);
    put(out, packet.bytes.size(), 4);
    put(out, packet.on_the_wire, 4);
    out += packet.bytes;
  }
  return out;
}

std::string capture_file(const test::TempDir& dir, const std::string& bytes) {
  const std::string file = dir.path().string() + "/trace";
  std::ofstream{file, std::ios::binary} << bytes;
  return file;
}

}  // namespace

TEST_CASE("a capture gives each IP packet's length and time", "[traffic]") {
  traffic::TraceNotes notes;
  const test::TempDir dir;
  const auto probe = traffic::read_trace_capture(capture_file(dir, pcap_of({})), notes);
  if (!probe) {
    WARN(probe.error().what);  // built without libpcap: says so
    CHECK_THAT(probe.error().what, ContainsSubstring("libpcap"));
    return;
  }
  const auto file = capture_file(dir, pcap_of({{1'000'000, frame(200), 214},
                                               {1'020'000, frame(1500, true), 1514},
                                               {1'040'000, frame(40), 60},
                                               {1'060'000, std::string(60, '\1'), 60},
                                               {1'050'000, frame(576, false, true), 594},
                                               {1'070'000, frame(200).substr(0, 19), 214},
                                               {1'080'000, frame(200).substr(0, 13), 214},
                                               {1'090'000, std::string(19, '\1'), 60},
                                               {1'100'000, frame(0), 9014}}));
  const auto trace = read_trace(file, 16);
  REQUIRE(trace);
  CHECK(trace->packets() == 5);
  CHECK(trace->row(0) == TraceRow{0s, 172});
  CHECK(trace->row(1) == TraceRow{20ms, 1452});
  CHECK(trace->row(2) == TraceRow{40ms, 16});
  CHECK(trace->row(3) == TraceRow{50ms, 548});
  CHECK(trace->row(4) == TraceRow{100ms, 9000 - 28});  // by the wire: offload wrote no length
  CHECK(trace->notes().skipped == 2);
  CHECK(trace->notes().cut == 2);
  CHECK(trace->notes().raised == 1);

  const std::string cut = pcap_of({{1, frame(200), 214}, {2, frame(200), 214}});
  const auto broken = read_trace(capture_file(dir, cut.substr(0, cut.size() - 10)), 16);
  REQUIRE_FALSE(broken);
  CHECK(broken.error().code == ErrorCode::usage);
  CHECK_THAT(broken.error().what, ContainsSubstring("after packet 1"));
  const auto at_second = [&dir](std::uint64_t second) {
    return read_trace(capture_file(dir, pcap_of({{second * 1'000'000, frame(200), 214}})), 16);
  };
  CHECK(at_second(2'147'483'647));  // 2038
  CHECK_FALSE(at_second(2'147'483'648));
  std::string torn = pcap_of({{1, frame(200), 214}, {2, frame(200), 214}});
  torn.replace(24 + 4, 4, std::string(4, '\xFF'));  // microseconds of the first packet
  CHECK_FALSE(read_trace(capture_file(dir, torn), 16));
  CHECK_FALSE(read_trace(capture_file(dir, pcap_of({})), 16));                         // empty
  CHECK_FALSE(read_trace(capture_file(dir, pcap_of({{1, frame(99), 99}}, 195)), 16));  // 802.15.4
}

TEST_CASE("whatever its link layer, a capture's packets are those of IP alone", "[traffic]") {
  const test::TempDir dir;
  traffic::TraceNotes notes;
  if (!traffic::read_trace_capture(capture_file(dir, pcap_of({})), notes)) {
    return;  // built without libpcap
  }
  const std::string packet = frame(200).substr(14);
  const std::string tag{"\x40\x0A\x08\x00", 4};  // VLAN 10 of high priority, then IPv4
  const std::string sll(14, '\x02');
  const std::string sll2(18, '\x02');
  struct Link {
    std::uint32_t number;
    std::vector<std::string> ip;
    std::vector<std::string> other;
  };
  const std::string spanning_tree = std::string{"\x00\x04\x42\x42\x03", 5} + std::string(40, '\0');
  const std::string arp_like_ip = "\x08\x06" + packet;
  const auto link = GENERATE_COPY(
      Link{113,
           {sll + std::string{"\x08\x00", 2} + packet, sll + "\x81" + '\0' + tag + packet},
           {sll + spanning_tree, sll + arp_like_ip}},
      Link{276,
           {std::string{"\x08\x00", 2} + sll2 + packet,
            std::string{"\x81\x00", 2} + sll2 + tag + packet},
           {std::string{"\x00\x04", 2} + sll2 + packet, "\x08\x06" + sll2 + packet}},
      Link{228, {packet, packet}, {"\x30" + packet, "\x50" + packet}},
      Link{0,
           {std::string{"\x02\0\0\0", 4} + packet, std::string{"\0\0\0\x02", 4} + packet},
           {std::string{"\x07\0\0\0", 4} + packet, std::string{"\0\0\0\x17", 4} + packet}});
  CAPTURE(link.number);
  std::vector<Packet> packets;
  for (const auto* const some : {&link.ip, &link.other}) {
    for (const std::string& bytes : *some) {
      packets.push_back({1'000'000 + packets.size(), bytes, 300});
    }
  }
  const auto trace = read_trace(capture_file(dir, pcap_of(packets, link.number)), 16);
  REQUIRE(trace);
  CHECK(trace->packets() == 2);
  CHECK(trace->row(0).bytes == 172);
  CHECK(trace->row(1).bytes == 172);
  CHECK(trace->notes().skipped == 2);
}
