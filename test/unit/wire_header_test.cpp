#include <array>
#include <limits>

#include "base/network_order.hpp"
#include "support/catch.hpp"
#include "wire/header.hpp"

using namespace udperf;
using wire::DataHeader;

namespace {

using Frame = std::array<std::byte, kDataHeaderBytes>;

template <typename... Bytes>
constexpr std::array<std::byte, sizeof...(Bytes)> frame_of(Bytes... bytes) {
  return {static_cast<std::byte>(bytes)...};
}

// Typed by hand from docs/protocol.md section 1 and 4, not produced by encode().
constexpr auto kGolden = frame_of(                   //
    'U', 'D', 'P', 'F', 1, 10, 3, 0,                 // magic, version, type, stream, flags
    0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88,  // session
    0, 0, 0, 0, 0, 0, 1, 0,                          // sequence 256
    0, 0, 0, 0, 0x3B, 0x9A, 0xCA, 0,                 // one second in nanoseconds
    0, 0, 0, 7, 2, 45, 0xAB, 0xCD);                  // batch 7, index 2 of 45, token

DataHeader example() {
  DataHeader header;
  header.session = 0x1122334455667788;
  header.stream = 3;
  header.sequence = 256;
  header.tx_time_ns = 1'000'000'000;
  header.batch = 7;
  header.index = 2;
  header.count = 45;
  header.token = 0xABCD;
  return header;
}

}  // namespace

TEST_CASE("a data header has exactly the bytes of the specification", "[wire]") {
  Frame frame{};
  wire::encode(example(), frame);
  CHECK(frame == kGolden);

  const auto decoded = wire::decode_data(kGolden);
  REQUIRE(decoded);
  CHECK(*decoded == example());
}

TEST_CASE("every data header field survives a round trip at its limits", "[wire]") {
  constexpr auto kMax = std::numeric_limits<std::uint64_t>::max();
  for (const std::uint64_t value : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{0xFF},
                                    std::uint64_t{0x100}, kMax - 1, kMax}) {
    CAPTURE(value);
    DataHeader header;
    header.session = value;
    header.sequence = kMax - value;
    header.tx_time_ns = static_cast<std::int64_t>(value);
    header.batch = static_cast<std::uint32_t>(value);
    header.token = static_cast<std::uint16_t>(value);
    header.stream = static_cast<std::uint8_t>(value);
    Frame frame{};
    wire::encode(header, frame);
    const auto decoded = wire::decode_data(frame);
    REQUIRE(decoded);
    CHECK(*decoded == header);
  }
}

TEST_CASE("a data header cut at any length is refused, not read past its end", "[wire]") {
  for (std::size_t length = 0; length < kGolden.size(); ++length) {
    CAPTURE(length);
    CHECK_FALSE(wire::decode_data(std::span{kGolden}.first(length)));
  }
}

TEST_CASE("what is not a data header of this version is refused", "[wire]") {
  for (const std::size_t offset : {0U, 3U, 4U, 5U}) {
    CAPTURE(offset);
    auto frame = kGolden;
    frame[offset] ^= std::byte{0x80};
    CHECK_FALSE(wire::decode_data(frame));
  }
  auto frame = kGolden;
  frame[36] = std::byte{45};  // place 45 of 45 does not exist
  CHECK_FALSE(wire::decode_data(frame));
  frame[37] = std::byte{0};
  CHECK_FALSE(wire::decode_data(frame));
}

TEST_CASE("type and sequence stand where a firewall rule looks for them", "[wire]") {
  Frame frame{};
  wire::encode(example(), frame);
  CHECK(frame[5] == std::byte{10});
  CHECK(wire::kSequenceOffset % 4 == 0);
  CHECK(load_network_order<std::uint32_t>(frame.data() + wire::kSequenceOffset + 4) == 256);
}
