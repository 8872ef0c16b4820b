#include "result/layers.hpp"

#include <algorithm>

#include "base/endpoint.hpp"
#include "base/saturating.hpp"
#include "model/packet_plan.hpp"

namespace udperf::result {
namespace {

/// So many datagrams of a turn of the plan have this length.
struct LengthCount {
  std::uint64_t bytes = 0;
  std::uint64_t count = 1;
};
using Lengths = std::vector<LengthCount>;

Lengths lengths_of_frames(const FrameCycle& frames, std::uint32_t full_bytes) {
  Lengths lengths{{full_bytes, 0}};
  std::uint64_t packet = 0;
  for (std::uint64_t frame = 0; frame < frames.frames(); ++frame) {
    packet += frames.packets_of_frame(frame);
    lengths.front().count += frames.packets_of_frame(frame) - 1;
    lengths.push_back({frames.length(packet - 1), 1});
  }
  return lengths;
}

/// Empty where they are the sender's alone.
Lengths lengths_of(const std::vector<const RxReport*>& rx, const WayTraffic& traffic) {
  const TestParams& params = traffic.params;
  const TrafficShape& shape = params.shape(traffic.way);
  if (shape.spacing == Spacing::trace) {
    return {};
  }
  Lengths lengths;
  for (const SizeShare& share : shape.mix()) {
    lengths.push_back({share.bytes, share.weight});
  }
  const SendRate& rate = params.rate(traffic.way);
  if (shape.spacing == Spacing::frames && rate.kind == SendRate::Kind::bits && rate.value != 0) {
    lengths = lengths_of_frames(PacketPlan::for_warm_up(params, traffic.way, 0).frames(),
                                params.payload_bytes);
  }
  if (lengths.empty()) {
    for (const RxReport* report : rx) {
      lengths.push_back({report->first_bytes, 1});
    }
    const auto largest = std::max_element(
        lengths.begin(), lengths.end(),
        [](const LengthCount& a, const LengthCount& b) { return a.bytes < b.bytes; });
    lengths = {{largest->bytes != 0 ? largest->bytes : params.payload_bytes, 1}};
  }
  return lengths;
}

/// How IP cuts datagrams into packets.
struct Cutting {
  std::uint64_t header;     ///< of each of several; IPv6: with the fragment extension header
  std::uint64_t piece = 0;  ///< what one of several has behind it; 0: nothing came in fragments
  std::uint64_t whole = 0;  ///< bytes of the largest packet
  IpFamily family;

  [[nodiscard]] std::uint64_t packets(std::uint64_t payload) const {
    if (piece == 0 || payload + ip_udp_header_bytes(family) <= whole) {
      return 1;
    }
    return std::max<std::uint64_t>((payload + 8 + piece - 1) / piece, 1);
  }
  [[nodiscard]] std::uint64_t ip_headers(std::uint64_t payload) const {
    const std::uint64_t count = packets(payload);
    return count > 1 ? 8 + header * count : ip_udp_header_bytes(family);
  }
};

Cutting cutting_of(const std::vector<const RxReport*>& rx, IpFamily family) {
  std::uint64_t fragment = 0;
  for (const RxReport* report : rx) {
    fragment = std::max<std::uint64_t>(fragment, report->fragment_bytes);
  }
  Cutting cutting{family == IpFamily::v4 ? 20U : 48U, 0, fragment, family};
  if (fragment > cutting.header + 8) {
    cutting.piece = (fragment - cutting.header) / 8 * 8;
  }
  // A fragment carries a multiple of 8 and may have up to 7 bytes less than the link would take.
  // Nearly all links take a multiple of 20.
  const std::uint64_t link = (fragment + 19) / 20 * 20;
  if (link - fragment < 8) {
    cutting.whole = link;
  }
  return cutting;
}

/// Ethernet header and FCS, and preamble, SFD and gap, of each packet. A frame has 64 bytes or
/// more: what is smaller than 46 inside is filled up.
double ethernet_bytes(std::uint64_t packets, double ip_bytes) {
  constexpr double kLeastInFrame = 46;
  constexpr double kAround = 18 + 20;
  return std::max(kLeastInFrame - ip_bytes, 0.0) + kAround * static_cast<double>(packets);
}

}  // namespace

Layers layers_of(const std::vector<const RxReport*>& rx, const WayTraffic& traffic) {
  Layers layers;
  const Cutting cutting = cutting_of(rx, traffic.family);
  const Lengths lengths = lengths_of(rx, traffic);
  if (lengths.empty()) {
    layers.full_packets = cutting.packets(traffic.params.payload_bytes);
    if (cutting.piece == 0) {
      const std::uint64_t headers = cutting.ip_headers(0);
      const auto mean = traffic.params.mean_length(traffic.way);
      layers.mean = Layers::Mean{
          static_cast<double>(headers),
          ethernet_bytes(1, static_cast<double>(headers) + static_cast<double>(mean.bytes) /
                                                               static_cast<double>(mean.packets))};
    }
    return layers;
  }
  Layers::Mean sum;
  double count = 0;
  for (const LengthCount& length : lengths) {
    const std::uint64_t packets = cutting.packets(length.bytes);
    const auto headers = static_cast<double>(cutting.ip_headers(length.bytes));
    const auto times = static_cast<double>(length.count);
    layers.full_packets = std::max(layers.full_packets, packets);
    sum.ip_headers += times * headers;
    sum.ethernet += times * ethernet_bytes(packets, headers + static_cast<double>(length.bytes));
    count += times;
  }
  layers.mean = Layers::Mean{sum.ip_headers / count, sum.ethernet / count};
  return layers;
}

}  // namespace udperf::result
