#include "sender/native_format.hpp"

#include "base/network_order.hpp"
#include "base/seeded_bits.hpp"
#include "wire/compact_header.hpp"
#include "wire/messages.hpp"

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

/// The payload; headers are written over it.
std::vector<std::byte> payload_of(const NativeFormatSettings& settings, std::uint32_t length,
                                  std::uint32_t capacity) {
  std::vector<std::byte> bytes(std::size_t{length} * capacity);
  if (settings.payload == PayloadKind::random) {
    fill_random(bytes, settings.seed);
  }
  for (std::uint32_t i = 0; i < capacity && settings.payload == PayloadKind::alphabet; ++i) {
    fill_alphabet(std::span{bytes}
                      .subspan(std::size_t{i} * length, length)
                      .subspan(header_bytes(settings.header)));
  }
  return bytes;
}

class FullFormat final : public DatagramFormat {
 public:
  explicit FullFormat(const NativeFormatSettings& settings) : settings_(settings) {}

  [[nodiscard]] std::uint32_t least_bytes() const override { return kDataHeaderBytes; }

  [[nodiscard]] std::vector<std::byte> make(std::uint32_t length,
                                            std::uint32_t capacity) const override {
    auto bytes = payload_of(settings_, length, capacity);
    wire::DataHeader header;
    header.session = settings_.session;
    header.stream = settings_.stream;
    header.warm_up = settings_.warm_up;
    for (std::uint32_t i = 0; i < capacity; ++i) {
      const auto datagram = std::span{bytes}.subspan(std::size_t{i} * length, length);
      wire::encode(header, datagram.first<kDataHeaderBytes>());
    }
    return bytes;
  }

  [[nodiscard]] std::size_t stamp(const BatchStamp& stamp, std::span<std::byte> bytes,
                                  std::uint32_t length, std::uint32_t count) const override {
    std::byte* at = bytes.data();
    std::uint64_t sequence = stamp.first_sequence;
    const auto tx_time = static_cast<std::uint64_t>(stamp.tx_time_ns);
    const std::uint64_t place = (std::uint64_t{stamp.batch} << 32U) |
                                (std::uint64_t{count} << 16U) |
                                crypto::token(settings_.token_key, stamp.batch);
    for (std::uint32_t i = 0; i < count; ++i, at += length) {
      store_network_order(at + wire::kSequenceOffset, sequence++);
      store_network_order(at + 24, tx_time);
      store_network_order(at + 32, place | (std::uint64_t{i} << 24U));
    }
    return 0;
  }

  void end_warm_up(std::span<std::byte> bytes, std::uint32_t length) const override {
    for (std::size_t at = 0; at < bytes.size(); at += length) {
      bytes[at + wire::kFlagsOffset] &= ~wire::kWarmUpFlag;
    }
  }

 private:
  NativeFormatSettings settings_;
};

/// Has no flags: a warm-up has another tag.
class CompactFormat final : public DatagramFormat {
 public:
  explicit CompactFormat(const NativeFormatSettings& settings) : settings_(settings) {}

  [[nodiscard]] std::uint32_t least_bytes() const override { return kCompactHeaderBytes; }

  [[nodiscard]] std::vector<std::byte> make(std::uint32_t length,
                                            std::uint32_t capacity) const override {
    auto bytes = payload_of(settings_, length, capacity);
    write_tag(settings_.warm_up ? wire::warm_up_tag(settings_.tag) : settings_.tag, bytes, length);
    return bytes;
  }

  [[nodiscard]] std::size_t stamp(const BatchStamp& stamp, std::span<std::byte> bytes,
                                  std::uint32_t length, std::uint32_t count) const override {
    std::byte* at = bytes.data();
    std::uint64_t sequence = stamp.first_sequence;
    const auto tag = load_network_order<std::uint16_t>(at + wire::kCompactTagOffset);
    const std::uint64_t head = ((std::uint64_t{0x80U} | settings_.stream) << 56U) |
                               (std::uint64_t{stamp.batch % wire::kCompactBatches} << 32U);
    const std::uint64_t tail = (std::uint64_t{wire::compact_units(stamp.tx_time_ns)} << 32U) |
                               (std::uint64_t{tag} << 16U) |
                               crypto::token(settings_.token_key, stamp.batch);
    for (std::uint32_t i = 0; i < count; ++i, at += length) {
      store_network_order(at, head | static_cast<std::uint32_t>(sequence++));
      store_network_order(at + 8, tail);
    }
    return 0;
  }

  void end_warm_up(std::span<std::byte> bytes, std::uint32_t length) const override {
    write_tag(settings_.tag, bytes, length);
  }

 private:
  static void write_tag(std::uint16_t tag, std::span<std::byte> bytes, std::uint32_t length) {
    for (std::size_t at = 0; at < bytes.size(); at += length) {
      store_network_order(bytes.data() + at + wire::kCompactTagOffset, tag);
    }
  }

  NativeFormatSettings settings_;
};

}  // namespace

std::unique_ptr<DatagramFormat> make_native_format(const NativeFormatSettings& settings) {
  if (settings.header == HeaderKind::compact) {
    return std::make_unique<CompactFormat>(settings);
  }
  return std::make_unique<FullFormat>(settings);
}

}  // namespace udperf::sender
