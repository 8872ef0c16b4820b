#include "iperf3/datagram_format.hpp"

#include "base/seeded_bits.hpp"

namespace udperf::iperf3 {

std::vector<std::byte> DataFormat::make(std::uint32_t length, std::uint32_t capacity) const {
  std::vector<std::byte> bytes(std::size_t{length} * capacity);
  SeededBits bits{settings_.seed};
  std::uint64_t word = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (settings_.digits) {
      bytes[i] = static_cast<std::byte>('0' + i % length % 10);
    } else if (settings_.payload == PayloadKind::alphabet) {
      bytes[i] = static_cast<std::byte>('a' + i % length % 26);
    } else if (settings_.payload == PayloadKind::random) {
      word = i % sizeof word == 0 ? bits.next() : word >> 8U;
      bytes[i] = static_cast<std::byte>(word);
    }
  }
  return bytes;
}

std::size_t DataFormat::stamp(const sender::BatchStamp& stamp, std::span<std::byte> bytes,
                              std::uint32_t length, std::uint32_t count) const {
  std::byte* at = bytes.data();
  const std::uint64_t first = stamp.omitted + stamp.first_sequence + 1;
  for (std::uint32_t i = 0; i < count; ++i, at += length) {
    encode(at, settings_.counters, first + i, stamp.tx_time_ns);
  }
  return 0;
}

}  // namespace udperf::iperf3
