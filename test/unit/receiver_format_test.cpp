#include <array>
#include <vector>

#include "receiver/native_format.hpp"
#include "receiver/receiver.hpp"
#include "sender/native_format.hpp"
#include "support/catch.hpp"

// What a sender's format has stamped is what a receiver's reads.

using namespace std::chrono_literals;
using namespace udperf;

namespace {

constexpr std::uint32_t kLength = 64;

struct Pair {
  explicit Pair(HeaderKind header, bool warm_up = false) {
    sender::NativeFormatSettings out;
    out.session = 77;
    out.stream = 4;
    out.header = header;
    out.tag = 0xBEEF;
    out.warm_up = warm_up;
    sending = sender::make_native_format(out);
    in.session = 77;
    in.stream = 4;
    in.header = header;
    in.tag = 0xBEEF;
  }

  [[nodiscard]] std::vector<std::byte> batch(const sender::BatchStamp& stamp,
                                             std::uint32_t count) const {
    auto bytes = sending->make(kLength, count);
    REQUIRE(sending->stamp(stamp, bytes, kLength, count) == 0);
    return bytes;
  }
  /// A head for each datagram that is read, those that follow one without a header read included;
  /// `room`: for heads.
  [[nodiscard]] std::vector<receiver::DataHead> parse(std::span<const std::byte> bytes,
                                                      std::uint64_t expected,
                                                      std::size_t room = 8) const {
    std::vector<receiver::DataHead> heads(room);
    heads.resize(
        receiver::make_native_format(in)->parse({bytes, kLength, 1'000'000'000, expected}, heads));
    std::vector<receiver::DataHead> out;
    for (receiver::DataHead head : heads) {
      for (int i = 0; i <= head.followers; ++i) {
        out.push_back(head);
        ++head.sequence;
        head.index = static_cast<std::uint8_t>(head.index + head.index_step);
      }
    }
    return out;
  }

  std::unique_ptr<sender::DatagramFormat> sending;
  receiver::NativeFormatSettings in;
};

}  // namespace

TEST_CASE("a batch is read as it was stamped", "[receiver]") {
  const HeaderKind header = GENERATE(HeaderKind::full, HeaderKind::compact);
  Pair pair{header};
  constexpr std::uint64_t kFirst = 0xFFFF'FFFE;  // a compact number comes round in it
  const auto bytes = pair.batch({kFirst, 1'000'000'064, 9}, 10);
  const auto heads = pair.parse(bytes, kFirst - 5);
  REQUIRE(heads.size() == 10);
  for (std::size_t i = 0; i < heads.size(); ++i) {
    const receiver::DataHead& head = heads[i];
    REQUIRE(head.good);
    CHECK(head.sequence == kFirst + i);
    CHECK(head.tx_time_ns == 1'000'000'064);
    CHECK(head.batch == 9);
    CHECK(head.length == kLength);
    if (header == HeaderKind::full) {
      CHECK(head.index == i);
      CHECK(head.count == 10);
    } else {
      CHECK(head.index != 0);  // neither the first nor the last
      CHECK(head.index + 1 < head.count);
    }
  }
}

TEST_CASE("another stream's datagram is told as such, and the next is read", "[receiver]") {
  const HeaderKind header = GENERATE(HeaderKind::full, HeaderKind::compact);
  Pair pair{header};
  Pair other{header};
  sender::NativeFormatSettings settings;
  settings.session = 77;
  settings.stream = 5;
  settings.header = header;
  settings.tag = 0xBEEF;
  other.sending = sender::make_native_format(settings);
  auto bytes = other.batch({0, 0, 0}, 1);
  const auto own = pair.batch({3, 0, 0}, 1);
  bytes.insert(bytes.end(), own.begin(), own.begin() + 50);  // and it is a shorter one
  const auto heads = pair.parse(bytes, 3);
  REQUIRE(heads.size() == 2);
  CHECK_FALSE(heads[0].good);
  CHECK(heads[0].length == kLength);
  CHECK(heads[1].good);
  CHECK(heads[1].sequence == 3);
  CHECK(heads[1].length == 50);
  CHECK(pair.parse(bytes, 3, 1).size() == 1);  // where there is room for no more
}

TEST_CASE("reading ends at what is no data, or of the other part", "[receiver]") {
  Pair pair{HeaderKind::full, true};
  auto bytes = pair.batch({0, 0, 0}, 3);
  pair.in.two_parts = true;
  CHECK(pair.parse(bytes, 0).size() == 0);
  pair.in.warm_up = true;
  CHECK(pair.parse(bytes, 0).size() == 3);
  pair.sending->end_warm_up(std::span{bytes}.subspan(std::size_t{2} * kLength), kLength);
  CHECK(pair.parse(bytes, 0).size() == 2);
  bytes[kLength + 5] = std::byte{0xFF};  // no DATA any more
  CHECK(pair.parse(bytes, 0).size() == 1);
  CHECK(pair.parse({}, 0).size() == 0);
}

TEST_CASE("a read with more datagrams than one look has room for is read whole", "[receiver]") {
  const HeaderKind header = GENERATE(HeaderKind::full, HeaderKind::compact);
  const Pair pair{header};
  receiver::Receiver::Settings settings;
  settings.session = 77;
  settings.stream = 4;
  settings.compact_tag = 0xBEEF;
  settings.params.header = header;
  settings.params.payload_bytes = kLength;
  settings.params.amount.packets = 1000;
  receiver::Receiver receiver{settings};
  receiver.set_anchor(MonoTime{1s});
  receiver.set_peer_clock(Duration{0});
  std::uint64_t first = 0;
  for (const std::uint32_t count : {1U, 63U, 64U, 65U, 128U, 129U}) {
    const auto bytes = pair.batch({first, 1'000'000'000, 0}, count);
    net::Received read;
    read.data = bytes;
    read.segment = kLength;
    read.at = MonoTime{1s};
    CHECK(receiver.on_read(read, 0) == bytes.size());
    first += count;
    CHECK(receiver.next_expected() == first);
    CHECK(receiver.unique() == first);
    CHECK(receiver.accepted() == first);
  }
}
