#include <algorithm>
#include <vector>

#include "iperf3/stream_account.hpp"
#include "iperf3/test_record.hpp"
#include "support/catch.hpp"
#include "support/seeded_random.hpp"

using namespace std::chrono_literals;
using namespace udperf;
using namespace udperf::iperf3;

namespace {

constexpr std::uint32_t kLength = 100;

/// Arrivals at one account.
struct Arrivals {
  explicit Arrivals(Counters c = Counters::narrow, bool omits = false)
      : counters(c), account(settings_of(c, omits)) {}

  static StreamAccount::Settings settings_of(Counters c, bool omits) {
    StreamAccount::Settings out{kLength, c};
    out.omits = omits;
    return out;
  }

  Counters counters;
  StreamAccount account;
  MonoTime now{1000s};
  net::Received received;  ///< what the next read has beside its bytes

  void arrive(std::uint64_t sequence) { arrive_together(sequence, 1); }
  /// Several behind each other, as one merged read.
  void arrive_together(std::uint64_t first, std::uint32_t count) {
    std::vector<std::byte> bytes(std::size_t{count} * kLength);
    for (std::uint32_t i = 0; i < count; ++i) {
      encode(bytes.data() + std::size_t{i} * kLength, counters, first + i, to_ns(now));
    }
    now += 1ms;
    read(bytes, kLength);
  }
  void read(const std::vector<std::byte>& bytes, std::uint32_t segment) {
    received.data = bytes;
    received.segment = segment;
    received.at = now;
    received.drops = 0;
    account.on_read(received);
  }
  StreamAccount::Closed close(std::optional<std::uint64_t> sent) {
    return account.close(sent, ClockAnchor{now, UnixTime{1h}}, 0U);
  }
};

}  // namespace

TEST_CASE("Loss is what the sender says less what arrived, the tail and all of it included") {
  Arrivals tail;
  tail.arrive_together(1, 50);
  const auto half = tail.close(100);
  CHECK(half.result.packets == 100);
  CHECK(half.result.errors == 50);
  CHECK(half.result.bytes == 50 * kLength);
  CHECK(half.report.tail_lost == 50);

  Arrivals none;
  const auto all = none.close(100);
  CHECK(all.result.packets == 100);
  CHECK(all.result.errors == 100);
  CHECK(all.result.bytes == 0);
}

TEST_CASE("Copies are never taken for lost datagrams that were found") {
  Arrivals a;
  for (std::uint64_t i = 1; i <= 100; ++i) {
    if (i <= 90) {
      a.arrive(i);
    }
    a.arrive(1);
  }
  const auto closed = a.close(100);
  CHECK(closed.result.errors == 10);
  CHECK(closed.report.duplicates == 100);
  CHECK(closed.result.bytes == 90 * kLength);
}

TEST_CASE("Swapped neighbours are out of order and not lost") {
  Arrivals a(Counters::wide);
  for (std::uint64_t i = 1; i <= 100; i += 2) {
    a.arrive(i + 1);
    a.arrive(i);
  }
  const auto closed = a.close(100);
  CHECK(closed.result.errors == 0);
  CHECK(closed.result.out_of_order == 50U);
}

TEST_CASE("Datagrams of another length, cut ones and number 0 are no data") {
  Arrivals a;
  a.arrive(1);
  a.read(std::vector<std::byte>(4), 4);  // a hello that came twice
  a.read(std::vector<std::byte>(kLength + 1), kLength + 1);
  a.read(std::vector<std::byte>(kLength + 7), kLength);  // number 0, and a rest
  a.arrive(2);
  a.arrive(2);
  CHECK(a.account.totals().bytes == 2 * kLength);
  CHECK(a.account.totals().read == 5 * kLength + 12);
  const auto closed = a.close(2);
  CHECK(closed.result.errors == 0);
  CHECK(closed.report.unique == 2);
  CHECK(closed.report.invalid == 4);
  CHECK(closed.report.datagrams == 7);
}

TEST_CASE("What reads tell beside the datagrams is told once for each") {
  Arrivals a;
  a.received.kernel_stamp = true;
  a.received.tos = 0xB9;  // EF, and ECT(1)
  a.arrive(1);
  a.arrive_together(2, 3);
  a.received.tos = 0x21;                             // marked by somebody else,
  a.read(std::vector<std::byte>(kLength), kLength);  // and no data: number 0
  const auto report = a.close(4).report;
  CHECK(report.batches == 3);
  CHECK(report.gro == 3);
  CHECK(report.stamp == RxStamp::kernel);
  CHECK(report.dscp == 46);
  REQUIRE(report.ecn);
  CHECK((*report.ecn)[1] == 4);
}

TEST_CASE("What belongs to the omitted time is counted apart, whenever it arrives") {
  Arrivals a;
  a.arrive_together(1, 8);  // 9 and 10 follow late, 11 is lost
  a.arrive(12);
  a.account.end_omitted();
  a.arrive_together(9, 2);
  a.arrive_together(13, 5);  // 18 is lost
  a.arrive(19);
  const auto closed = a.close(20);
  CHECK(closed.result.packets == 20);
  CHECK(closed.result.omitted_packets == 12);
  CHECK(closed.result.errors == 3);
  CHECK(closed.result.omitted_errors == 1);
  CHECK(closed.result.bytes == 6 * kLength);
  CHECK(closed.report.sent == 8);
  CHECK(closed.report.lost == 2);
}

TEST_CASE("Where the omitted time is not over all is of its part, and none of it counts") {
  Arrivals a{Counters::narrow, true};
  a.arrive_together(1, 8);
  a.arrive(10);
  const auto totals = a.account.totals();
  CHECK(totals.unique == 0);
  CHECK(totals.counted == 0);
  CHECK(totals.highest == 10);
  CHECK(totals.omitted.unique == 9);
  CHECK(totals.omitted.missing == 1);
  const auto closed = a.close(12);
  CHECK(closed.report.sent == 0);
  CHECK(closed.report.lost == 0);
  CHECK(closed.result.bytes == 0);
  CHECK(closed.result.packets == closed.result.omitted_packets);
  CHECK(closed.result.omitted_errors == 1);
}

TEST_CASE("A row of the omitted time has what was omitted, whichever end sees the border first") {
  Parameters p;
  p.length = kLength;
  p.omit_seconds = 1;
  const MonoTime start{50s};
  const std::vector<StreamEnds> streams{StreamEnds{5, {}, {}, false}};
  const bool over = GENERATE(false, true);  // at the receiver, when the row is cut
  RowCutter cutter{p, 1s, start};
  StreamCounters counters;
  counters.totals.omitted.counted = 10;
  counters.totals.omitted.missing = 2;
  counters.totals.omitted.bytes = 8 * kLength;
  counters.totals.counted = over ? 1 : 0;
  counters.totals.bytes = over ? kLength : 0;
  auto rows = cutter.cut(streams, {counters}, start + 1s);
  CHECK(rows[0].omitted);
  CHECK(rows[0].packets == 10);
  CHECK(rows[0].lost == 2);
  CHECK(rows[0].bytes == 8 * kLength);
  counters.totals.counted = 7;
  counters.totals.bytes = 7 * kLength;
  rows = cutter.cut(streams, {counters}, start + 2s);
  CHECK_FALSE(rows[0].omitted);
  CHECK(rows[0].packets == 7);
  CHECK(rows[0].lost == 0);
  CHECK(rows[0].bytes == 7 * kLength);
}

TEST_CASE("Any order, loss and copies: the books agree with a plain list of what was done") {
  for (const std::uint64_t seed : {1U, 2U, 3U, 4U, 5U}) {
    test::SeededRandom random{seed};
    std::vector<std::uint64_t> order;
    std::uint64_t lost = 0;
    const auto sent = static_cast<std::uint64_t>(random.between(1, 3000));
    for (std::uint64_t i = 1; i <= sent; ++i) {
      if (random.chance(0.1)) {
        ++lost;
        continue;
      }
      const bool twice = random.chance(0.1);
      order.insert(order.end() - random.between(0, std::min<std::int64_t>(
                                                       5, static_cast<std::int64_t>(order.size()))),
                   i);
      if (twice) {
        order.push_back(i);
      }
    }
    Arrivals a(seed % 2 == 0 ? Counters::wide : Counters::narrow);
    for (const std::uint64_t sequence : order) {
      a.arrive(sequence);
    }
    INFO("seed " << seed);
    const std::uint64_t unique = sent - lost;
    CHECK(a.account.totals().unique == unique);
    const auto closed = a.close(sent);
    CHECK(closed.result.errors == lost);
    CHECK(closed.report.unique == unique);
    CHECK(closed.report.duplicates == order.size() - unique);
  }
}

TEST_CASE("The last row has what is late and what never came, so that rows add up to the books") {
  Parameters p;
  p.length = kLength;
  const MonoTime start{50s};
  Arrivals a;
  RowCutter cutter{p, 1s, start};
  const std::vector<StreamEnds> streams{StreamEnds{5, {}, {}, false}};
  for (const std::uint64_t number : {1U, 2U, 4U}) {
    a.arrive(number);
  }
  StreamCounters shown;
  shown.totals = a.account.totals();
  std::vector<IntervalRows> rows{cutter.cut(streams, {shown}, start + 1s)};
  for (const std::uint64_t number : {3U, 5U, 6U}) {
    a.arrive(number);
  }
  const auto books = a.close(8);
  StreamCounters closed;
  closed.totals = books.totals;
  rows.push_back(cutter.cut_last(streams, {closed}, {start + 2s, start + 2s}));
  Row sum;
  for (const IntervalRows& each : rows) {
    REQUIRE(each.size() == 1);
    sum.packets += each[0].packets;
    sum.bytes += each[0].bytes;
    sum.lost += each[0].lost;
  }
  CHECK(sum.packets == 8);
  CHECK(sum.bytes == books.report.unique_bytes);
  CHECK(sum.lost == 2);
  CHECK(books.report.lost == 2);
}
