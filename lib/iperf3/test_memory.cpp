#include "iperf3/test_memory.hpp"

#include <algorithm>

#include "iperf3/results.hpp"
#include "iperf3/sending_stream.hpp"
#include "iperf3/stream_account.hpp"

namespace udperf::iperf3 {
namespace {

/// Its socket, its task, its place in the record and in reports.
constexpr std::uint64_t kStream = 8U << 10U;
constexpr std::uint64_t kReceiversBooks = 8U << 10U;  ///< without what is below
constexpr std::uint64_t kSendersBooks = 4U << 10U;

/// Of the streams that the server receives. The omitted part has books of its own.
std::uint64_t receiving(const Parameters& asked) {
  const std::uint64_t books =
      kReceiversBooks + stats::Ipdv::bytes_for(StreamAccount::neighbours_apart(asked.streams));
  return asked.streams * (kStream + (asked.omit_seconds != 0 ? 2 : 1) * books);
}

/// Of those that it sends: at the rate that is asked for, or a lower one.
std::uint64_t sending(const Parameters& asked) {
  SendingStream::Settings settings;
  settings.length = asked.length;
  settings.rate_bps = asked.rate_bps;
  settings.burst = asked.burst;
  const std::uint64_t batches = std::min<std::uint64_t>(asked.streams, sender::BatchPool::kMost);
  return asked.streams * (kStream + kSendersBooks) + batches * SendingStream::batch_bytes(settings);
}

}  // namespace

bool TestMemory::take_streams(const Parameters& asked) {
  constexpr std::uint64_t kFirstNumbers = 5000;  // a page of the ledger, and its bitmap
  const std::uint64_t first = asked.client_sends() ? asked.streams * kFirstNumbers : 0;
  return streams_.grow((asked.client_sends() ? receiving(asked) : 0) +
                       (asked.server_sends() ? sending(asked) : 0) +
                       most_client_result_bytes(asked.sockets())) &&
         records_.grow(first) && counted_records_.grow(asked.omit_seconds != 0 ? first : 0);
}

}  // namespace udperf::iperf3
