// The compact header says a part of what the full one does; the receiver has to find the rest.

#include "wire/compact_header.hpp"

#include <deque>
#include <vector>

#include "receiver/receiver.hpp"
#include "sender/batch_buffer.hpp"
#include "sender/native_format.hpp"
#include "support/catch.hpp"
#include "support/seeded_random.hpp"

using namespace std::chrono_literals;
using namespace udperf;
using test::SeededRandom;

namespace {

constexpr std::uint64_t kHalf = std::uint64_t{1} << 32U;

/// A stream of which everything up to 2^31 numbers may be missing, late or twice.
std::uint64_t next_jump(SeededRandom& random) {
  switch (random.between(0, 3)) {
    case 0:
      return 1;
    case 1:
      return static_cast<std::uint64_t>(random.between(2, 1000));
    case 2:
      return static_cast<std::uint64_t>(random.between(1, 1'000'000'000));
    default:
      return static_cast<std::uint64_t>(random.between(1, 2'147'000'000));
  }
}

/// Feeds datagrams of 18 bytes into a receiver, as read from the network one by one.
struct Inbox {
  receiver::Receiver receiver;
  std::vector<std::byte> bytes = std::vector<std::byte>(18);

  static receiver::Receiver::Settings settings() {
    receiver::Receiver::Settings out;
    out.session = 77;
    out.stream = 3;
    out.compact_tag = 0xBEEF;
    out.params.streams = 4;
    out.params.header = HeaderKind::compact;
    out.params.payload_bytes = 18;
    out.params.amount.duration = 1s;
    return out;
  }
  explicit Inbox(std::optional<Duration> peer_ahead) : receiver(settings()) {
    receiver.set_anchor(MonoTime{1000s});
    receiver.set_peer_clock(peer_ahead);
  }
  void arrive(std::uint64_t sequence, MonoTime at, std::int64_t tx_ns, std::uint16_t tag = 0xBEEF) {
    wire::CompactHeader header;
    header.stream = 3;
    header.sequence_low = static_cast<std::uint32_t>(sequence);
    header.tx_units = wire::compact_units(tx_ns);
    header.tag = tag;
    wire::encode(header, std::span{bytes}.first<kCompactHeaderBytes>());
    net::Received read;
    read.data = bytes;
    read.segment = static_cast<std::uint32_t>(bytes.size());
    read.at = at;
    receiver.on_read(read, 0);
  }
};

}  // namespace

TEST_CASE("a compact header comes back as it was written", "[wire][property]") {
  for (unsigned seed = 1; seed <= 2000; ++seed) {
    CAPTURE(seed);
    SeededRandom random{seed};
    wire::CompactHeader header;
    header.stream = static_cast<std::uint8_t>(random.between(0, 127));
    header.batch = static_cast<std::uint32_t>(random.between(0, wire::kCompactBatches - 1));
    header.sequence_low = static_cast<std::uint32_t>(random.between(0, UINT32_MAX));
    header.tx_units = static_cast<std::uint32_t>(random.between(0, UINT32_MAX));
    header.tag = static_cast<std::uint16_t>(random.between(0, UINT16_MAX));
    header.token = static_cast<std::uint16_t>(random.between(0, UINT16_MAX));
    std::array<std::byte, kCompactHeaderBytes> bytes{};
    wire::encode(header, bytes);
    REQUIRE(wire::decode_compact(bytes) == header);
    REQUIRE(wire::is_data(bytes, HeaderKind::compact));
    REQUIRE_FALSE(wire::decode_common(bytes));
    for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
      REQUIRE_FALSE(wire::decode_compact(std::span{bytes}.first(cut)));
    }
  }
  // What is said of the session begins with the magic number, and is never taken for DATA.
  const auto bye = wire::encode(wire::MessageType::bye, 1, 0, wire::Bye{});
  CHECK_FALSE(wire::is_data(bye, HeaderKind::compact));
  CHECK_FALSE(wire::decode_compact(bye));
}

TEST_CASE("a batch is stamped with the compact header that the receiver reads", "[sender]") {
  sender::NativeFormatSettings settings;
  settings.stream = 5;
  settings.header = HeaderKind::compact;
  settings.tag = 0x1234;
  settings.token_key.fill(std::byte{7});
  const auto format = sender::make_native_format(settings);
  sender::BatchBuffer buffer{*format, 18, 16};
  const sender::BatchStamp stamp{kHalf - 3, 987'654'321'012, 0x0123'4567};
  const auto data = buffer.stamped(stamp, 16, 18);
  REQUIRE(data.size() == 16 * 18);
  for (std::uint32_t i = 0; i < 16; ++i) {
    const auto header = wire::decode_compact(data.subspan(std::size_t{i} * 18, 18));
    REQUIRE(header);
    CHECK(header->stream == 5);
    CHECK(header->batch == 0x23'4567);
    CHECK(header->sequence_low == static_cast<std::uint32_t>(kHalf - 3 + i));
    CHECK(header->tx_units == static_cast<std::uint32_t>(987'654'321'012 / 64));
    CHECK(header->tag == 0x1234);
    CHECK(header->token == crypto::token(settings.token_key, 0x0123'4567));
  }
}

TEST_CASE("sequence numbers are found again over any number of wraps", "[wire][property]") {
  for (unsigned seed = 1; seed <= 300; ++seed) {
    CAPTURE(seed);
    SeededRandom random{seed};
    std::uint64_t expected = 0;
    std::uint64_t true_next = 0;
    while (true_next < 5 * kHalf) {
      true_next += next_jump(random);
      REQUIRE(wire::extend_sequence(static_cast<std::uint32_t>(true_next), expected) == true_next);
      expected = true_next + 1;
      // One that is late, or there for the second time.
      const std::uint64_t late = expected - std::min(expected, next_jump(random));
      REQUIRE(wire::extend_sequence(static_cast<std::uint32_t>(late), expected) == late);
    }
  }
  CHECK_FALSE(wire::extend_sequence(UINT32_MAX, 0));  // one before the first
  CHECK(wire::extend_sequence(0, kHalf) == kHalf);
  CHECK(wire::extend_sequence(UINT32_MAX, kHalf) == kHalf - 1);
}

// What is no constant expression would not be calculated: so it does not overflow.
static_assert(wire::extend_time(wire::compact_units(INT64_MAX) + 1U, INT64_MAX) < 0);
static_assert(wire::extend_time(wire::compact_units(INT64_MIN) - 1U, INT64_MIN) > 0);

TEST_CASE("times and batches are found again near what is known", "[wire][property]") {
  for (unsigned seed = 1; seed <= 2000; ++seed) {
    CAPTURE(seed);
    SeededRandom random{seed};
    const std::int64_t truth = random.between(-1'000'000'000'000, 1'000'000'000'000'000);
    const std::int64_t near = truth + random.between(-136'000'000'000, 136'000'000'000);
    const std::int64_t found = wire::extend_time(wire::compact_units(truth), near);
    REQUIRE(found <= truth);
    REQUIRE(found > truth - 64);
    const auto batches = static_cast<std::uint64_t>(random.between(1, 1'000'000'000'000));
    const auto age = static_cast<std::uint64_t>(
        random.between(0, static_cast<std::int64_t>(
                              std::min<std::uint64_t>(batches - 1, wire::kCompactBatches - 1))));
    const auto batch = static_cast<std::uint32_t>(batches - 1 - age);
    REQUIRE(wire::extend_batch(batch % wire::kCompactBatches, batches) == batch);
  }
}

TEST_CASE("a receiver counts exactly past 2^32 numbers, with loss, order and copies",
          "[property]") {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    SeededRandom random{seed};
    Inbox inbox{0s};
    MonoTime now{1000s};
    std::uint64_t unique = 0;
    std::uint64_t copies = 0;
    std::uint64_t next = 0;
    const auto send = [&](std::uint64_t sequence) {
      now += 10us;
      inbox.arrive(sequence, now, to_ns(now - 1ms));
    };
    // Far jumps first, each as far as a receiver follows in the time, then one by one over the
    // border.
    for (std::uint64_t far :
         {kHalf / 5, 2 * (kHalf / 5), 3 * (kHalf / 5), 4 * (kHalf / 5), kHalf - 500}) {
      now += 10s;
      send(far);
      ++unique;
      next = far + 1;
    }
    std::deque<std::uint64_t> held;
    for (; next < kHalf + 500; ++next) {
      if (random.chance(0.1)) {
        continue;  // lost
      }
      if (random.chance(0.1)) {
        held.push_back(next);
        continue;
      }
      send(next);
      ++unique;
      if (random.chance(0.05)) {
        send(next);
        ++copies;
      }
    }
    for (const std::uint64_t late : held) {
      send(late);
      ++unique;
    }
    inbox.arrive(next, now, to_ns(now), 0xBEEE);  // another's
    TxReport fin;
    fin.packets = next;
    const RxReport report = inbox.receiver.finalize(fin, Finalized::quiet, ClockAnchor{}, 0U);
    CHECK(report.unique == unique);
    CHECK(report.duplicates == copies);
    CHECK(report.lost == next - unique);
    CHECK(report.invalid == 1);
    CHECK(report.lost_bytes == (next - unique) * 18);
  }
}

TEST_CASE("delays come out of compact stamps, whatever the sender's clock shows", "[property]") {
  for (const Duration ahead : {Duration{0}, Duration{-900'000s}, Duration{1'000'000s}}) {
    CAPTURE(ahead.count());
    Inbox inbox{ahead + 80s};  // what is known of the clock is rough
    MonoTime now{2'000'000s};
    for (std::uint64_t i = 0; i < 600; ++i) {
      now += 1s;  // twice round
      const std::int64_t delay = i == 300 ? 30'000'000 : 20'000'000;
      inbox.arrive(i, now, to_ns(now + ahead) - delay);
    }
    TxReport fin;
    fin.packets = 600;
    const RxReport report = inbox.receiver.finalize(fin, Finalized::quiet, ClockAnchor{}, 0U);
    REQUIRE(report.raw_delay_min_ns);
    REQUIRE(report.delay_variation);
    CHECK(*report.raw_delay_min_ns - (20'000'000 - ahead.count()) >= 0);
    CHECK(*report.raw_delay_min_ns - (20'000'000 - ahead.count()) < 64);
    CHECK(report.delay_variation->max_ns > 9'500'000);
    CHECK(report.delay_variation->max_ns < 10'500'000);
  }
  Inbox unknown{std::nullopt};
  unknown.arrive(0, MonoTime{1001s}, 5);
  TxReport fin;
  fin.packets = 1;
  const RxReport report = unknown.receiver.finalize(fin, Finalized::quiet, ClockAnchor{}, 0U);
  CHECK(report.unique == 1);
  CHECK_FALSE(report.raw_delay_min_ns);
}
