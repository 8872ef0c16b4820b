// Any bytes as the parameters and results of an iperf3 peer: what is read is within its bounds, and
// is read again from what is written of it.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "iperf3/authentication.hpp"
#include "iperf3/parameters.hpp"
#include "iperf3/peer_reports.hpp"
#include "iperf3/results.hpp"

namespace {

using namespace udperf;

void expect(bool good) {
  if (!good) {
    std::abort();
  }
}

void check_parameters(std::string_view text) {
  const auto read = iperf3::read_parameters(text);
  if (!read) {
    return;
  }
  expect(read->streams >= 1 && read->streams <= iperf3::kMostStreams);
  expect(read->length >= iperf3::kLeastLength && read->length <= iperf3::kMostLength);
  expect(read->seconds <= iperf3::kMostSeconds);
  const auto params = iperf3::to_test_params(*read);
  expect(params.payload_bytes == read->length);
  const auto again = iperf3::read_parameters(iperf3::to_json(*read));
  expect(again && again->length == read->length && again->sockets() == read->sockets());
}

void check_results(std::string_view text, std::size_t streams) {
  const auto read = iperf3::read_results(text, streams);
  if (!read) {
    return;
  }
  expect(read->streams.size() == streams);
  for (const auto& stream : read->streams) {
    const auto heard = iperf3::peer_received(stream, {1000, 10, 100, iperf3::Counters::narrow});
    expect(!heard.report || heard.report->sent == heard.report->unique + heard.report->lost);
    static_cast<void>(iperf3::peer_sent(stream, iperf3::Parameters{}));
  }
  expect(iperf3::read_results(iperf3::to_json(*read), streams).has_value());
}

void check_credentials(std::string_view text) {
  if (const auto who = iperf3::read_credentials(text)) {
    expect(iperf3::read_credentials(iperf3::to_text(*who)) == who);
  }
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer names it so
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  check_parameters(text);
  check_credentials(text);
  check_results(text, 1);
  check_results(text, 2);
  return 0;
}
