#include "base/seeded_bits.hpp"
#include "support/relay.hpp"
#include "wire/compact_header.hpp"

namespace udperf::test {

namespace {

/// Every bit of the input reaches every bit of the output.
std::uint64_t mix(std::uint64_t x) {
  return SeededBits{x}.next();
}

/// Uniform in [0, 1), from the passage alone; `question` tells the dice of one passage apart.
double dice(const RelayScript& script, const Passage& passage, std::uint64_t question) {
  const bool data = passage.is(wire::MessageType::data);
  std::uint64_t x = mix(script.seed);
  x = mix(x ^ static_cast<std::uint64_t>(passage.direction));
  x = mix(x ^ (std::uint64_t{passage.type} << 8U | passage.stream));
  x = mix(x ^ (data ? passage.sequence : passage.count));
  x = mix(x ^ question);
  return static_cast<double>(x >> 11U) * 0x1p-53;
}

}  // namespace

Passage inspect_datagram(Direction direction, std::span<const std::byte> datagram) {
  Passage passage;
  passage.direction = direction;
  passage.bytes = datagram.size();
  if (const auto header = wire::decode_common(datagram)) {
    passage.type = static_cast<std::uint8_t>(header->type);
    passage.stream = header->stream;
  }
  if (const auto data = wire::decode_data(datagram)) {
    passage.sequence = data->sequence;
  } else if (const auto compact = wire::decode_compact(datagram)) {
    passage.type = static_cast<std::uint8_t>(wire::MessageType::data);
    passage.stream = compact->stream;
    passage.sequence = compact->sequence_low;
  }
  return passage;
}

Fate decide_fate(const RelayScript& script, const Passage& passage) {
  if (script.decide) {
    if (const auto fate = script.decide(passage)) {
      return *fate;
    }
  }
  const auto& kinds = passage.is(wire::MessageType::data) ? script.data : script.control;
  const auto& impairment = kinds[static_cast<std::size_t>(passage.direction)];
  Fate fate;
  fate.drop = dice(script, passage, 0) < impairment.drop;
  if (!fate.drop) {
    fate.copies = dice(script, passage, 1) < impairment.duplicate ? 2 : 1;
    fate.delay = dice(script, passage, 2) < impairment.late ? impairment.hold : Duration{0};
  }
  return fate;
}

}  // namespace udperf::test
