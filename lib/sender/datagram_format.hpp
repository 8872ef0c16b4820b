#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace udperf::sender {

/// What is told of a batch in its datagrams' headers.
struct BatchStamp {
  std::uint64_t first_sequence = 0;  ///< from 0; the next datagram of the batch has the next number
  std::int64_t tx_time_ns = 0;       ///< of this host's monotonic clock
  std::uint32_t batch = 0;           ///< its own number, from 0, modulo 2^32
  std::uint64_t omitted = 0;         ///< datagrams of the warm-up, where it is over
};

/// How a protocol's data look on their way out. A Sender decides what leaves when, and keeps the
/// books; it knows of the bytes only what a format says. They are called once a batch, so that a
/// datagram costs no virtual call. Not thread-safe: of one stream.
class DatagramFormat {
 public:
  DatagramFormat() = default;
  DatagramFormat(const DatagramFormat&) = delete;
  DatagramFormat& operator=(const DatagramFormat&) = delete;
  virtual ~DatagramFormat() = default;

  /// The least that a datagram can have, at least 1: what no remainder of a given size may be cut
  /// down to.
  [[nodiscard]] virtual std::uint32_t least_bytes() const = 0;

  /// `capacity` datagrams of `length` bytes behind each other, as UDP_SEGMENT wants them, with
  /// everything in them that no batch changes; more bytes may follow.
  /// Preconditions: capacity >= 1, length >= least_bytes().
  [[nodiscard]] virtual std::vector<std::byte> make(std::uint32_t length,
                                                    std::uint32_t capacity) const = 0;

  /// Stamps the first `count` datagrams of what make() made with this `length`. Returns the offset
  /// at which they begin. Precondition: 1 <= count <= capacity.
  [[nodiscard]] virtual std::size_t stamp(const BatchStamp& stamp, std::span<std::byte> bytes,
                                          std::uint32_t length, std::uint32_t count) const = 0;

  /// What was made before the warm-up's end, and is marked as its own, is the test's from now on.
  virtual void end_warm_up(std::span<std::byte> /*bytes*/, std::uint32_t /*length*/) const {}
};

}  // namespace udperf::sender
