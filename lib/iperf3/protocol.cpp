#include "iperf3/protocol.hpp"

#include <cstring>
#include <utility>

namespace udperf::iperf3 {
namespace {

using NumberedWord = std::pair<std::uint32_t, const char*>;

/// In our words: the numbers are the protocol's, their texts are each program's own.
constexpr std::array kTexts = std::to_array<NumberedWord>({
    {5, "the test duration is out of range"},
    {6, "the number of streams is out of range"},
    {7, "the datagram length is too large"},
    {8, "the socket buffer is too large"},
    {9, "the report interval is out of range"},
    {12, "the omit time is out of range"},
    {15, "the burst size is out of range"},
    {16, "only one of time, bytes and blocks may end a test"},
    {20, "the UDP datagram length is not accepted"},
    {21, "the type of service is not accepted"},
    {25, "reverse and bidirectional exclude each other"},
    {27, "the total rate is above the server's limit"},
    {28, "the interval for the rate limit is out of range"},
    {30, "the idle timeout is out of range"},
    {37, "the test duration is above the server's limit"},
    {100, "the server could not prepare a test"},
    {102, "the server could not listen"},
    {104, "the server could not accept a connection"},
    {106, "the server did not receive the cookie"},
    {107, "the server could not write to the control connection"},
    {108, "the server could not read from the control connection"},
    {109, "the control connection was closed"},
    {110, "a message was not understood"},
    {111, "a message could not be sent"},
    {112, "a message could not be received"},
    {114, "the server could not read the parameters"},
    {115, "the results could not be put together"},
    {116, "the server could not send its results"},
    {117, "the server could not read the results"},
    {119, "the client ended the test"},
    {120, "the server ended the test"},
    {121, "the server is busy"},
    {124, "the socket buffer could not be set"},
    {125, "the type of service could not be set"},
    {131, "the transport protocol is not served"},
    {132, "the CPU affinity could not be set"},
    {140, "the pacing rate could not be set"},
    {141, "the system grants no socket buffer of that size"},
    {142, "authentication failed"},
    {143, "the network interface could not be used"},
    {144, "no data arrived in time"},
    {145, "fragmentation could not be forbidden"},
    {160, "the test lasted longer than the server allows"},
    {200, "a stream could not be made"},
    {201, "a stream could not be prepared"},
    {202, "the server could not listen for a stream"},
    {203, "a stream could not be connected"},
    {204, "a stream could not be accepted"},
    {205, "the server could not send data"},
    {206, "the server could not receive data"},
    {208, "a stream number is not known"},
});

}  // namespace

std::string describe(std::uint32_t error, std::uint32_t os_error) {
  const std::string numbered = "iperf3 error " + std::to_string(error);
  std::string text = numbered;
  for (const auto& [number, words] : kTexts) {
    if (number == error) {
      text = words;
      text.append(" (").append(numbered).append(")");
      break;
    }
  }
  constexpr std::uint32_t kMostErrno = 4096;
  if (os_error != 0 && os_error < kMostErrno) {
    text += ": " + std::string{std::strerror(static_cast<int>(os_error))};
  }
  return text;
}

}  // namespace udperf::iperf3
