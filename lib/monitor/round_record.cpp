#include "monitor/round_record.hpp"

#include <algorithm>
#include <cmath>

#include "monitor/byte_codec.hpp"

namespace udperf::monitor {
namespace {

constexpr std::uint64_t kRecordVersion = 1;

/// Of a record, and of a way: what is there, a bit each.
enum : std::uint64_t {
  tried = 1U,
  restarted = 2U,
  stepped = 4U,
  has_offset = 8U,
  has_uncertainty = 16U,
  has_up = 32U,
  has_down = 64U,
  has_rtt = 128U,
};
enum : std::uint64_t {
  has_rx_socket = 1U,
  has_tx_host = 2U,
  has_goodput = 4U,
  has_jitter = 8U,
  has_hops = 16U,
  has_payload = 32U,
  has_delay = 64U,
  has_voice = 128U,
  has_found = 256U,
};
/// Of a voice.
enum : std::uint64_t {
  has_mos = 1U,
  has_r = 2U,
  has_missed = 4U,
};

std::uint64_t if_so(bool there, std::uint64_t bit) {
  return there ? bit : 0U;
}

std::size_t address_bytes(IpFamily family) {
  return family == IpFamily::v4 ? 4 : 16;
}

/// The family's number, the address and the port; 0 for none.
void put_address(std::string& out, const std::optional<Endpoint>& endpoint) {
  if (!endpoint) {
    put_number(out, 0);
    return;
  }
  const IpAddress& address = endpoint->address;
  put_number(out, static_cast<std::uint64_t>(address.family));
  for (std::size_t i = 0; i < address_bytes(address.family); ++i) {
    out += static_cast<char>(address.bytes.at(i));
  }
  put_number(out, endpoint->port);
}

/// In millionths, which is finer than anybody hears.
constexpr double kMillionths = 1e6;

void put_voice(std::string& out, const RoundVoice& voice) {
  put_number(out, if_so(voice.mos.has_value(), has_mos) | if_so(voice.r.has_value(), has_r) |
                      if_so(voice.missed_ratio.has_value(), has_missed));
  for (const auto& figure : {voice.mos, voice.r, voice.missed_ratio}) {
    if (figure) {
      put_number(out, static_cast<std::uint64_t>(
                          std::llround(std::clamp(*figure, 0.0, 100.0) * kMillionths)));
    }
  }
}

RoundVoice read_voice(ByteReader& reader) {
  RoundVoice voice;
  const std::uint64_t there = reader.number();
  const auto figure = [&](std::uint64_t bit) {
    return (there & bit) != 0 ? std::optional{static_cast<double>(reader.number()) / kMillionths}
                              : std::nullopt;
  };
  voice.mos = figure(has_mos);
  voice.r = figure(has_r);
  voice.missed_ratio = figure(has_missed);
  return voice;
}

void put_bps(std::string& out, double bps) {
  constexpr double kMostBps = 1e15;
  put_number(out, static_cast<std::uint64_t>(std::llround(std::clamp(bps, 0.0, kMostBps))));
}

void put_way(std::string& out, const RoundWay& way) {
  put_number(out,
             if_so(way.lost_rx_socket.has_value(), has_rx_socket) |
                 if_so(way.lost_tx_host.has_value(), has_tx_host) |
                 if_so(way.goodput_bps.has_value(), has_goodput) |
                 if_so(way.jitter.has_value(), has_jitter) | if_so(way.hops.has_value(), has_hops) |
                 if_so(way.payload_bytes.has_value(), has_payload) |
                 if_so(way.delay.has_value(), has_delay) | if_so(way.voice.has_value(), has_voice) |
                 if_so(way.found_bps.has_value(), has_found));
  if (way.goodput_bps) {
    put_bps(out, *way.goodput_bps);
  }
  if (way.jitter) {
    put_signed(out, way.jitter->count());
  }
  if (way.hops) {
    put_number(out, *way.hops);
  }
  if (way.payload_bytes) {
    put_number(out, *way.payload_bytes);
  }
  if (way.voice) {
    put_voice(out, *way.voice);
  }
  if (way.found_bps) {
    put_bps(out, *way.found_bps);
  }
}

std::optional<Endpoint> read_address(ByteReader& reader) {
  const std::uint64_t family = reader.number();
  if (family != static_cast<std::uint64_t>(IpFamily::v4) &&
      family != static_cast<std::uint64_t>(IpFamily::v6)) {
    return std::nullopt;
  }
  Endpoint endpoint;
  endpoint.address.family = static_cast<IpFamily>(family);
  const std::string_view bytes = reader.bytes(address_bytes(endpoint.address.family));
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    endpoint.address.bytes.at(i) = static_cast<std::uint8_t>(bytes[i]);
  }
  endpoint.port = static_cast<std::uint16_t>(reader.number());
  return endpoint;
}

/// A way of one round from its sums, which are its figures.
RoundWay way_of(const WayTotals& sums) {
  RoundWay way;
  way.sent = sums.sent;
  way.unique = sums.unique;
  way.lost = sums.lost;
  way.duplicates = sums.duplicates;
  way.reordered = sums.reordered;
  way.late = sums.late;
  way.sent_bytes = sums.sent_bytes;
  way.unique_bytes = sums.unique_bytes;
  way.delay_variation = sums.delay_variation;
  return way;
}

RoundWay read_way(ByteReader& reader, const WayTotals& sums) {
  RoundWay way = way_of(sums);
  const std::uint64_t there = reader.number();
  if ((there & has_rx_socket) != 0) {
    way.lost_rx_socket = sums.lost_rx_socket;
  }
  if ((there & has_tx_host) != 0) {
    way.lost_tx_host = sums.lost_tx_host;
  }
  if ((there & has_goodput) != 0) {
    way.goodput_bps = static_cast<double>(reader.number());
  }
  if ((there & has_jitter) != 0) {
    way.jitter = Duration{reader.signed_number()};
  }
  if ((there & has_hops) != 0) {
    way.hops = static_cast<std::uint8_t>(reader.number());
  }
  if ((there & has_payload) != 0) {
    way.payload_bytes = static_cast<std::uint32_t>(reader.number());
  }
  if ((there & has_delay) != 0) {
    way.delay = sums.delay;
  }
  if ((there & has_voice) != 0) {
    way.voice = read_voice(reader);
  }
  if ((there & has_found) != 0) {
    way.found_bps = static_cast<double>(reader.number());
  }
  return way;
}

}  // namespace

std::string encode_record(const RoundResult& round) {
  std::string out;
  put_number(out, kRecordVersion);
  put_number(out, if_so(round.tried, tried) | if_so(round.server_restarted, restarted) |
                      if_so(round.clock_stepped, stepped) |
                      if_so(round.clock_offset_ns.has_value(), has_offset) |
                      if_so(round.clock_uncertainty_ns.has_value(), has_uncertainty) |
                      if_so(round.up.has_value(), has_up) |
                      if_so(round.down.has_value(), has_down) |
                      if_so(round.rtt.has_value(), has_rtt));
  put_number(out, round.session);
  put_number(out, round.server);
  put_number(out, round.params.seed);
  put_signed(out, round.lateness.count());
  put_signed(out, round.host_lateness.count());
  put_number(out, round.error ? static_cast<std::uint64_t>(round.error->code) + 1 : 0);
  put_address(out, round.address);
  if (round.clock_offset_ns) {
    put_signed(out, *round.clock_offset_ns);
  }
  if (round.clock_uncertainty_ns) {
    put_signed(out, *round.clock_uncertainty_ns);
  }
  if (round.up) {
    put_way(out, *round.up);
  }
  if (round.down) {
    put_way(out, *round.down);
  }
  return out;
}

std::optional<RoundResult> decode_record(std::string_view bytes, const Totals& totals) {
  ByteReader reader{bytes};
  if (reader.number() != kRecordVersion) {
    return std::nullopt;
  }
  RoundResult round;
  const std::uint64_t there = reader.number();
  round.rounds = totals.all_rounds();
  round.tried = (there & tried) != 0;
  round.server_restarted = (there & restarted) != 0;
  round.clock_stepped = (there & stepped) != 0;
  round.session = reader.number();
  round.server = reader.number();
  round.params.seed = reader.number();
  round.lateness = Duration{reader.signed_number()};
  round.host_lateness = Duration{reader.signed_number()};
  const std::uint64_t code = reader.number();
  if (code > 0 && code <= static_cast<std::uint64_t>(ErrorCode::cut_short) + 1) {
    round.error = Error{static_cast<ErrorCode>(code - 1), {}, 0, {}};
  }
  round.address = read_address(reader);
  if ((there & has_offset) != 0) {
    round.clock_offset_ns = reader.signed_number();
  }
  if ((there & has_uncertainty) != 0) {
    round.clock_uncertainty_ns = reader.signed_number();
  }
  if ((there & has_up) != 0) {
    round.up = read_way(reader, totals.up);
  }
  if ((there & has_down) != 0) {
    round.down = read_way(reader, totals.down);
  }
  if ((there & has_rtt) != 0) {
    round.rtt = RoundTrips{totals.rtt_sent, totals.rtt};
  }
  return reader.good() && reader.at_end() ? std::optional{std::move(round)} : std::nullopt;
}

}  // namespace udperf::monitor
