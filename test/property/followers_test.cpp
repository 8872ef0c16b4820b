#include "wire/followers.hpp"

#include <random>
#include <vector>

#include "receiver/receiver.hpp"
#include "support/catch.hpp"

using namespace udperf;

namespace {

constexpr std::size_t kSegment = 64;
constexpr std::uint64_t kSession = 0x1122334455667788;
constexpr std::uint16_t kTag = 0x5A5A;

/// Datagram `index` of a batch of `count`, the first of which has the number `first`.
void put(std::span<std::byte> out, HeaderKind kind, std::uint64_t first, std::uint8_t index,
         std::uint8_t count) {
  if (kind == HeaderKind::full) {
    wire::DataHeader h;
    h.session = kSession;
    h.sequence = first + index;
    h.tx_time_ns = 5'000'000'000;
    h.batch = 9;
    h.index = index;
    h.count = count;
    h.token = 0xABCD;
    wire::encode(h, out.first<kDataHeaderBytes>());
    return;
  }
  wire::CompactHeader h;
  h.batch = 9;
  h.sequence_low = static_cast<std::uint32_t>(first + index);
  h.tx_units = wire::compact_units(5'000'000'000);
  h.tag = kTag;
  h.token = 0xABCD;
  wire::encode(h, out.first<kCompactHeaderBytes>());
}

std::vector<std::byte> batch_of(HeaderKind kind, std::uint64_t first, std::uint8_t count) {
  std::vector<std::byte> data(kSegment * count);
  for (std::uint8_t i = 0; i < count; ++i) {
    put(std::span{data}.subspan(i * kSegment, kSegment), kind, first, i, count);
  }
  return data;
}

/// The same as wire::followers, by decoding each header whole.
std::size_t followers_by_decoding(std::span<const std::byte> data, HeaderKind kind) {
  std::size_t count = 0;
  for (std::size_t at = kSegment; at + kSegment <= data.size(); at += kSegment, ++count) {
    const auto before = data.subspan(at - kSegment, kSegment);
    const auto next = data.subspan(at, kSegment);
    if (kind == HeaderKind::full) {
      auto expected = wire::decode_data(before);
      const auto found = wire::decode_data(next);
      REQUIRE(expected);
      ++expected->sequence;
      ++expected->index;
      if (found != expected || before[7] != next[7]) {
        return count;
      }
    } else {
      auto expected = wire::decode_compact(before);
      REQUIRE(expected);
      ++expected->sequence_low;
      if (wire::decode_compact(next) != expected || expected->sequence_low == 0) {
        return count;
      }
    }
  }
  return count;
}

receiver::Receiver::Settings settings_for(HeaderKind kind, std::uint64_t packets) {
  receiver::Receiver::Settings settings;
  settings.session = kSession;
  settings.params.payload_bytes = kSegment;
  settings.params.amount.packets = packets;
  settings.params.header = kind;
  settings.compact_tag = kTag;
  return settings;
}

net::Received read_of(const std::vector<std::byte>& data) {
  net::Received read;
  read.data = data;
  read.segment = kSegment;
  read.at = MonoTime{} + std::chrono::seconds{5};
  return read;
}

}  // namespace

TEST_CASE("headers that follow each other are those that decoding finds so", "[wire][property]") {
  const std::uint64_t seed = GENERATE(1U, 2U, 3U);
  CAPTURE(seed);
  std::mt19937_64 random{seed};
  for (const HeaderKind kind : {HeaderKind::full, HeaderKind::compact}) {
    for (int round = 0; round < 20'000; ++round) {
      const auto count = static_cast<std::uint8_t>(1 + random() % 6);
      const std::uint64_t first =
          round % 3 == 0 ? (std::uint64_t{1} << 32U) - 1 - random() % 6 : random() >> 1U;
      auto data = batch_of(kind, first, count);
      if (count > 1 && round % 4 != 0) {  // one bit of a header behind the first is another
        const std::size_t head = kind == HeaderKind::full ? kDataHeaderBytes : kCompactHeaderBytes;
        const std::size_t at = kSegment * (1 + random() % (count - 1U)) + random() % head;
        data[at] ^= std::byte{1} << static_cast<int>(random() % 8);
      }
      if (followers_by_decoding(data, kind) != wire::followers(data, kSegment, kind)) {
        CAPTURE(round, count, first);
        CHECK(followers_by_decoding(data, kind) == wire::followers(data, kSegment, kind));
        return;
      }
    }
  }
}

TEST_CASE("what is shorter than the others does not follow them", "[wire]") {
  auto data = batch_of(HeaderKind::full, 7, 4);
  data.resize(data.size() - 1);
  CHECK(wire::followers(data, kSegment, HeaderKind::full) == 2);
  data.resize(kSegment);
  CHECK(wire::followers(data, kSegment, HeaderKind::full) == 0);
}

TEST_CASE("a batch that goes on beyond what was agreed is counted up to there", "[receiver]") {
  for (const HeaderKind kind : {HeaderKind::full, HeaderKind::compact}) {
    constexpr std::uint64_t kAgreed = 10;
    receiver::Receiver receiver{settings_for(kind, kAgreed)};
    receiver.set_anchor(MonoTime{});
    receiver.set_peer_clock(Duration{0});
    const auto data = batch_of(kind, 0, 14);
    REQUIRE(receiver.on_read(read_of(data), 0) == data.size());
    CHECK(receiver.accepted() == kAgreed);
    CHECK(receiver.unique() == kAgreed);
    wire::Feedback feedback;
    receiver.fill(feedback, MonoTime{} + std::chrono::seconds{6});
    CHECK(feedback.next_expected == kAgreed);
    CHECK(feedback.echo_batch == 9);
    const RxReport report =
        receiver.finalize(std::nullopt, Finalized::no_fin, ClockAnchor{}, std::nullopt);
    CHECK(report.invalid == 4);
    CHECK(report.datagrams == 14);
  }
}

TEST_CASE("a remainder in equal pieces ends the run of full datagrams", "[receiver]") {
  // 10 full ones, then 64 + 16 bytes as two of 40: here they come as long as the others.
  receiver::Receiver::Settings settings = settings_for(HeaderKind::full, 0);
  settings.params.amount = Amount{};
  settings.params.amount.size_bytes = 10 * kSegment + 80;
  receiver::Receiver receiver{settings};
  receiver.set_anchor(MonoTime{});
  const auto data = batch_of(HeaderKind::full, 0, 12);
  REQUIRE(receiver.on_read(read_of(data), 0) == data.size());
  CHECK(receiver.unique() == 10);
}
