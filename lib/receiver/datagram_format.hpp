#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace udperf::receiver {

/// What the header of a datagram of data says. Without initial values: read by read, they would
/// cost more than all the rest.
struct DataHead {
  std::uint64_t sequence;
  std::int64_t tx_time_ns;  ///< of the sender's monotonic clock
  std::uint32_t batch;
  std::uint32_t length;  ///< of the whole datagram
  std::uint16_t token;
  /// So many datagrams of the same length behind it are of its batch and have the next numbers; 0
  /// where it is not good.
  std::uint16_t followers;
  std::uint8_t index;  ///< place in the batch of `count`
  std::uint8_t count;
  std::uint8_t index_step;  ///< from each of them to the next: 0 where places are not told
  bool good;  ///< else nothing but the length is told: a header of no use, or of another stream
};

/// How a protocol's data look when they arrive. A Receiver keeps the books; it knows of the bytes
/// only what a format says. They are called once a read, so that a datagram costs no virtual call.
class DatagramFormat {
 public:
  DatagramFormat() = default;
  DatagramFormat(const DatagramFormat&) = delete;
  DatagramFormat& operator=(const DatagramFormat&) = delete;
  virtual ~DatagramFormat() = default;

  struct Arrivals {
    std::span<const std::byte> bytes;  ///< datagrams of `segment` bytes; the last may be shorter
    std::uint32_t segment = 0;         ///< > 0
    std::int64_t near_ns = 0;          ///< about when they left, by the sender's monotonic clock
    std::uint64_t next_expected = 0;   ///< the next number that has not been seen
  };

  /// The datagrams' headers in their order, but those that follow one, as many as `heads` has room
  /// for, up to the first datagram that is no data of this part of the test. Returns how many
  /// headers they are.
  [[nodiscard]] virtual std::size_t parse(const Arrivals& arrivals,
                                          std::span<DataHead> heads) const = 0;

  /// Whether a header alone says when its datagram left; else `near_ns` has to be known.
  [[nodiscard]] virtual bool tells_whole_time() const = 0;

  /// Whether a datagram of data says that it is of the warm-up, which is left out.
  [[nodiscard]] virtual bool of_warm_up(std::span<const std::byte> /*datagram*/) const {
    return false;
  }
};

}  // namespace udperf::receiver
