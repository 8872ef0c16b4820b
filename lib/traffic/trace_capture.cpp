#include <string>

#include "traffic/profile_error.hpp"
#include "traffic/trace.hpp"

#ifdef UDPERF_PCAP
#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <pcap/pcap.h>
#include <span>

#include "base/endpoint.hpp"
#include "model/test_params.hpp"
#endif

namespace udperf::traffic {
namespace {

#ifdef UDPERF_PCAP

using Bytes = std::span<const std::uint8_t>;

std::uint32_t big_endian16(Bytes bytes, std::size_t at) {
  return (std::uint32_t{bytes[at]} << 8U) | bytes[at + 1];
}

/// Behind a link header, whose EtherType is at `type` and which ends at `end`, and any VLAN tags,
/// or the end of what was captured of them; nothing where that is not IP.
std::optional<std::size_t> ip_behind(Bytes frame, std::size_t type, std::size_t end) {
  constexpr std::array<std::uint32_t, 3> kVlanTags{0x8100, 0x88A8, 0x9100};
  while (type + 2 <= frame.size()) {
    const std::uint32_t is = big_endian16(frame, type);
    if (is == 0x0800 || is == 0x86DD) {
      return end;
    }
    if (std::find(kVlanTags.begin(), kVlanTags.end(), is) == kVlanTags.end()) {
      return std::nullopt;
    }
    type = end + 2;
    end += 4;
  }
  return frame.size();
}

/// Behind the address family of the system that captured, in its byte order
/// (https://www.tcpdump.org/linktypes.html); nothing where that is not IP.
std::optional<std::size_t> ip_behind_family(Bytes frame) {
  constexpr std::array<std::uint32_t, 5> kFamilies{2, 10, 24, 28, 30};  // IPv4; IPv6 by system
  if (frame.size() < 4) {
    return frame.size();
  }
  const std::uint32_t high = big_endian16(frame, 0);
  const std::uint32_t low = big_endian16(frame, 2);
  const std::uint32_t family = high == 0 ? low : (high >> 8U) | ((high & 0xFFU) << 8U) | low << 16U;
  const bool ip = std::find(kFamilies.begin(), kFamilies.end(), family) != kFamilies.end();
  return ip ? std::optional<std::size_t>{4} : std::nullopt;
}

/// Where the IP header begins; nothing where the frame has none.
std::optional<std::size_t> ip_offset(int link, Bytes frame) {
  switch (link) {
    case DLT_EN10MB:
      return ip_behind(frame, 12, 14);
    case DLT_RAW:
    case DLT_IPV4:
    case DLT_IPV6:
      return 0;
    case DLT_NULL:
    case DLT_LOOP:
      return ip_behind_family(frame);
    case DLT_LINUX_SLL:
      return ip_behind(frame, 14, 16);
    case DLT_LINUX_SLL2:
      return ip_behind(frame, 0, 20);
    default:
      return std::nullopt;
  }
}

bool known_link(int link) {
  constexpr std::array kLinks{DLT_EN10MB, DLT_RAW,  DLT_IPV4,      DLT_IPV6,
                              DLT_NULL,   DLT_LOOP, DLT_LINUX_SLL, DLT_LINUX_SLL2};
  return std::find(kLinks.begin(), kLinks.end(), link) != kLinks.end();
}

/// Whether the lengths in the header are there.
bool is_captured(Bytes frame, std::size_t at) {
  return at + 6 <= frame.size();
}

/// UDP payload of the datagram that makes an IP packet as long as this one; nothing for what is not
/// IP. `on_the_wire` counts where the header does not say the length (offload, jumbograms).
std::optional<std::uint32_t> payload_of(Bytes frame, std::size_t at, std::uint32_t on_the_wire) {
  if (!is_captured(frame, at)) {
    return std::nullopt;
  }
  const std::uint32_t version = frame[at] >> 4U;
  std::uint32_t length = 0;
  if (version == 4) {
    length = big_endian16(frame, at + 2);
  } else if (version == 6) {
    const std::uint32_t behind = big_endian16(frame, at + 4);
    length = behind == 0 ? 0 : behind + 40;
  } else {
    return std::nullopt;
  }
  if (length == 0) {
    length = on_the_wire - std::min(on_the_wire, static_cast<std::uint32_t>(at));
  }
  const std::uint32_t headers = ip_udp_header_bytes(version == 4 ? IpFamily::v4 : IpFamily::v6);
  return std::min(length > headers ? length - headers : 0, kMaxPayloadBytes);
}

#endif

}  // namespace

#ifdef UDPERF_PCAP

namespace {

/// The rows of all packets; those without UDP are skipped.
Result<std::vector<TraceRow>> read_packets(pcap_t* capture, int link, TraceNotes& notes) {
  std::vector<TraceRow> rows;
  std::uint64_t number = 0;
  pcap_pkthdr* header = nullptr;
  const std::uint8_t* data = nullptr;
  int status = 0;
  while ((status = pcap_next_ex(capture, &header, &data)) == 1) {
    ++number;
    const Bytes frame{data, header->caplen};
    const auto at = ip_offset(link, frame);
    const auto bytes = at ? payload_of(frame, *at, header->len) : std::nullopt;
    constexpr std::int64_t kMostSeconds = 2'147'483'647;  // what libpcap takes of a pcap file
    constexpr std::int64_t kNsOfSecond = 1'000'000'000;
    if (header->ts.tv_sec < 0 || header->ts.tv_sec > kMostSeconds || header->ts.tv_usec < 0 ||
        header->ts.tv_usec >= kNsOfSecond) {
      return profile_error("packet " + std::to_string(number) + " has an impossible time");
    }
    if (!bytes) {
      const bool cut = at && !is_captured(frame, *at) && header->caplen < header->len;
      ++(cut ? notes.cut : notes.skipped);
      continue;
    }
    if (rows.size() == kMostTraceRows) {
      return profile_error("has more than " + std::to_string(kMostTraceRows) +
                           " packets: cut it (editcap -r)");
    }
    rows.push_back(
        {std::chrono::seconds{header->ts.tv_sec} + Duration{header->ts.tv_usec}, *bytes});
  }
  if (status != PCAP_ERROR_BREAK) {
    return profile_error("after packet " + std::to_string(number) + ": " + pcap_geterr(capture));
  }
  return rows;
}

}  // namespace

Result<std::vector<TraceRow>> read_trace_capture(const std::string& file, TraceNotes& notes) {
  std::array<char, PCAP_ERRBUF_SIZE> text{};
  const std::unique_ptr<pcap_t, void (*)(pcap_t*)> capture{
      pcap_open_offline_with_tstamp_precision(file.c_str(), PCAP_TSTAMP_PRECISION_NANO,
                                              text.data()),
      pcap_close};
  if (!capture) {
    return profile_error(text.data());
  }
  const int link = pcap_datalink(capture.get());
  if (!known_link(link)) {
    const char* const name = pcap_datalink_val_to_name(link);
    return profile_error("its link layer, " + std::string{name != nullptr ? name : "unknown"} +
                         ", is not one of Ethernet, raw IP, loopback or Linux cooked");
  }
  return read_packets(capture.get(), link, notes);
}

#else

Result<std::vector<TraceRow>> read_trace_capture(const std::string& /*file*/,
                                                 TraceNotes& /*notes*/) {
  return profile_error(
      "is a capture, but this udperf was built without libpcap: make CSV of its UDP datagrams, "
      "e.g. by " +
      std::string{kCaptureToCsv});
}

#endif

}  // namespace udperf::traffic
