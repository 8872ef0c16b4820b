#include "sender/batch_buffer.hpp"

namespace udperf::sender {
namespace {

/// SplitMix64: incompressible, cheap, and the same for a seed everywhere.
class PayloadBits {
 public:
  explicit PayloadBits(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() {
    state_ += 0x9E3779B97F4A7C15U;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27U)) * 0x94D049BB133111EBU;
    return z ^ (z >> 31U);
  }

 private:
  std::uint64_t state_;
};

void fill_random(std::span<std::byte> out, std::uint64_t seed) {
  PayloadBits bits{seed};
  std::uint64_t word = 0;
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (i % sizeof word == 0) {
      word = bits.next();
    }
    out[i] = static_cast<std::byte>(word);
    word >>= 8U;
  }
}

void fill_alphabet(std::span<std::byte> out) {
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i] = static_cast<std::byte>('a' + i % 26);
  }
}

}  // namespace

BatchBuffer::BatchBuffer(const Settings& settings)
    : payload_bytes_(settings.payload_bytes),
      capacity_(settings.capacity),
      bytes_(std::size_t{settings.payload_bytes} * settings.capacity) {
  if (settings.payload == PayloadKind::random) {
    fill_random(bytes_, settings.seed);
  }
  for (std::uint32_t i = 0; i < capacity_; ++i) {
    const auto datagram =
        std::span{bytes_}.subspan(std::size_t{i} * payload_bytes_, payload_bytes_);
    if (settings.payload == PayloadKind::alphabet) {
      fill_alphabet(datagram.subspan(kDataHeaderBytes));
    }
    wire::DataHeader header;
    header.session = settings.session;
    header.stream = settings.stream;
    wire::encode(header, datagram.first<kDataHeaderBytes>());
  }
}

std::span<const std::byte> BatchBuffer::stamped(const Stamp& stamp, std::uint32_t count,
                                                std::uint32_t length) {
  std::byte* at = bytes_.data();
  const auto tx_time = static_cast<std::uint64_t>(stamp.tx_time_ns);
  const std::uint64_t place =
      (std::uint64_t{stamp.batch} << 32U) | (std::uint64_t{count} << 16U) | stamp.token;
  for (std::uint32_t i = 0; i < count; ++i, at += payload_bytes_) {
    wire::detail::store(at + wire::kSequenceOffset, stamp.first_sequence + i);
    wire::detail::store(at + 24, tx_time);
    wire::detail::store(at + 32, place | (std::uint64_t{i} << 24U));
  }
  const std::size_t size = count == 1 ? length : std::size_t{count} * payload_bytes_;
  return std::span{bytes_}.first(size);
}

}  // namespace udperf::sender
