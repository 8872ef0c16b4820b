#include "session/fin_exchange.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;
using namespace udperf;
using session::FinExchange;
using wire::MessageType;

namespace {

constexpr MonoTime kStart{50s};
constexpr std::size_t kPiece = 1100;

/// All in the last row.
RxReport report_of(std::size_t rows) {
  RxReport report;
  report.datagrams = report.unique = 90;
  report.sent = 100;
  report.lost = 10;
  report.interval_ns = 1'000'000;
  for (std::size_t i = 0; i < rows; ++i) {
    report.intervals.push_back(IntervalRow{});
    report.intervals.back().dv_p50_ns = static_cast<std::int64_t>(i);
  }
  report.intervals.back().unique = report.unique;
  report.intervals.back().sent = report.sent;
  report.intervals.back().lost = report.lost;
  return report;
}

/// Piece `number` of a report.
wire::ReportChunk piece_of(const std::vector<std::byte>& bytes, std::size_t number) {
  const std::size_t begin = number * kPiece;
  const std::size_t end = std::min(bytes.size(), begin + kPiece);
  wire::ReportChunk chunk{
      static_cast<std::uint32_t>(bytes.size()), static_cast<std::uint32_t>(begin), {}};
  chunk.bytes.assign(bytes.begin() + static_cast<std::ptrdiff_t>(begin),
                     bytes.begin() + static_cast<std::ptrdiff_t>(end));
  return chunk;
}

/// What it has to say, by type; at most a few, else it would never end.
std::vector<MessageType> said(FinExchange& exchange) {
  std::vector<MessageType> types;
  while (const auto datagram = exchange.poll_transmit()) {
    types.push_back(wire::decode_common(*datagram)->type);
    REQUIRE(types.size() < 4);
  }
  return types;
}

/// The REPORT_PULL that it has to say.
wire::ReportPull pulled(FinExchange& exchange) {
  const auto datagram = exchange.poll_transmit();
  REQUIRE(datagram);
  CHECK(wire::decode_common(*datagram)->type == MessageType::report_pull);
  const auto pull = wire::decode<wire::ReportPull>(*datagram);
  REQUIRE(pull);
  return *pull;
}

TxReport hundred() {
  TxReport tx;
  tx.packets = 100;
  return tx;
}

FinExchange started(Duration rtt = 10ms) {
  FinExchange exchange{7, 3};
  exchange.start(hundred(), rtt, kStart);
  return exchange;
}

using Said = std::vector<MessageType>;

}  // namespace

TEST_CASE("FIN is said at once, and again when it is due", "[session]") {
  FinExchange exchange{7, 3};
  CHECK_FALSE(exchange.started());
  CHECK(exchange.next_timeout() == kNever);
  CHECK_FALSE(exchange.poll_transmit());
  TxReport tx;
  tx.packets = 100;
  exchange.start(tx, 10ms, kStart);

  const auto first = exchange.poll_transmit();
  REQUIRE(first);
  const auto header = wire::decode_common(*first);
  CHECK(header->type == MessageType::fin);
  CHECK(header->session == 7);
  CHECK(header->stream == 3);
  CHECK(wire::decode<wire::Fin>(*first)->report.packets == 100);
  CHECK(wire::decode<wire::Fin>(*first)->rtt_max_ns == 10'000'000);
  CHECK_FALSE(exchange.poll_transmit());

  CHECK(exchange.next_timeout() == kStart + 40ms);
  exchange.on_timer(kStart + 40ms - 1ns);
  CHECK(said(exchange).empty());
  exchange.on_timer(kStart + 40ms);
  CHECK(said(exchange) == Said{MessageType::fin});
  CHECK(exchange.next_timeout() == kStart + 100ms);  // 60 ms on
}

TEST_CASE("a report of one piece ends the exchange, and is acknowledged", "[session]") {
  auto exchange = started();
  said(exchange);
  const RxReport report = report_of(3);
  const auto bytes = wire::encode_report(report);
  REQUIRE(bytes.size() <= kPiece);
  exchange.on_report(piece_of(bytes, 0), kStart + 20ms);
  CHECK(exchange.over());
  CHECK(exchange.acknowledged());
  REQUIRE(exchange.report());
  CHECK(*exchange.report() == report);
  CHECK(exchange.next_timeout() == kNever);
  CHECK(pulled(exchange).offset == bytes.size());

  // The word was lost: the piece comes again.
  exchange.on_report(piece_of(bytes, 0), kStart + 60ms);
  CHECK(pulled(exchange).offset == bytes.size());
  CHECK(*exchange.report() == report);
}

TEST_CASE("pieces out of order, twice, or of another report are left aside", "[session]") {
  auto exchange = started();
  said(exchange);
  const RxReport report = report_of(60);
  const auto bytes = wire::encode_report(report);
  REQUIRE(bytes.size() > 3 * kPiece);
  exchange.on_report(piece_of(bytes, 0), kStart + 20ms);
  exchange.on_report(piece_of(bytes, 2), kStart + 20ms);
  exchange.on_report(piece_of(bytes, 0), kStart + 21ms);
  auto other = piece_of(bytes, 1);
  other.total += 1;
  exchange.on_report(other, kStart + 21ms);
  auto empty = piece_of(bytes, 1);
  empty.bytes.clear();
  exchange.on_report(empty, kStart + 21ms);
  CHECK_FALSE(exchange.over());
  CHECK(said(exchange).empty());  // the rest may still be on the way

  exchange.on_timer(kStart + 60ms);
  CHECK(pulled(exchange).offset == kPiece);
  for (std::size_t i = 1; i * kPiece < bytes.size(); ++i) {
    exchange.on_report(piece_of(bytes, i), kStart + 70ms);
  }
  REQUIRE(exchange.report());
  CHECK(*exchange.report() == report);
}

TEST_CASE("a window that comes whole grows, and one that does not is narrowed", "[session]") {
  auto exchange = started();
  said(exchange);
  const auto bytes = wire::encode_report(report_of(4000));  // 262 pieces
  REQUIRE(bytes.size() > 200 * kPiece);
  MonoTime now = kStart + 20ms;
  std::size_t have = 0;
  const auto take = [&](std::size_t pieces) {
    for (std::size_t i = 0; i < pieces; ++i) {
      exchange.on_report(piece_of(bytes, have++), now);
    }
  };
  take(4);
  now = exchange.next_timeout();
  exchange.on_timer(now);  // four of them came: that is what passes
  auto pull = pulled(exchange);
  CHECK(pull.offset == 4 * kPiece);
  CHECK(pull.chunks == 4);
  take(4);
  pull = pulled(exchange);  // whole: without waiting
  CHECK(pull.offset == 8 * kPiece);
  CHECK(pull.chunks == 8);
  take(8);
  CHECK(pulled(exchange).chunks == 16);
  take(16);
  CHECK(pulled(exchange).chunks == 32);
  take(32);
  CHECK(pulled(exchange).chunks == 32);  // never more
  now = exchange.next_timeout();
  exchange.on_timer(now);
  CHECK(pulled(exchange).chunks == 3);  // nothing came: what a padded REPORT_PULL pays for
}

TEST_CASE("the exchange is given up after seven seconds and two round trips", "[session]") {
  auto exchange = started(500ms);
  MonoTime now = kStart;
  unsigned timers = 0;
  while (!exchange.over()) {
    said(exchange);
    REQUIRE(++timers < 500);
    REQUIRE(exchange.next_timeout() > now);
    now = exchange.next_timeout();
    exchange.on_timer(now);
  }
  CHECK(now == kStart + 8s);
  CHECK_FALSE(exchange.report());
  CHECK_FALSE(exchange.acknowledged());
  CHECK(exchange.next_timeout() == kNever);
}

TEST_CASE("a report that makes progress is waited for", "[session]") {
  auto exchange = started(0ms);
  const auto bytes = wire::encode_report(report_of(200));
  REQUIRE(bytes.size() > 11 * kPiece);
  MonoTime now = kStart;
  for (std::size_t i = 0; i * kPiece < bytes.size(); ++i) {
    now += 3s;
    exchange.on_timer(now);
    REQUIRE_FALSE(exchange.over());
    exchange.on_report(piece_of(bytes, i), now);
  }
  CHECK(exchange.report());

  auto stuck = started(0ms);
  stuck.on_report(piece_of(bytes, 0), kStart + 6s);
  stuck.on_timer(kStart + 9s);
  CHECK_FALSE(stuck.over());
  stuck.on_timer(kStart + 9500ms);
  CHECK(stuck.over());
}

TEST_CASE("where no FIN is answered the report is asked for by itself", "[session]") {
  auto exchange = started();
  said(exchange);
  exchange.on_timer(kStart + 1500ms);
  CHECK(said(exchange) == Said{MessageType::fin});
  exchange.on_timer(kStart + 1700ms);
  CHECK(said(exchange) == (Said{MessageType::fin, MessageType::report_pull}));
  exchange.on_fin_ack();
  exchange.on_timer(kStart + 1900ms);
  CHECK(said(exchange) == Said{MessageType::fin});
  CHECK(exchange.acknowledged());
}

TEST_CASE("a report that cannot be believed ends the exchange without one", "[session]") {
  auto exchange = started();
  RxReport report = report_of(1);
  report.lost += 1;
  exchange.on_report(piece_of(wire::encode_report(report), 0), kStart + 20ms);
  CHECK(exchange.over());
  CHECK_FALSE(exchange.report());
}

TEST_CASE("a report of more or less than was sent ends the exchange without one", "[session]") {
  const auto believed = [](std::uint64_t sent, bool tail_known) {
    auto exchange = started();
    RxReport report = report_of(1);
    report.sent = sent;
    report.unique = report.datagrams = std::min<std::uint64_t>(sent, 90);
    report.lost = sent - report.unique;
    report.intervals.clear();
    report.tail_known = tail_known;
    exchange.on_report(piece_of(wire::encode_report(report), 0), kStart + 20ms);
    CHECK(exchange.over());
    return exchange.report().has_value();
  };
  CHECK(believed(100, true));
  CHECK_FALSE(believed(101, true));
  CHECK_FALSE(believed(99, true));
  CHECK_FALSE(believed(std::uint64_t{1} << 59U, true));
  CHECK(believed(99, false));  // no FIN came: it knows of what came before the tail
  CHECK(believed(100, false));
  CHECK_FALSE(believed(101, false));
}

TEST_CASE("a report for which there is no memory ends the exchange without one", "[session]") {
  MemoryAccount account{5 * kPiece};
  FinExchange exchange{7, 3, &account};
  exchange.start({}, 0ms, kStart);
  const auto bytes = wire::encode_report(report_of(200));
  exchange.on_report(piece_of(bytes, 0), kStart + 20ms);  // three times its bytes
  CHECK_FALSE(exchange.over());
  exchange.on_report(piece_of(bytes, 1), kStart + 20ms);
  CHECK(exchange.over());
  CHECK_FALSE(exchange.report());
  CHECK(account.used() == 0);
}

TEST_CASE("REPORT_PULL is as long as its answer's budget needs", "[session]") {
  FinExchange exchange{7, 3, nullptr, 1126};
  exchange.start(hundred(), 0ms, kStart);
  said(exchange);
  exchange.on_report(piece_of(wire::encode_report(report_of(1)), 0), kStart + 20ms);
  CHECK(exchange.poll_transmit()->size() == 1126);
}
