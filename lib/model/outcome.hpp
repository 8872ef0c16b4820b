#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/endpoint.hpp"
#include "base/result.hpp"
#include "model/reports.hpp"
#include "model/test_params.hpp"

namespace udperf {

/// How a test ended, by the words that results have for it (docs/metrics.md, `status`).
enum class TestStatus : std::uint8_t {
  complete,     ///< both ends finished their books
  incomplete,   ///< it had started and was cut short: the figures are partial
  interrupted,  ///< SIGINT or SIGTERM at this end: the figures are partial
  error,        ///< it never started
};

/// What both ends measured of one stream in one way. Either side may be missing when a test was cut
/// short: what the other end did not tell is not known.
struct StreamOutcome {
  std::optional<TxReport> tx;
  std::optional<RxReport> rx;
};

/// An interval as the receiver told of it while the test ran, over all streams; provisional.
struct SeenInterval {
  Duration start{0};  ///< since the first arrival
  Duration end{0};
  std::uint64_t unique = 0;
  std::uint64_t bytes = 0;
  std::uint64_t passed = 0;  ///< sequence numbers that the highest one rose by
  std::uint64_t duplicates = 0;
  std::uint64_t reordered = 0;
};

/// One way of a test, stream by stream.
struct WayOutcome {
  std::vector<StreamOutcome> streams;
  /// What is known of the intervals where the receiver's report is missing.
  std::vector<SeenInterval> seen = {};
};

/// What --packet-size auto found out about one direction (RFC 8899).
struct PathMtu {
  std::optional<std::uint32_t> payload_bytes;  ///< largest that crossed whole; absent: none did
  bool exact = false;        ///< one byte more does not cross, or was not wanted (see capped)
  bool capped = false;       ///< the largest size that was tried crossed: the path may take more
  bool icmp_seen = false;    ///< a hop said by ICMP what it takes
  bool local_limit = false;  ///< the sending host's own device takes no more
  bool black_hole = false;   ///< larger ones disappear without a word

  bool operator==(const PathMtu&) const = default;
};

/// How this host's clock relates to the peer's (docs/metrics.md, `clock`).
struct ClockEstimate {
  std::string method;                          ///< "same_host", "corridor"
  std::optional<std::int64_t> offset_ns;       ///< peer's UTC minus ours
  std::optional<std::int64_t> uncertainty_ns;  ///< half the width of what is possible
  std::optional<std::int64_t> theta_ns;        ///< server's monotonic clock minus the client's
  /// As uncertainty_ns, but for any moment of the test: with what the clocks may drift in it.
  std::optional<std::int64_t> delay_uncertainty_ns;
  std::optional<double> skew_ppm;  ///< how much faster the peer's clock runs
  std::optional<double> skew_uncertainty_ppm;
  std::optional<bool> step_detected;
  bool peer_stepped = false;  ///< the peer's, and not only what both read as one
};

/// What the server of a classic test answered to STOP.
struct ClassicAnswer {
  std::string text;  ///< as received, at most kMostBytes; empty: none came
  std::optional<double> kilobytes_per_second;  ///< absent where the text does not say

  static constexpr std::size_t kMostBytes = 512;
};

/// The other end of a test that spoke the iperf3 protocol, which tells a few figures only.
struct Iperf3Peer {
  bool tells_copies = false;  ///< where it received, it told of copies and of order (udperf does)
};

/// The flows of a test with --flows, told apart by the client's UDP port.
struct FlowPorts {
  std::vector<std::uint16_t> of_streams;  ///< the port of each stream
  std::vector<std::uint16_t> silent;      ///< ports that got no answer and so have no stream
};

/// Everything that is known at the client when a test is over, whatever way it ended: the input of
/// build_result().
struct TestOutcome {
  TestStatus status = TestStatus::error;
  std::optional<Error> error;
  std::optional<std::uint32_t> retry_after_ms;  ///< when the server was busy
  bool fell_silent = false;  ///< it had started, and ended since nothing came from the server
  std::vector<Warning> warnings;

  std::optional<std::uint64_t> session;  ///< the test's id; absent when it never started
  UnixTime start;
  UnixTime end;
  TestParams params;  ///< as granted; as asked when the test never started
  Endpoint client;
  std::optional<Endpoint> client_seen_by_server;
  std::optional<Endpoint> server;
  std::string server_name;  ///< as the user wrote it
  bool authenticated = false;
  std::uint32_t concurrent_sessions_max = 0;  ///< at the server, this one included; 0 = not told
  std::vector<std::pair<std::string, std::string>> labels;

  std::optional<WayOutcome> up;
  std::optional<WayOutcome> down;
  std::optional<RttSummary> rtt_idle;
  std::optional<RttSummary> rtt_loaded;
  std::optional<ClockEstimate> clock;
  std::optional<PathMtu> mtu_up;  ///< absent where it was not looked for
  std::optional<PathMtu> mtu_down;
  std::optional<ClassicAnswer> classic;  ///< of a classic test only
  std::optional<Iperf3Peer> iperf3;      ///< of a test by the iperf3 protocol only
  std::optional<FlowPorts> flows;        ///< of a test with --flows only
  int control_refused = 0;  ///< why this host refused control messages, an errno; 0: it did not
};

/// What the server knows of one session when it closes: its own half, and the client's figures
/// where the client sent them.
struct SessionOutcome {
  std::uint64_t session = 0;
  Endpoint client;
  Endpoint server;  ///< the local address the client was served from
  UnixTime opened;
  UnixTime closed;
  TestParams params;
  TestStatus status = TestStatus::incomplete;
  std::string reason;  ///< why it closed, in words: "complete", "client went silent", ...
  std::optional<WayOutcome> up;
  std::optional<WayOutcome> down;
  std::uint32_t concurrent_sessions_max = 1;
  std::optional<Iperf3Peer> iperf3;  ///< the client spoke the iperf3 protocol
};

}  // namespace udperf
