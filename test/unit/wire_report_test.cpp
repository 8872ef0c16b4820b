#include <random>

#include "support/catch.hpp"
#include "wire/messages.hpp"

using namespace udperf;

namespace {

RxReport some_report() {
  RxReport report;
  report.datagrams = 110;
  report.unique = 90;
  report.unique_bytes = 9000;
  report.duplicates = 15;
  report.late = 3;
  report.invalid = 2;
  report.sent = 100;
  report.lost = 10;
  report.lost_bytes = 1000;
  report.rx_socket_drop = 4;
  report.burst_ratio = 1.5;
  report.bursts = 2;
  report.burst_packets = 9;
  report.burst_lost = 3;
  report.ttl = 61;
  report.fragment_bytes = 1500;
  report.delay_bins = {{0, 3}, {1000, 4}};
  report.jitter_ns = 1234;
  report.delay_variation.emplace();
  report.delay_variation->n = 90;
  report.delay_variation->p999_ns = 77;
  report.delay_variation->max_ns = 80;
  report.raw_delay_min_ns = -5;
  report.ecn = std::array<std::uint64_t, 4>{80, 0, 9, 1};
  report.dscp = 46;
  report.stamp = RxStamp::kernel;
  report.finalized = Finalized::quiet;
  report.interval_ns = 1'000'000'000;
  report.intervals.resize(3);
  report.intervals[1] = IntervalRow{90, 9000, 100, 10, 15, 0};
  report.outages.push_back(Outage{1, 2, 3});
  return report;
}

/// Whether a report is refused that differs so from one that is good.
template <typename Change>
bool report_refused(const Change& change) {
  RxReport report = some_report();
  change(report);
  return !wire::decode_report(wire::encode_report(report));
}

}  // namespace

TEST_CASE("a report comes back as it was sent", "[wire]") {
  const RxReport report = some_report();
  const auto decoded = wire::decode_report(wire::encode_report(report));
  REQUIRE(decoded);
  CHECK(*decoded == report);
}

TEST_CASE("what a listener heard comes back, and holds with the books", "[wire]") {
  RxReport report = some_report();
  report.voice = VoiceReport{{100, 12, 5, 60'000'000}, {50, 9, 3, 61'000'000}, 2, 1002};
  const auto again = [&report] { return wire::decode_report(wire::encode_report(report)); };
  REQUIRE(again());
  CHECK(*again() == report);
  const VoiceReport good = *report.voice;
  const auto refused = [&](auto change) {
    report.voice = good;
    change(*report.voice);
    return !again();
  };
  CHECK(refused([](VoiceReport& v) { v.whole.packets = 99; }));  // not what was sent
  CHECK(refused([](VoiceReport& v) { v.whole.missed = 9; }));    // less than was lost
  CHECK(refused([](VoiceReport& v) { v.whole.runs = 13; }));
  CHECK(refused([](VoiceReport& v) { v.whole.runs = 0; }));
  CHECK(refused([](VoiceReport& v) { v.worst.missed = 13; }));
  CHECK(refused([](VoiceReport& v) { v.whole.buffer_ns = 500'000'001; }));
  CHECK(refused([](VoiceReport& v) { v.whole.buffer_ns = -2; }));
  CHECK(refused([](VoiceReport& v) { v.worst_end_ns = 1; }));
}

TEST_CASE("the books of a warm-up come back, and balance by themselves", "[wire]") {
  RxReport report = some_report();
  report.omitted = OmittedRx{50, 45, 4500, 5, 500, 3, 2, 1, 0};
  const auto again = [&report] { return wire::decode_report(wire::encode_report(report)); };
  REQUIRE(again());
  CHECK(*again() == report);
  report.omitted->unique = 46;
  CHECK_FALSE(again());
  report.omitted->unique = UINT64_MAX;
  report.omitted->lost = 51;  // a sum that wraps is none
  CHECK_FALSE(again());
}

TEST_CASE("a report without what may be absent comes back so", "[wire]") {
  RxReport report = some_report();
  report.jitter_ns.reset();
  report.delay_variation.reset();
  report.rx_socket_drop.reset();
  report.ecn.reset();
  report.intervals.clear();
  const auto decoded = wire::decode_report(wire::encode_report(report));
  REQUIRE(decoded);
  CHECK(*decoded == report);
}

TEST_CASE("a report cut at any length is refused, or is one of an earlier version", "[wire]") {
  auto report = some_report();
  report.load.steal_permille = 30;
  const auto bytes = wire::encode_report(report);
  const std::size_t earlier = bytes.size() - 10;  // of the host, no listener, no warm-up, revision
  // Versions that did not tell of memory end a byte earlier.
  for (std::size_t length = 0; length + 1 < earlier; ++length) {
    CAPTURE(length);
    CHECK_FALSE(wire::decode_report(std::span{bytes}.first(length)));
  }
  const auto decoded = wire::decode_report(std::span{bytes}.first(earlier));
  REQUIRE(decoded);
  CHECK(decoded->load == HostLoad{});
}

TEST_CASE("a report tells of memory, and one that does not is as good", "[wire]") {
  RxReport report = some_report();
  report.memory_limited = true;
  auto bytes = wire::encode_report(report);
  CHECK(wire::decode_report(bytes) == report);
  bytes.resize(bytes.size() - 11);  // what follows is of later versions still
  report.memory_limited = false;
  CHECK(wire::decode_report(bytes) == report);
}

TEST_CASE("a report whose books do not balance is refused", "[wire]") {
  CHECK(report_refused([](RxReport& r) { r.lost += 1; }));
  CHECK_FALSE(report_refused([](RxReport& r) { r.intervals.clear(); }));
  CHECK(report_refused([](RxReport& r) {  // no row would contradict it
    r.intervals.clear();
    r.sent += 1;
  }));
  CHECK(report_refused([](RxReport& r) { r.datagrams += 1; }));
  CHECK(report_refused([](RxReport& r) { r.rx_socket_drop = 11; }));
  CHECK(report_refused([](RxReport& r) { r.unique = UINT64_MAX; }));
  CHECK(report_refused([](RxReport& r) { r.interval_ns = 0; }));
  CHECK(report_refused([](RxReport& r) { r.finalized = static_cast<Finalized>(9); }));
  CHECK_FALSE(report_refused([](RxReport&) {}));
}

TEST_CASE("a report of times that are negative, or wrap in a sum, is refused", "[wire][hostile]") {
  for (const std::int64_t bad : {std::int64_t{-1}, INT64_MIN, INT64_MAX, std::int64_t{1} << 62U}) {
    CAPTURE(bad);
    CHECK(report_refused([bad](RxReport& r) { r.jitter_ns = bad; }));
    CHECK(report_refused([bad](RxReport& r) { r.jitter_max_ns = bad; }));
    CHECK(report_refused([bad](RxReport& r) { r.ipdv_mean_abs_ns = bad; }));
    CHECK(report_refused([bad](RxReport& r) { r.ipdv_p95_abs_ns = bad; }));
    CHECK(report_refused([bad](RxReport& r) { r.ipdv_max_abs_ns = bad; }));
    CHECK(report_refused([bad](RxReport& r) { r.late_ns_max = bad; }));
    CHECK(report_refused([bad](RxReport& r) { r.delay_variation->min_ns = bad; }));
    CHECK(report_refused([bad](RxReport& r) { r.delay_variation->mean_ns = bad; }));
    CHECK(report_refused([bad](RxReport& r) { r.delay_variation->p50_ns = bad; }));
    CHECK(report_refused([bad](RxReport& r) { r.delay_variation->p999_ns = bad; }));
    CHECK(report_refused([bad](RxReport& r) { r.delay_variation->max_ns = bad; }));
    CHECK(report_refused([bad](RxReport& r) { r.outages.back().duration_ns = bad; }));
    CHECK(report_refused(
        [bad](RxReport& r) { r.intervals[0].dv_p50_ns = bad - (bad == -1 ? 1 : 0); }));
    CHECK(report_refused(
        [bad](RxReport& r) { r.intervals[0].dv_p99_ns = bad - (bad == -1 ? 1 : 0); }));
    CHECK(report_refused([bad](RxReport& r) { r.interval_ns = bad; }));
  }
  for (const std::int64_t bad : {INT64_MIN, INT64_MAX}) {
    CHECK(report_refused([bad](RxReport& r) { r.first_unix_ns = bad; }));
    CHECK(report_refused([bad](RxReport& r) { r.last_unix_ns = bad; }));
    CHECK(report_refused([bad](RxReport& r) { r.first_mono_ns = bad; }));
    CHECK(report_refused([bad](RxReport& r) { r.last_mono_ns = bad; }));
    CHECK(report_refused([bad](RxReport& r) { r.anchor_mono_ns = bad; }));
    CHECK(report_refused([bad](RxReport& r) { r.raw_delay_min_ns = bad; }));
  }
}

TEST_CASE("a report of parts that are more than their whole is refused", "[wire][hostile]") {
  CHECK(report_refused([](RxReport& r) { r.head_lost = 11; }));
  CHECK(report_refused([](RxReport& r) { r.tail_lost = 11; }));
  CHECK(report_refused([](RxReport& r) { r.loss_periods = 11; }));
  CHECK(report_refused([](RxReport& r) { r.loss_period_max = 11; }));
  CHECK(report_refused([](RxReport& r) { r.bursts = 10; }));
  CHECK(report_refused([](RxReport& r) { r.replicated = 16; }));
  CHECK(report_refused([](RxReport& r) { r.reordered = 111; }));
  CHECK(report_refused([](RxReport& r) { r.n3_reordered = 1; }));
  CHECK(report_refused([](RxReport& r) { r.extent_max = 101; }));
  CHECK(report_refused([](RxReport& r) { (*r.ecn)[3] = UINT64_MAX; }));
  CHECK(report_refused([](RxReport& r) { r.dscp = 64; }));
  CHECK(report_refused([](RxReport& r) { r.burst_ratio = -1.0; }));
  CHECK(report_refused([](RxReport& r) { r.delay_variation->n = 111; }));
  CHECK(report_refused([](RxReport& r) { r.delay_bins[0].count = 111; }));
  CHECK(report_refused([](RxReport& r) { r.outages.back().lost = 101; }));
  CHECK(report_refused([](RxReport& r) { r.unique_bytes = 90 * 65508; }));
  CHECK(report_refused([](RxReport& r) { r.lost_bytes = 10 * 65508; }));
}

TEST_CASE("a report whose rows are not the whole is refused, also where their sum wraps",
          "[wire][hostile]") {
  CHECK(report_refused([](RxReport& r) { r.intervals[1].unique = 89; }));
  CHECK(report_refused([](RxReport& r) { r.intervals[0].unique = 91; }));
  CHECK(report_refused([](RxReport& r) { r.intervals[0].bytes = 9001; }));
  CHECK(report_refused([](RxReport& r) { r.intervals[0].sent = UINT64_MAX; }));
  CHECK(report_refused([](RxReport& r) { r.intervals[0].lost = 1; }));
  CHECK(report_refused([](RxReport& r) { r.intervals[0].lost = UINT64_MAX; }));
  CHECK(report_refused([](RxReport& r) { r.intervals[0].duplicates = 16; }));
  CHECK(report_refused([](RxReport& r) { r.intervals[0].reordered = 1; }));
  CHECK_FALSE(report_refused([](RxReport&) {}));
}

TEST_CASE("a lying list length allocates nothing and is refused", "[wire]") {
  RxReport report = some_report();
  report.intervals.clear();
  report.outages.clear();
  auto bytes = wire::encode_report(report);
  // The list of delays is the last, two rows of 16 bytes, before eleven bytes of later versions.
  const std::size_t length = bytes.size() - 11 - 32 - 4;
  for (std::size_t i = length; i < length + 4; ++i) {
    bytes[i] = std::byte{0xFF};
  }
  CHECK_FALSE(wire::decode_report(bytes));
}

TEST_CASE("damaged reports are refused or consistent, never anything else", "[wire][property]") {
  const auto good = wire::encode_report(some_report());
  for (unsigned seed = 1; seed <= 3000; ++seed) {
    CAPTURE(seed);
    std::mt19937 random{seed};
    auto bytes = good;
    for (unsigned i = 0; i <= random() % 4; ++i) {
      bytes[random() % bytes.size()] = static_cast<std::byte>(random());
    }
    if (const auto report = wire::decode_report(bytes)) {
      CHECK(report->sent == report->unique + report->lost);
      CHECK(wire::decode_report(wire::encode_report(*report)) == report);
    }
  }
}
