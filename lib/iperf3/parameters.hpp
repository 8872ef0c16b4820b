#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/time.hpp"
#include "iperf3/protocol.hpp"
#include "model/test_params.hpp"

namespace udperf::iperf3 {

/// What a client may say beside the test itself.
struct Extras {
  std::optional<std::uint32_t> server_affinity;  ///< the CPU that the server is to use, 0..1024
  std::uint32_t pacing_timer_us = 1000;          ///< heeded by old servers only
  bool zerocopy = false;                         ///< without effect on UDP
  bool skip_rx_copy = false;                     ///< the server need not look at payload
  std::optional<std::string> authtoken;          ///< see iperf3/authentication.hpp
};

/// What the IP headers of the data are to say.
struct IpMarks {
  std::uint8_t tos = 0;          ///< the whole octet
  std::uint32_t flow_label = 0;  ///< of IPv6
  bool dont_fragment = false;    ///< IPv4
};

/// Whether the sockets are to hand datagrams over many at a time; 3.21 and later.
struct Offload {
  std::optional<bool> gso;
  std::optional<bool> gro;
};

/// Text that stands in reports.
struct Labels {
  std::optional<std::string> title;
  std::optional<std::string> extra_data;
  std::string client_version;  ///< for information
};

/// What a client asks for: the parameter object of the control connection.
struct Parameters {
  bool udp = true;
  bool reverse = false;
  bool bidirectional = false;
  std::uint32_t omit_seconds = 0;  ///< 0..600
  std::uint32_t seconds = 10;      ///< 0..86400; 0 = no limit, or bytes or blocks end the test
  std::uint64_t bytes = 0;         ///< over all streams; 0 = not what ends it
  std::uint64_t blocks = 0;        ///< datagrams over all streams
  std::uint32_t streams = 1;       ///< of each direction, 1..128
  std::uint32_t length = 1460;     ///< of each datagram, 16..65507
  std::uint64_t rate_bps = 0;      ///< payload bit/s of each stream; 0 = unlimited
  std::uint64_t fq_rate_bps = 0;   ///< SO_MAX_PACING_RATE; 0 = not asked for
  std::uint32_t burst = 0;         ///< datagrams a burst, 0..1000
  std::uint32_t window = 0;        ///< socket buffers, bytes; 0 = the default
  IpMarks ip;
  bool counters_64bit = false;     ///< in the data's headers
  bool repeating_payload = false;  ///< digits instead of random bytes
  bool get_server_output = false;  ///< the results are to carry the server's own report
  Offload offload;
  Labels labels;
  Extras extras;

  [[nodiscard]] bool client_sends() const { return bidirectional || !reverse; }
  [[nodiscard]] bool server_sends() const { return bidirectional || reverse; }
  /// Sockets of the test: of both directions.
  [[nodiscard]] std::uint32_t sockets() const { return bidirectional ? 2 * streams : streams; }
};

/// The longest parameter object that is read: four times what a server since 3.18 takes.
inline constexpr std::size_t kMostParameterBytes = 32'768;

[[nodiscard]] std::string to_json(const Parameters& parameters);

/// Reads a parameter object. The error is the number that goes back behind `server_error`.
[[nodiscard]] Result<Parameters, ErrorNumber> read_parameters(std::string_view text);

/// What a test at a server, granted as `granted`, takes of a budget of bits a second: its rates,
/// and a burst of all streams as if it were spread over a second.
[[nodiscard]] std::uint64_t charged_bps(const Parameters& parameters, const TestParams& granted);

/// Datagrams that may leave at once where so long a time's worth of the rate may; 0, as the sender
/// likes, without a time or a rate.
[[nodiscard]] std::uint32_t burst_of(Duration window, std::uint64_t rate_bps, std::uint32_t length);

/// The same test in this program's terms; where nothing ends it, `amount` is all zeros.
[[nodiscard]] TestParams to_test_params(const Parameters& parameters);

}  // namespace udperf::iperf3
