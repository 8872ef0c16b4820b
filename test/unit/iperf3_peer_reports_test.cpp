#include "iperf3/client_run.hpp"
#include "iperf3/peer_reports.hpp"
#include "support/catch.hpp"

// What is made of a peer's word on a stream.

using namespace udperf;
using namespace udperf::iperf3;

namespace {

constexpr std::uint32_t kLength = 100;

/// A stock receiver's word: the highest number it saw, what it takes for lost, datagrams by bytes.
StreamResult word(std::uint64_t highest, std::uint64_t errors, std::uint64_t arrived) {
  StreamResult told;
  told.packets = highest;
  told.errors = errors;
  told.bytes = arrived * kLength;
  return told;
}

/// The same of 3.14 and later in a test with an omitted time.
StreamResult split_word(std::uint64_t highest, std::uint64_t errors, std::uint64_t arrived,
                        std::uint64_t omitted, std::uint64_t omitted_errors) {
  StreamResult told = word(highest, errors, arrived);
  told.tells_omitted = true;
  told.omitted_packets = omitted;
  told.omitted_errors = omitted_errors;
  return told;
}

OwnSent sent(std::uint64_t packets, std::uint64_t omitted = 0) {
  return {packets, omitted, kLength, Counters::wide};
}

RxReport report_of(const StreamResult& told, const OwnSent& own) {
  const auto heard = peer_received(told, own);
  REQUIRE(heard.report.has_value());
  CHECK(heard.report->sent == heard.report->unique + heard.report->lost);
  CHECK(heard.report->lost_bytes == heard.report->lost * kLength);
  return *heard.report;
}

}  // namespace

TEST_CASE("Of a stock receiver's word the larger loss is taken, and a wrong rule is noticed") {
  // The last 50 of 100 were lost: it has not seen them.
  const auto tail = peer_received(word(50, 0, 50), sent(100));
  CHECK(tail.rule_was_wrong);
  CHECK_FALSE(tail.copies_came);
  CHECK(tail.report->lost == 50);
  CHECK(tail.report->unique == 50);
  CHECK(tail.report->sent == 100);

  // 8 copies of others hide that 10 were lost.
  const auto copies = peer_received(word(100, 10, 98), sent(100));
  CHECK_FALSE(copies.rule_was_wrong);
  CHECK(copies.copies_came);
  CHECK(copies.report->lost == 10);
  CHECK(copies.report->unique == 90);
  CHECK(copies.report->duplicates == 8);
  StreamResult told = word(100, 10, 98);
  told.duplicates = 8;  // a receiver that tells them takes none for a loss that was found
  CHECK_FALSE(peer_received(told, sent(100)).copies_came);
  CHECK_FALSE(peer_received(word(100, 10, 90), sent(100)).copies_came);
}

TEST_CASE("Copies do not hide that the end was lost: a receiver tells the highest number it saw") {
  // 10 lost at the end, 20 copies: its bytes would have room for more than was sent.
  const auto heard = peer_received(word(90, 0, 110), sent(100));
  REQUIRE(heard.report.has_value());
  CHECK(heard.report->lost == 10);
  CHECK(heard.report->unique == 90);
  CHECK(heard.rule_was_wrong);
  CHECK(heard.copies_came);
  // With gaps that it saw.
  CHECK(report_of(word(95, 3, 110), sent(100)).lost == 8);
}

TEST_CASE("A number of 32 bits that has begun anew says nothing of the end") {
  constexpr std::uint64_t kWrap = std::uint64_t{1} << 32U;
  OwnSent own = sent(kWrap + 1000);
  CHECK(report_of(word(kWrap - 1, 0, kWrap + 1000), own).lost == 1001);
  own.counters = Counters::narrow;
  CHECK(report_of(word(kWrap - 1, 0, kWrap + 1000), own).lost == 0);
  CHECK(report_of(word(kWrap - 1, 0, kWrap + 900), own).lost == 100);   // its bytes still do
  CHECK(report_of(word(kWrap + 990, 0, kWrap + 990), own).lost == 10);  // it follows them beyond
  own.packets = kWrap - 1;
  CHECK(report_of(word(kWrap - 11, 0, kWrap), own).lost == 10);
}

TEST_CASE("What a peer says stays within what was sent") {
  StreamResult told = word(50, UINT64_MAX, 10'000);
  const auto nonsense = report_of(told, sent(100));
  CHECK(nonsense.lost == 100);
  CHECK(nonsense.unique == 0);
  told.tells_omitted = true;
  told.omitted_packets = UINT64_MAX;  // nothing was to be omitted
  CHECK(report_of(told, sent(100)).sent == 100);
  CHECK(report_of(told, sent(100, 10)).sent == 0);
  CHECK(report_of(word(UINT64_MAX, 0, 100), sent(100)).lost == 0);
  StreamResult copies = word(100, 0, 100);
  copies.duplicates = UINT64_MAX;
  copies.out_of_order = UINT64_MAX;
  const auto many = report_of(copies, sent(100));
  CHECK(many.duplicates == 25'500);
  CHECK(many.datagrams == 25'600);
  CHECK(many.reordered == 100);
}

TEST_CASE("Where a receiver says what fell into its omitted time, its part is judged") {
  // 200 sent, 100 of them omitted here and 98 there; 5 were lost before, 3 after, 2 at the end.
  const auto told = split_word(198, 8, 97, 98, 5);
  const auto report = report_of(told, sent(200, 100));
  CHECK(report.sent == 102);
  CHECK(report.lost == 5);
  // Bytes and numbers are not of one moment there: a datagram may be in neither part's bytes.
  CHECK(report_of(split_word(200, 5, 101, 98, 5), sent(200, 100)).lost == 0);
  CHECK_FALSE(peer_received(split_word(200, 5, 103, 98, 5), sent(200, 100)).copies_came);
}

TEST_CASE("What may have been lost in the omitted time alone is not called lost, nor not lost") {
  // Before 3.14 both parts' losses are one number.
  CHECK_FALSE(peer_received(word(200, 30, 100), sent(200, 100)).report.has_value());
  CHECK_FALSE(peer_received(word(200, 1, 50), sent(200, 100)).rule_was_wrong);
  // Where it has seen none, none is: its bytes are those after its own omitted time, not ours.
  CHECK(report_of(word(200, 0, 97), sent(200, 100)).lost == 0);
  CHECK(report_of(word(200, 0, 103), sent(200, 100)).sent == 100);
  CHECK_FALSE(peer_received(word(200, 0, 103), sent(200, 100)).copies_came);
  // But for the end.
  CHECK(report_of(word(190, 0, 90), sent(200, 100)).lost == 10);
  CHECK(report_of(word(50, 0, 0), sent(200, 100)).lost == 100);
}

TEST_CASE("A server does not judge what it sent when the client had stopped counting") {
  // 100 sent, 92 when the client stopped; of these 2 were lost.
  const auto judged = client_received(word(92, 2, 90), sent(100));
  REQUIRE(judged.has_value());
  CHECK(judged->sent == 92);
  CHECK(judged->lost == 2);
  CHECK(judged->unique == 90);
  TxReport tx;
  tx.packets = 100;
  tx.payload_bytes = 100 * kLength;
  const TxReport part = judged_part(tx, *judged, kLength);
  CHECK(part.packets == judged->unique + judged->lost);
  CHECK(part.payload_bytes == 92 * kLength);
  CHECK(judged_part(tx, report_of(word(100, 0, 100), sent(100)), kLength) == tx);

  CHECK_FALSE(client_received(word(0, 0, 0), sent(100)).has_value());  // it saw none
  CHECK(client_received(word(500, 0, 100), sent(100))->sent == 100);
  // With an omitted time, and where losses may all be of it.
  CHECK(client_received(split_word(190, 3, 88, 98, 1), sent(200, 100))->lost == 2);
  CHECK_FALSE(client_received(split_word(98, 3, 0, 98, 1), sent(200, 100)).has_value());
  CHECK_FALSE(client_received(word(190, 3, 88), sent(200, 100)).has_value());
  CHECK(client_received(word(190, 0, 88), sent(200, 100))->lost == 0);
  // Numbers that have begun anew do not say where it stopped.
  OwnSent narrow = sent((std::uint64_t{1} << 32U) + 5);
  narrow.counters = Counters::narrow;
  CHECK_FALSE(client_received(word(UINT32_MAX, 0, UINT32_MAX), narrow).has_value());
}

TEST_CASE("A payload that the server cannot be asked for is warned of") {
  TestParams params;
  params.direction = Direction::down;
  CHECK_FALSE(unheard_payload(params).has_value());
  params.payload = PayloadKind::zero;
  CHECK(unheard_payload(params).has_value());
  params.direction = Direction::both;
  CHECK(unheard_payload(params).has_value());
  params.direction = Direction::up;
  CHECK_FALSE(unheard_payload(params).has_value());
}

TEST_CASE("Of a test that ended in the omitted time nothing counts, whatever the peer says") {
  const OwnSent own = sent(6, 6);
  for (const StreamResult& told : {word(6, 0, 6), word(4, 0, 4), split_word(6, 0, 6, 0, 0),
                                   split_word(6, 2, 4, 6, 2), split_word(6, 0, 1, 5, 0)}) {
    const RxReport report = report_of(told, own);
    CHECK(report.sent == 0);
    CHECK(report.unique_bytes == 0);
    CHECK(report.duplicates == 0);
    Parameters parameters;
    parameters.length = kLength;
    parameters.omit_seconds = 2;
    const TxReport tx = peer_sent(without_counts(told), parameters);
    CHECK(tx.packets == 0);
    CHECK(tx.payload_bytes == 0);
  }
}

TEST_CASE("What a server has sent is known by its bytes where it says the client's count") {
  Parameters parameters;
  parameters.length = kLength;
  const StreamResult told = word(60, 0, 101);  // of a server of 3.1: the client saw 60 of 101
  CHECK(numbered_by_peer(told, parameters) == 101);
  CHECK(peer_sent(told, parameters).packets == 101);
  CHECK(numbered_by_peer(word(101, 0, 101), parameters) == 101);
  CHECK(numbered_by_peer(word(102, 0, 101), parameters) == 102);  // one was on its way
  StreamResult huge = told;
  huge.bytes = UINT64_MAX;
  CHECK(numbered_by_peer(huge, parameters) == kMostPackets);
  parameters.omit_seconds = 1;
  CHECK(numbered_by_peer(told, parameters) == 60);
}
