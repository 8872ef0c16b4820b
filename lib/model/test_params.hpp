#pragma once

#include <cstdint>
#include <optional>

#include "base/endpoint.hpp"
#include "base/time.hpp"
#include "base/units.hpp"
#include "model/traffic_shape.hpp"
#include "model/voice.hpp"

namespace udperf {

/// Size of the header at the head of every DATA datagram (docs/protocol.md, DATA). It is part of
/// the payload that udperf counts.
inline constexpr std::uint32_t kDataHeaderBytes = 40;
/// The same of the short form, for datagrams without room for the other.
inline constexpr std::uint32_t kCompactHeaderBytes = 16;
/// The largest UDP payload over IPv4 (65535 - 20 - 8) and IPv6 (65535 - 8, no jumbograms; the
/// smaller one is taken so that both families have the same limit).
inline constexpr std::uint32_t kMaxPayloadBytes = 65507;
/// What `--packet-size auto` never exceeds: an Ethernet MTU of 1500 less the IP and UDP headers.
inline constexpr std::uint32_t kAutoPayloadV4 = 1472;
inline constexpr std::uint32_t kAutoPayloadV6 = 1452;
[[nodiscard]] constexpr std::uint32_t most_auto_payload(IpFamily family) {
  return family == IpFamily::v4 ? kAutoPayloadV4 : kAutoPayloadV6;
}
inline constexpr std::uint16_t kMaxStreams = 128;
inline constexpr std::uint16_t kDefaultPort = 5555;
inline constexpr Duration kMostOmit = std::chrono::hours{1};
inline constexpr Duration kMostBurst = std::chrono::milliseconds{50};

/// Which way data flows, seen from the client: up is client to server.
enum class Direction : std::uint8_t { up = 1, down = 2, both = 3 };
/// One way of a test.
enum class Way : std::uint8_t { up = 0, down = 1 };

[[nodiscard]] constexpr bool includes(Direction direction, Way way) {
  return (static_cast<unsigned>(direction) & (way == Way::up ? 1U : 2U)) != 0;
}

enum class PayloadKind : std::uint8_t { random = 0, alphabet = 1, zero = 2 };

/// --gso, --gro
enum class OffloadMode : std::uint8_t { automatic = 0, on = 1, off = 2 };

/// --df: whether datagrams may be fragmented on the way.
enum class DontFragment : std::uint8_t { off = 0, on = 1 };

/// The form of header that DATA has (--header).
enum class HeaderKind : std::uint8_t { full = 0, compact = 1 };

[[nodiscard]] constexpr std::uint32_t header_bytes(HeaderKind header) {
  return header == HeaderKind::compact ? kCompactHeaderBytes : kDataHeaderBytes;
}

/// What ends the sending of one direction: exactly one of the three is not zero.
struct Amount {
  std::uint64_t size_bytes = 0;  ///< payload bytes over all streams
  std::uint64_t packets = 0;     ///< datagrams over all streams
  Duration duration{0};

  bool operator==(const Amount&) const = default;
};

/// What both ends agreed on: fixed for the test once the server has accepted it.
struct TestParams {
  Direction direction = Direction::up;
  std::uint16_t streams = 1;  ///< 1..128
  /// Of a datagram, header included; of a mix the largest, of both ways.
  std::uint32_t payload_bytes = kAutoPayloadV4;
  Amount amount;     ///< of each direction that runs
  SendRate rate_up;  ///< total over all streams
  SendRate rate_down;
  Duration interval = std::chrono::seconds{1};  ///< 10 ms .. 1 h
  PayloadKind payload = PayloadKind::random;
  OffloadMode gso = OffloadMode::automatic;
  OffloadMode gro = OffloadMode::automatic;
  std::uint8_t dscp = 0;  ///< 0..63
  std::uint8_t ecn = 0;   ///< RFC 3168 code point to send, 0..3
  DontFragment df = DontFragment::off;
  Duration gap_threshold = std::chrono::milliseconds{50};  ///< silences longer than this are listed
  Duration burst{0};  ///< a sender's burst window, at most kMostBurst; 0 = as its host needs
  TrafficShape shape_up;
  TrafficShape shape_down;
  std::uint64_t seed = 0;  ///< of what the shapes draw at random
  HeaderKind header = HeaderKind::full;
  Profile profile = Profile::none;
  VoiceSetup voice;
  Duration omit{0};  ///< sent before everything else and left out of the figures, at most kMostOmit

  [[nodiscard]] const TrafficShape& shape(Way way) const {
    return way == Way::up ? shape_up : shape_down;
  }
  /// The mean length of a way's datagrams, but for the last of a test of a given size. Of frames
  /// that of a mean one's.
  [[nodiscard]] MeanLength mean_length(Way way) const;
  /// Payload bytes of a mean frame of each stream. Precondition: the way has frames, and a rate.
  [[nodiscard]] std::uint64_t frame_bytes(Way way) const;
  /// Whether a way needs more of its peer than equal datagrams at equal distances.
  [[nodiscard]] bool shaped() const {
    return shape_up != TrafficShape{} || shape_down != TrafficShape{};
  }
  [[nodiscard]] const SendRate& rate(Way way) const { return way == Way::up ? rate_up : rate_down; }
  bool operator==(const TestParams&) const = default;
};

/// Why `params` cannot be run by anyone, or nothing: every field against its documented range and
/// the amount against the packet size. What a policy forbids is the server's own matter.
[[nodiscard]] std::optional<Error> check_params(const TestParams& params);

/// The smallest datagram of the ways that run, but for the last of a test of a given size.
[[nodiscard]] std::uint32_t smallest_length(const TestParams& params);

/// What a rate is in payload bits per second, of all streams; saturates. 0 without a limit.
[[nodiscard]] std::uint64_t payload_bps(const TestParams& params, Way way, const SendRate& rate);

/// How long the test's data phase should last at most by its own parameters, warm-up included, or
/// nothing when that follows from the path (a size or packet count as fast as it goes).
[[nodiscard]] std::optional<Duration> expected_duration(const TestParams& params, Way way);

}  // namespace udperf
