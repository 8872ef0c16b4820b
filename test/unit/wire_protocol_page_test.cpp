// docs/protocol.md is enough to write a peer: who knows nothing but the page reads every message to
// its end.

#include <array>
#include <vector>

#include "support/catch.hpp"
#include "support/example_messages.hpp"
#include "support/protocol_page.hpp"
#include "wire/compact_header.hpp"
#include "wire/messages.hpp"
#include "wire/visit_report.hpp"

using namespace udperf;
using namespace udperf::test;
using wire::MessageType;

namespace {

TxReport full_tx_report() {
  TxReport tx;
  tx.packets = 1001;
  tx.local_drop = 12;
  tx.gap_max_ns = 77;
  tx.load.waited_permille = 13;
  SendTime& time = tx.time.emplace();
  time.window_ns = 1'000'000'000;
  time.queue_drops = 55;
  time.pauses = {SendPause{1, 2, 3, 101}, SendPause{4, 5, 6, 0}};
  tx.omitted = OmittedTx{900, 90'000, 1, 30};
  return tx;
}

RxReport full_rx_report() {
  RxReport rx;
  rx.datagrams = 110;
  rx.unique = 90;
  rx.duplicates = 15;
  rx.late = 3;
  rx.invalid = 2;
  rx.sent = 100;
  rx.lost = 10;
  rx.rx_socket_drop = 4;
  rx.jitter_ns = 1234;
  rx.delay_variation.emplace().p99_ns = 88;
  rx.ecn = std::array<std::uint64_t, 4>{80, 0, 9, 1};
  rx.ttl = 61;
  rx.interval_ns = 1'000'000'000;
  rx.intervals.resize(3);
  rx.intervals[2].lost = 7;
  rx.outages = {Outage{1, 2, 3}};
  rx.delay_bins = {DelayBin{0, 3}, DelayBin{1000, 4}};
  rx.load.steal_permille = 30;
  rx.voice = VoiceReport{{100, 12, 5, 60'000'000}, {50, 9, 3, 61'000'000}, 2, 1002};
  rx.omitted = OmittedRx{50, 45, 4500, 5, 500, 3, 2, 1, 0};
  return rx;
}

}  // namespace

TEST_CASE("handshake messages are read by the page alone", "[wire][docs]") {
  const PageTables tables = tables_of(protocol_page());
  wire::Hello hello;
  hello.capabilities = 0x01020304;
  hello.versions = {3, 9};
  const auto greeted = read_by_page(tables, "HELLO", wire::encode(MessageType::hello, 0, 0, hello));
  CHECK(greeted.value("type") == 1);
  CHECK(greeted.value("capabilities") == 0x01020304);
  CHECK(greeted.value("lowest version") == 3);
  CHECK(greeted.value("highest version") == 9);

  wire::Challenge challenge;
  challenge.needs_key = true;
  CHECK(read_by_page(tables, "CHALLENGE", wire::encode(MessageType::challenge, 0, 0, challenge))
            .value("needs key") == 1);

  auto asked = request();
  asked.params.burst = std::chrono::milliseconds{2};
  asked.params.shape_down.sizes[7] = {1100, 5};
  asked.params.shape_up.frames.per_1000_s = 30'000;
  asked.params.omit = std::chrono::seconds{3};
  const auto wanted =
      read_by_page(tables, "REQUEST", wire::encode(MessageType::request, 0, 0, asked));
  CHECK(wanted.value("parameters.datagram size") == 1448);
  CHECK(wanted.value("parameters.rate down, value") == 5000);
  CHECK(wanted.value("parameters.dscp") == 46);
  CHECK(wanted.value("burst window") == 2'000'000);
  CHECK(wanted.value("shapes.shape down.shares.7.weight") == 5);
  CHECK(wanted.value("shapes.frames up.frames") == 30'000);
  CHECK(wanted.value("warm-up") == 3'000'000'000);

  const auto granted =
      read_by_page(tables, "ACCEPT", wire::encode(MessageType::accept, 77, 0, accept()));
  CHECK(granted.value("session") == 77);
  CHECK(granted.value("port") == 5555);
  CHECK(granted.value("instance") == 0x0102030405060708);

  wire::Reject reject;
  reject.reason = wire::RejectReason::duration;
  reject.limit = 123;
  const auto refused =
      read_by_page(tables, "REJECT", wire::encode(MessageType::reject, 0, 0, reject));
  CHECK(refused.value("reason") == 8);
  CHECK(refused.value("limit") == 123);
  read_by_page(tables, "JOIN", wire::encode(MessageType::join, 1, 2, wire::Join{}));
  wire::Go go;
  go.payload_bytes = 1000;
  CHECK(
      read_by_page(tables, "GO", wire::encode(MessageType::go, 1, 0, go)).value("datagram size") ==
      1000);
}

TEST_CASE("messages of a running test are read by the page alone", "[wire][docs]") {
  const PageTables tables = tables_of(protocol_page());
  wire::Feedback told;
  told.next_expected = 11;
  told.unique = 10;
  told.echo_token = 0xABCD;
  told.held_ns = 99;
  told.at_reordered = 6;
  told.queue_cost = 1100;
  told.omitted_next = 5;
  const auto feedback =
      read_by_page(tables, "FEEDBACK", wire::encode(MessageType::feedback, 9, 3, told));
  CHECK(feedback.value("stream") == 3);
  CHECK(feedback.value("next expected") == 11);
  CHECK(feedback.value("unique") == 10);
  CHECK(feedback.value("echoed token") == 0xABCD);
  CHECK(feedback.value("held") == 99);
  CHECK(feedback.value("reordered then") == 6);
  CHECK(feedback.value("queue cost") == 1100);
  CHECK(feedback.value("warm-up") == 5);

  const auto probe =
      read_by_page(tables, "PROBE", wire::encode(MessageType::probe, 1, 0, wire::Probe{7, 8, 9}));
  CHECK(probe.value("reply size") == 9);
  wire::ProbeReply reply;
  reply.t3_ns = 33;
  reply.stamp = wire::ProbeStamp::kernel;
  const auto answer =
      read_by_page(tables, "PROBE_REPLY", wire::encode(MessageType::probe_reply, 1, 0, reply));
  CHECK(answer.value("t3") == 33);
  CHECK(answer.value("stamp") == 2);
  CHECK(read_by_page(tables, "BYE",
                     wire::encode(MessageType::bye, 1, 0, wire::Bye{wire::ByeReason::failed}))
            .value("reason") == 2);
}

TEST_CASE("DATA is read by the page alone", "[wire][docs]") {
  const PageTables tables = tables_of(protocol_page());
  wire::DataHeader data;
  data.session = 0x1122334455667788;
  data.stream = 5;
  data.sequence = 6;
  data.tx_time_ns = 7;
  data.batch = 8;
  data.index = 9;
  data.count = 10;
  data.token = 11;
  std::vector<std::byte> bytes(wire::kCommonHeaderBytes + 24);
  wire::encode(data, std::span<std::byte, kDataHeaderBytes>{bytes});
  const auto reader = read_by_page(tables, "DATA", bytes);
  CHECK(reader.value("type") == 10);
  CHECK(reader.value("session") == 0x1122334455667788);
  CHECK(reader.value("stream") == 5);
  CHECK(reader.value("sequence") == 6);
  CHECK(reader.value("tx_time") == 7);
  CHECK(reader.value("batch") == 8);
  CHECK(reader.value("index") == 9);
  CHECK(reader.value("count") == 10);
  CHECK(reader.value("token") == 11);

  wire::CompactHeader compact{5, 0x010203, 6, 7, 8, 9};
  bytes.resize(kCompactHeaderBytes);
  wire::encode(compact, std::span<std::byte, kCompactHeaderBytes>{bytes});
  PageReader short_one{tables, bytes};
  short_one.read("compact header");
  CHECK(short_one.at() == bytes.size());
  CHECK(short_one.value("head") == 0x85010203);
  CHECK(short_one.value("sequence") == 6);
  CHECK(short_one.value("tx_time") == 7);
  CHECK(short_one.value("tag") == 8);
  CHECK(short_one.value("token") == 9);
}

TEST_CASE("FIN is read by the page alone, whatever its sender has to say", "[wire][docs]") {
  const PageTables tables = tables_of(protocol_page());
  wire::Fin fin;
  fin.report = full_tx_report();
  fin.rtt_max_ns = 44;
  const auto read = [&] {
    return read_by_page(tables, "FIN", wire::encode(MessageType::fin, 1, 0, fin));
  };
  const auto full = read();
  CHECK(full.value("packets") == 1001);
  CHECK(full.value("gap max") == 77);
  CHECK(full.value("longest round trip") == 44);
  CHECK(full.value("waited") == 13);
  CHECK(full.value("sending.queue drops") == 55);
  CHECK(full.value("sending.pauses.1.refused") == 6);
  CHECK(full.value("warm-up.packets") == 900);

  fin.report.omitted.reset();
  CHECK_FALSE(read().has("warm-up.packets"));
  fin.report.time->queue_drops.reset();
  CHECK(read().value("sending.pauses.0.errno") == 101);
  fin.report.time.reset();
  CHECK_FALSE(read().has("sending.window"));
}

TEST_CASE("the report is read by the page alone, from piece to figure", "[wire][docs]") {
  const PageTables tables = tables_of(protocol_page());
  const RxReport sent = full_rx_report();
  const auto bytes = wire::encode_report(sent);
  const wire::ReportChunk chunk{static_cast<std::uint32_t>(bytes.size()), 0, bytes};
  const auto piece = read_by_page(tables, "REPORT", wire::encode(MessageType::report, 1, 0, chunk));
  CHECK(piece.value("total") == bytes.size());
  CHECK(piece.value("length") == bytes.size());
  CHECK(read_by_page(tables, "REPORT_PULL",
                     wire::encode(MessageType::report_pull, 1, 0, wire::ReportPull{5, 6}))
            .value("pieces") == 6);

  PageReader report{tables, bytes};
  report.read("report");
  CHECK(report.at() == bytes.size());
  CHECK(report.value("format") == wire::kReportFormat);
  CHECK(report.value("revision") == wire::kReportRevision);
  CHECK(report.value("unique") == 90);
  CHECK(report.value("socket drops") == 4);
  CHECK(report.value("jitter") == 1234);
  CHECK_FALSE(report.has("jitter max"));
  CHECK(report.value("delay variation.p99") == 88);
  CHECK(report.value("ecn.2") == 9);
  CHECK(report.value("ttl") == 61);
  CHECK(report.value("intervals.2.lost") == 7);
  CHECK(report.value("silences.0.lost") == 3);
  CHECK(report.value("delays.1.datagrams") == 4);
  CHECK(report.value("stolen") == 30);
  CHECK(report.value("listener.worst.missed") == 9);
  CHECK(report.value("warm-up.unique") == 45);

  const auto bare_bytes = wire::encode_report(RxReport{});
  PageReader bare{tables, bare_bytes};
  bare.read("report");
  CHECK(bare.at() == bare_bytes.size());
}
