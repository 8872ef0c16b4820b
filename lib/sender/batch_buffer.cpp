#include "sender/batch_buffer.hpp"

#include "base/seeded_bits.hpp"

namespace udperf::sender {
namespace {

void fill_random(std::span<std::byte> out, std::uint64_t seed) {
  SeededBits bits{seed};
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
      header_(settings.header),
      compact_head_((std::uint64_t{0x80U} | settings.stream) << 56U),
      tag_(settings.warm_up ? wire::warm_up_tag(settings.tag) : settings.tag),
      bytes_(std::size_t{settings.payload_bytes} * settings.capacity) {
  if (settings.payload == PayloadKind::random) {
    fill_random(bytes_, settings.seed);
  }
  for (std::uint32_t i = 0; i < capacity_; ++i) {
    const auto datagram =
        std::span{bytes_}.subspan(std::size_t{i} * payload_bytes_, payload_bytes_);
    if (settings.payload == PayloadKind::alphabet) {
      fill_alphabet(datagram.subspan(header_bytes(header_)));
    }
    if (header_ == HeaderKind::full) {
      wire::DataHeader header;
      header.session = settings.session;
      header.stream = settings.stream;
      header.warm_up = settings.warm_up;
      wire::encode(header, datagram.first<kDataHeaderBytes>());
    }
  }
}

void BatchBuffer::end_warm_up() {
  if (header_ != HeaderKind::full) {
    tag_ = wire::warm_up_tag(tag_);  // back again
    return;
  }
  for (std::uint32_t i = 0; i < capacity_; ++i) {
    bytes_[std::size_t{i} * payload_bytes_ + wire::kFlagsOffset] &= ~wire::kWarmUpFlag;
  }
}

void BatchBuffer::stamp_full(const Stamp& stamp, std::uint32_t count) {
  std::byte* at = bytes_.data();
  const auto tx_time = static_cast<std::uint64_t>(stamp.tx_time_ns);
  const std::uint64_t place =
      (std::uint64_t{stamp.batch} << 32U) | (std::uint64_t{count} << 16U) | stamp.token;
  for (std::uint32_t i = 0; i < count; ++i, at += payload_bytes_) {
    wire::detail::store(at + wire::kSequenceOffset, stamp.first_sequence + i);
    wire::detail::store(at + 24, tx_time);
    wire::detail::store(at + 32, place | (std::uint64_t{i} << 24U));
  }
}

void BatchBuffer::stamp_compact(const Stamp& stamp, std::uint32_t count) {
  std::byte* at = bytes_.data();
  const std::uint64_t head =
      compact_head_ | (std::uint64_t{stamp.batch % wire::kCompactBatches} << 32U);
  const std::uint64_t tail = (std::uint64_t{wire::compact_units(stamp.tx_time_ns)} << 32U) |
                             (std::uint64_t{tag_} << 16U) | stamp.token;
  for (std::uint32_t i = 0; i < count; ++i, at += payload_bytes_) {
    wire::detail::store(at, head | static_cast<std::uint32_t>(stamp.first_sequence + i));
    wire::detail::store(at + 8, tail);
  }
}

std::span<const std::byte> BatchBuffer::stamped(const Stamp& stamp, std::uint32_t count,
                                                std::uint32_t length) {
  if (header_ == HeaderKind::compact) {
    stamp_compact(stamp, count);
  } else {
    stamp_full(stamp, count);
  }
  const std::size_t size = count == 1 ? length : std::size_t{count} * payload_bytes_;
  return std::span{bytes_}.first(size);
}

}  // namespace udperf::sender
