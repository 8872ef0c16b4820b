#include <random>

#include "session/fin_exchange.hpp"
#include "session/report_exchange.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;
using namespace udperf;
using session::FinExchange;
using session::ReportExchange;
using wire::MessageType;

namespace {

constexpr MonoTime kStart{50s};
constexpr std::size_t kPiece = 1100;

/// Its rows have all of it.
RxReport report_of(std::size_t rows) {
  RxReport report;
  report.interval_ns = 1'000'000;
  for (std::size_t i = 0; i < rows; ++i) {
    IntervalRow row;
    row.unique = i;
    row.bytes = 2 * i;
    row.sent = i + 1;
    row.lost = 1;
    row.duplicates = i % 3;
    row.reordered = i % 5;
    report.intervals.push_back(row);
    report.unique += row.unique;
    report.unique_bytes += row.bytes;
    report.sent += row.sent;
    report.lost += row.lost;
    report.duplicates += row.duplicates;
    report.reordered += row.reordered;
  }
  report.datagrams = report.unique + report.duplicates;
  return report;
}

wire::Fin fin_of(Duration rtt) {
  wire::Fin fin;
  fin.report.packets = 100;
  fin.rtt_max_ns = rtt.count();
  return fin;
}

/// The pieces that it hands out, as offsets; of anything else none is expected.
std::vector<std::uint32_t> pieces(ReportExchange& exchange) {
  std::vector<std::uint32_t> offsets;
  while (true) {
    const std::size_t waiting = exchange.waiting_bytes();
    const auto datagram = exchange.poll_transmit();
    CHECK(waiting == (datagram ? datagram->size() : 0));
    if (!datagram) {
      return offsets;
    }
    const auto chunk = wire::decode<wire::ReportChunk>(*datagram);
    REQUIRE(chunk);
    offsets.push_back(chunk->offset);
    REQUIRE(offsets.size() <= 32);
  }
}

ReportExchange::Books books(bool all, std::optional<MonoTime> last) {
  return {all, last};
}

}  // namespace

TEST_CASE("FIN is acknowledged as long as the books are open", "[session]") {
  ReportExchange exchange{7, 3};
  CHECK(exchange.waiting_bytes() == 0);
  for (int i = 0; i < 2; ++i) {
    exchange.on_fin(fin_of(1ms), kStart);
    CHECK(exchange.waiting_bytes() == 16);
    const auto datagram = exchange.poll_transmit();
    REQUIRE(datagram);
    CHECK(wire::decode_common(*datagram)->type == MessageType::fin_ack);
    CHECK(wire::decode_common(*datagram)->stream == 3);
    CHECK(exchange.waiting_bytes() == 0);
  }
  CHECK(exchange.fin()->packets == 100);
  CHECK_FALSE(exchange.closed());
}

TEST_CASE("books close at once when all is there", "[session]") {
  ReportExchange exchange{7, 3};
  CHECK_FALSE(exchange.due(books(true, kStart), kStart));  // without FIN nobody knows what all is
  CHECK(exchange.next_timeout(books(true, kStart)) == kNever);
  exchange.on_fin(fin_of(1ms), kStart);
  CHECK(exchange.due(books(true, kStart), kStart) == Finalized::all_received);
}

TEST_CASE("books close when nothing new has come for three round trips, 200 ms at least",
          "[session]") {
  struct Row {
    Duration rtt;
    Duration quiet;
  };
  const auto row =
      GENERATE(Row{0ms, 200ms}, Row{66ms, 200ms}, Row{100ms, 300ms}, Row{900ms, 2700ms});
  CAPTURE(row.rtt.count());
  ReportExchange exchange{7, 3};
  exchange.on_fin(fin_of(row.rtt), kStart);
  const auto none = books(false, std::nullopt);
  CHECK(exchange.next_timeout(none) == kStart + row.quiet);
  CHECK_FALSE(exchange.due(none, kStart + row.quiet - 1ns));
  CHECK(exchange.due(none, kStart + row.quiet) == Finalized::quiet);

  const auto late = books(false, kStart + 100ms);
  CHECK_FALSE(exchange.due(late, kStart + row.quiet));
  CHECK(exchange.due(late, kStart + 100ms + row.quiet) == Finalized::quiet);
}

TEST_CASE("books close three seconds after FIN, whatever still comes", "[session]") {
  ReportExchange exchange{7, 3};
  exchange.on_fin(fin_of(1h), kStart);        // a round trip that nobody believes
  exchange.on_fin(fin_of(1ms), kStart + 2s);  // said again: the first one counts
  const auto coming = books(false, kStart + 2999ms);
  CHECK(exchange.next_timeout(coming) == kStart + 3s);
  CHECK_FALSE(exchange.due(coming, kStart + 3s - 1ns));
  CHECK(exchange.due(coming, kStart + 3s) == Finalized::tmax);
}

TEST_CASE("without FIN books close a second after the last datagram, if they are asked for",
          "[session]") {
  ReportExchange exchange{7, 3};
  const auto old = books(false, kStart);
  CHECK_FALSE(exchange.due(old, kStart + 1h));
  exchange.on_pull({0, 1}, kStart + 400ms);
  CHECK(exchange.next_timeout(old) == kStart + 1s);
  CHECK_FALSE(exchange.due(old, kStart + 999ms));
  CHECK(exchange.due(old, kStart + 1s) == Finalized::no_fin);
  CHECK_FALSE(exchange.due(books(false, kStart + 800ms), kStart + 1s));
}

TEST_CASE("closed books are told of in up to 32 pieces, and again from where it is asked",
          "[session]") {
  ReportExchange exchange{7, 3};
  exchange.on_fin(fin_of(1ms), kStart);
  static_cast<void>(exchange.poll_transmit());
  RxReport report = report_of(1000);
  const auto total = static_cast<std::uint32_t>(wire::encode_report(report).size());
  REQUIRE(total > 40 * kPiece);
  exchange.set_report(report);
  CHECK(exchange.closed());
  CHECK_FALSE(exchange.due(books(true, kStart), kStart + 1h));
  CHECK(exchange.next_timeout(books(true, kStart)) == kNever);

  const auto first = pieces(exchange);
  CHECK(first.size() == 32);
  CHECK(first.back() == 31 * kPiece);
  exchange.on_pull({static_cast<std::uint32_t>(5 * kPiece), 2}, kStart);
  CHECK(pieces(exchange) == std::vector<std::uint32_t>{5 * kPiece, 6 * kPiece});
  exchange.on_pull({total - 1, 32}, kStart);
  CHECK(pieces(exchange) == std::vector<std::uint32_t>{total - 1});
  exchange.on_fin(fin_of(1ms), kStart);  // its answer is the report now
  CHECK(pieces(exchange).size() == 32);

  exchange.on_pull({total + 1, 1}, kStart);
  CHECK_FALSE(exchange.delivered());
  exchange.on_pull({total, 1}, kStart);
  CHECK(exchange.delivered());
  CHECK(pieces(exchange).empty());
}

TEST_CASE("what is asked for last counts", "[session]") {
  ReportExchange exchange{7, 3};
  RxReport report = report_of(1000);
  exchange.set_report(report);
  static_cast<void>(exchange.poll_transmit());
  exchange.on_pull({static_cast<std::uint32_t>(9 * kPiece), 1}, kStart);
  CHECK(pieces(exchange) == std::vector<std::uint32_t>{9 * kPiece});
}

TEST_CASE("a report without memory for its rows keeps its sums", "[session]") {
  MemoryAccount account{1000};
  ReportExchange exchange{7, 3, &account};
  RxReport report = report_of(100);
  report.outages = {Outage{1, 2, 3}};
  exchange.set_report(report);
  CHECK(report.memory_limited);
  REQUIRE(report.intervals.size() == 1);
  const IntervalRow& all = report.intervals.front();
  CHECK(all.unique == 4950);
  CHECK(all.bytes == 9900);
  CHECK(all.sent == 5050);
  CHECK(all.lost == 100);
  CHECK(all.duplicates == 99);
  CHECK(all.reordered == 200);
  CHECK(report.outages.empty());
  const auto told = wire::decode<wire::ReportChunk>(*exchange.poll_transmit());
  CHECK(wire::decode_report(told->bytes) == report);
}

TEST_CASE("a report crosses a path that loses, doubles and holds back", "[session][property]") {
  const auto seed = GENERATE(range(1U, 21U));
  CAPTURE(seed);
  std::mt19937 random{seed};
  const auto one_in = [&random](unsigned n) { return random() % n == 0; };
  ReportExchange receiver{7, 3};
  FinExchange sender{7, 3};
  RxReport report = report_of(seed * 40);
  std::vector<std::vector<std::byte>> held;
  TxReport sent;
  sent.packets = report.sent;
  sender.start(sent, 10ms, kStart);
  MonoTime now = kStart;
  for (int step = 0; step < 20'000 && !(sender.over() && receiver.delivered()); ++step) {
    now += 1ms;
    sender.on_timer(now);
    if (const auto why = receiver.due(books(true, kStart), now)) {
      report.finalized = *why;
      receiver.set_report(report);
    }
    while (const auto datagram = sender.poll_transmit()) {
      if (one_in(3)) {
        continue;
      }
      if (const auto fin = wire::decode_common(*datagram)->type == MessageType::fin
                               ? wire::decode<wire::Fin>(*datagram)
                               : std::nullopt) {
        receiver.on_fin(*fin, now);
      } else if (const auto pull = wire::decode<wire::ReportPull>(*datagram)) {
        receiver.on_pull(*pull, now);
      }
    }
    if (auto datagram = receiver.poll_transmit()) {
      held.insert(held.end(), one_in(10) ? 2 : 1, *datagram);
    }
    while (!held.empty() && !one_in(2)) {
      const auto datagram = held.front();
      held.erase(held.begin());
      if (one_in(5)) {
        continue;
      }
      if (const auto chunk = wire::decode_common(datagram)->type == MessageType::report
                                 ? wire::decode<wire::ReportChunk>(datagram)
                                 : std::nullopt) {
        sender.on_report(*chunk, now);
      } else {
        sender.on_fin_ack();
      }
    }
  }
  REQUIRE(sender.report());
  CHECK(*sender.report() == report);
}
