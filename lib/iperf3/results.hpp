#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace udperf::iperf3 {

/// More than a datagram a nanosecond in the longest of tests is nothing that anybody has counted.
inline constexpr std::uint64_t kMostPackets = std::uint64_t{1} << 47U;

/// What an end says of one stream when the test is over.
struct StreamResult {
  std::uint32_t id = 1;
  std::uint64_t bytes = 0;            ///< sent or received after the omitted time
  std::uint64_t packets = 0;          ///< sender: sent; receiver: what it takes as sent
  std::uint64_t errors = 0;           ///< receiver: lost
  std::uint64_t omitted_packets = 0;  ///< of `packets`
  std::uint64_t omitted_errors = 0;   ///< of `errors`
  double jitter_s = 0;                ///< receiver
  bool tells_omitted = false;         ///< since 3.14
  /// From the start, or the end of the omitted time; absent: a version before 3.2 does not tell.
  std::optional<double> seconds;
  /// Only a receiver that is this program tells these; a stock one has no field for them.
  std::optional<std::uint64_t> duplicates;
  std::optional<std::uint64_t> out_of_order;
};

/// What an end says of its half: each sends one, the client first.
struct Results {
  double cpu_total = 0;  ///< percent of one core, as are the next two
  double cpu_user = 0;
  double cpu_system = 0;
  bool sends = false;  ///< this end sent UDP data
  std::vector<StreamResult> streams;
  std::optional<std::string> server_output_text;
  std::optional<std::string> server_output_json;  ///< the text of a JSON object
};

/// The longest results that are read of a client with so many sockets, some three times what it has
/// to say: who reads them has others to serve. A server's may hold its whole report.
[[nodiscard]] constexpr std::size_t most_client_result_bytes(std::size_t sockets) {
  constexpr std::size_t kAlways = 4096;
  constexpr std::size_t kForSocket = 1024;
  return kAlways + kForSocket * sockets;
}
inline constexpr std::size_t kMostServerResultBytes = std::size_t{32} << 20U;

[[nodiscard]] std::string to_json(const Results& results);

/// Reads results: nothing when they are not that, or a stream of `streams` is missing or comes
/// twice. The streams are in the order of their numbers.
[[nodiscard]] std::optional<Results> read_results(std::string_view text, std::size_t streams);

}  // namespace udperf::iperf3
