#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

namespace udperf::iperf3 {

// The numbers of the iperf3 control protocol (docs/iperf3.md, Protocol).

inline constexpr std::uint16_t kDefaultPort = 5201;  ///< TCP for control, UDP for data
/// 36 characters and a NUL, the first thing a client sends. Any 37 bytes are taken for one.
inline constexpr std::size_t kCookieBytes = 37;
using Cookie = std::array<std::byte, kCookieBytes>;

/// One signed byte on the control connection.
enum class State : std::int8_t {
  test_start = 1,
  test_running = 2,
  test_end = 4,
  param_exchange = 9,
  create_streams = 10,
  server_terminate = 11,
  client_terminate = 12,
  exchange_results = 13,
  display_results = 14,
  iperf_done = 16,
  access_denied = -1,
  server_error = -2,
};

/// The error numbers that this program sends behind `server_error`.
enum class ErrorNumber : std::uint32_t {
  none = 0,
  stream_count = 6,
  interval = 9,
  omit_time = 12,
  burst = 15,
  datagram_length = 20,
  total_rate = 27,
  duration = 37,
  bad_message = 110,
  bad_parameters = 114,
  bad_results = 117,
  protocol = 131,
  affinity = 132,
  buffer_size = 141,
  authentication = 142,
  no_data = 144,
  duration_expired = 160,
  create_stream = 200,
};

/// What an iperf3 error number and errno mean, in words: "the rate is above the server's limit".
[[nodiscard]] std::string describe(std::uint32_t error, std::uint32_t os_error);

inline constexpr std::uint32_t kLeastLength = 16;
inline constexpr std::uint32_t kMostLength = 65507;
inline constexpr std::uint32_t kMostStreams = 128;  ///< of each direction
inline constexpr std::uint32_t kMostSeconds = 86'400;
inline constexpr std::uint32_t kMostOmitSeconds = 600;
inline constexpr std::uint32_t kMostCpu = 1024;
inline constexpr std::uint32_t kMostBurst = 1000;

/// Streams are numbered 1, 3, 4, 5, ... in the order in which they are made; 2 is never used.
[[nodiscard]] constexpr std::uint32_t stream_id(std::size_t index) {
  return index == 0 ? 1U : static_cast<std::uint32_t>(index) + 2U;
}

}  // namespace udperf::iperf3
