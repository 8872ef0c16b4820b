#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/endpoint.hpp"
#include "model/reports.hpp"
#include "model/test_params.hpp"
#include "wire/header.hpp"

namespace udperf::wire {

using Nonce = std::array<std::byte, 16>;
using CookieBytes = std::array<std::byte, 32>;
using Digest = std::array<std::byte, 16>;

/// What an implementation can do beyond version 1; unknown bits are ignored.
inline constexpr std::uint32_t kCapAuthentication = 1U << 0U;
inline constexpr std::uint32_t kCapStreams = 1U << 1U;
inline constexpr std::uint32_t kCapDown = 1U << 2U;
/// Says in FEEDBACK how full its socket is, as often as a sender without a rate needs it.
inline constexpr std::uint32_t kCapQueue = 1U << 3U;
/// In REQUEST: the server, without a rate, shall send beyond what the client's socket takes.
inline constexpr std::uint32_t kCapFlood = 1U << 4U;
/// Knows TrafficShape. A server tells it in CHALLENGE, so that it is not asked for more than that.
inline constexpr std::uint32_t kCapTraffic = 1U << 5U;
/// Knows CompactHeader; likewise.
inline constexpr std::uint32_t kCapCompact = 1U << 6U;

/// Tells a warm-up from the rest (--omit).
inline constexpr std::uint32_t kCapOmit = 1U << 8U;
/// FEEDBACK and proofs of life may be rare where the test is light (session/light.hpp). In
/// ACCEPT: they are.
inline constexpr std::uint32_t kCapLight = 1U << 9U;
/// Has warm-ups of shaped traffic and with the compact header, too. A server tells it in CHALLENGE.
inline constexpr std::uint32_t kCapOmitAny = 1U << 10U;
/// What either end of this version can do, whatever the test: in REQUEST and ACCEPT.
inline constexpr std::uint32_t kCapsOfBothEnds =
    kCapStreams | kCapDown | kCapQueue | kCapTraffic | kCapCompact | kCapOmit | kCapOmitAny;

struct VersionRange {
  std::uint8_t lowest = kVersion;
  std::uint8_t highest = kVersion;

  bool operator==(const VersionRange&) const = default;
};

/// Client's first word. Creates nothing at the server. Padded to kPaddedRequestBytes.
struct Hello {
  Nonce nonce{};         ///< the client's, fresh for every test
  Digest params_hash{};  ///< fingerprint of the parameters that REQUEST will carry
  VersionRange versions;
  std::uint32_t capabilities = 0;
};

/// Server's stateless answer: a cookie that only who receives at that address can return.
struct Challenge {
  Nonce nonce{};
  CookieBytes cookie{};
  VersionRange versions;
  std::uint32_t capabilities = 0;
  bool needs_key = false;
};

/// Asks for a test, with proof of address. Padded to kPaddedRequestBytes.
struct Request {
  Nonce nonce{};
  CookieBytes cookie{};
  std::uint32_t capabilities = 0;
  TestParams params;
};

/// Grants it. The session id is in the common header.
struct Accept {
  Nonce nonce{};
  Nonce server_nonce{};  ///< to be returned in GO and JOIN: proof of address once more
  TestParams params;     ///< as granted
  Endpoint client;       ///< as the server sees it
  Digest host{};         ///< fingerprint of the server's host and clock: equal on the same host
  std::uint32_t capabilities = 0;
  std::uint32_t concurrent = 1;      ///< sessions at the server, this one included
  std::uint32_t receive_buffer = 0;  ///< of each of the server's sockets; 0 = not told
  std::uint64_t instance = 0;        ///< another number for each start of a server; 0 = not told
};

enum class RejectReason : std::uint16_t {
  version = 1,  ///< no version in common
  busy = 2,     ///< all session slots are taken; see retry_after
  too_many_from_you = 3,
  exclusive = 4,        ///< another test has the server to itself
  denied = 5,           ///< by address
  authentication = 6,   ///< the server wants a key, or another one
  parameters = 7,       ///< out of range; `limit`, if not 0: the bits that may be due at one moment
  duration = 8,         ///< longer than the server allows; `limit` has the limit in ns
  rate = 9,             ///< no bandwidth left in the server's budget; `limit` has bit/s left
  unlimited_rate = 10,  ///< the server allows only tests with a rate up to `limit` bit/s
  shutting_down = 11,
};

/// Refuses it. At most 64 bytes.
struct Reject {
  Nonce nonce{};
  RejectReason reason = RejectReason::busy;
  VersionRange versions;
  std::uint32_t retry_after_ms = 0;  ///< 0 = trying again is pointless or the time is not known
  std::uint64_t limit = 0;
};

/// Starts the test. `payload_bytes` is final: at most what was granted.
struct Go {
  Nonce server_nonce{};
  std::uint32_t payload_bytes = 0;
  std::uint32_t receive_buffer = 0;  ///< of each of the client's sockets; 0 = not told
  std::uint64_t round_trip_ns = 0;   ///< the shortest that the client has seen; 0 = not told
};

/// GO_ACK, FIN_ACK, JOIN_ACK carry nothing but the common header.
struct Empty {};

/// Asks for an answer at once: round-trip time, clock offset, path MTU, proof of offload, and sign
/// of life. May be padded to any size.
struct Probe {
  std::uint64_t id = 0;
  std::int64_t t1_ns = 0;  ///< sender's monotonic clock
  /// Pad the answer to this, and forbid to fragment it: 0 = a small answer. More than the question
  /// has is only granted before GO, by a server that is to send data.
  std::uint16_t reply_bytes = 0;
};

/// What stamped a probe's arrival.
enum class ProbeStamp : std::uint8_t { untold = 0, user = 1, kernel = 2 };

struct ProbeReply {
  std::uint64_t id = 0;
  std::int64_t t1_ns = 0;
  std::int64_t t2_ns = 0;  ///< arrival of the probe, replier's monotonic clock
  std::int64_t t3_ns = 0;  ///< departure of this answer
  std::uint32_t received_bytes = 0;
  std::uint32_t sessions_max = 0;  ///< most at the server at once beside and with this one so far
  std::int64_t utc_minus_mono_ns = 0;  ///< of the replier's clocks, when it answered
  std::uint32_t path_mtu = 0;  ///< largest IP packet towards the asker, as ICMP told the replier
  ProbeStamp stamp = ProbeStamp::untold;  ///< of t2
};

/// What the receiver of a stream has seen so far, every 50 ms: the sender's permit to go on.
struct Feedback {
  std::uint64_t number = 0;         ///< counts up; older ones than the latest are ignored
  std::uint64_t next_expected = 0;  ///< highest sequence number seen plus one
  std::uint64_t unique = 0;
  std::uint64_t unique_bytes = 0;
  std::uint64_t duplicates = 0;
  std::uint64_t reordered = 0;
  std::uint32_t echo_batch = 0;  ///< batch and token of the latest DATA datagram
  std::uint16_t echo_token = 0;
  bool has_echo = false;
  std::int64_t echo_tx_ns = 0;  ///< its tx_time
  std::int64_t held_ns = 0;     ///< time between its arrival and this message
  // the totals at the end of the last complete interval, so that the other end can show it
  std::uint64_t intervals = 0;  ///< complete intervals so far
  std::uint64_t at_unique = 0;
  std::uint64_t at_bytes = 0;
  std::uint64_t at_next = 0;
  std::uint64_t at_duplicates = 0;
  std::uint64_t at_reordered = 0;
  // how full the receiving socket is, as its kernel counts
  std::uint32_t queue_bytes = 0;
  std::uint32_t queue_limit = 0;   ///< 0 = not told
  std::uint32_t queue_drops = 0;   ///< buffers dropped so far, modulo 2^32
  std::uint32_t queue_cost = 0;    ///< what 1024 bytes of DATA take of it
  std::uint64_t omitted_next = 0;  ///< of next_expected, so much is of the warm-up
};

/// The sender's final word on a stream, repeated until REPORT has arrived.
struct Fin {
  TxReport report;
  std::int64_t rtt_max_ns = 0;  ///< longest round trip the sender has seen; 0 = not known
};

/// A piece of the receiver's report; pulled with REPORT_PULL until complete.
struct ReportChunk {
  static constexpr std::size_t kMaxBytes = 1100;  ///< of `bytes`
  static constexpr std::size_t kHeadBytes = 10;   ///< total, offset and length, before them

  std::uint32_t total = 0;   ///< bytes of the whole report
  std::uint32_t offset = 0;  ///< of this piece
  std::vector<std::byte> bytes;
};

/// Asks for the report from `offset` on; offset == total says that all of it has arrived.
struct ReportPull {
  std::uint32_t offset = 0;
  std::uint16_t chunks = 1;  ///< how many pieces to send at most, 1..32
};

enum class ByeReason : std::uint16_t { done = 0, interrupted = 1, failed = 2, shutting_down = 3 };

/// Ends the session. Repeated; needs no answer.
struct Bye {
  ByeReason reason = ByeReason::done;
};

/// Adds a stream: sent from the address that the stream will use, with that address's cookie.
struct Join {
  Nonce nonce{};
  CookieBytes cookie{};
  Nonce server_nonce{};
};

/// The whole datagram: common header, fields, zero padding up to `padded_to` (0 = none).
template <typename Message>
[[nodiscard]] std::vector<std::byte> encode(MessageType type, std::uint64_t session,
                                            std::uint8_t stream, const Message& message,
                                            std::size_t padded_to = 0);

/// The fields behind the common header; nothing when they are cut short or out of range. Padding
/// and fields that a later version appends are ignored.
template <typename Message>
[[nodiscard]] std::optional<Message> decode(std::span<const std::byte> datagram);

/// Fingerprint input and REQUEST's own form of the parameters.
[[nodiscard]] std::vector<std::byte> encode_params(const TestParams& params);

/// The longest report that is read: what a peer can make us allocate follows from it.
inline constexpr std::size_t kMaxReportBytes = 12U << 20U;
/// The byte string that REPORT chunks carry (docs/protocol.md 7.1).
[[nodiscard]] std::vector<std::byte> encode_report(const RxReport& report);
/// And back; nothing where it is cut short, of another format, or not believable()
/// (wire/bounds.hpp).
[[nodiscard]] std::optional<RxReport> decode_report(std::span<const std::byte> bytes);

}  // namespace udperf::wire
