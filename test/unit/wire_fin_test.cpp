#include "support/catch.hpp"
#include "wire/messages.hpp"

using namespace udperf;
using wire::MessageType;

/// No warm-up, and how long the path held the sender: behind how the sending went.
constexpr std::size_t kBehindTime = 1 + 2;

TEST_CASE("FIN carries how the sending went, and is read without it", "[wire]") {
  wire::Fin fin;
  fin.report.packets = 1000;
  fin.rtt_max_ns = 5;
  const auto plain = wire::encode(MessageType::fin, 1, 0, fin);
  const auto old = wire::decode<wire::Fin>(plain);
  REQUIRE(old);
  CHECK_FALSE(old->report.time);

  SendTime& time = fin.report.time.emplace();
  time.window_ns = 10'000'000'000;
  time.silent_ns = 4'000'000'000;
  time.tail_ns = 1'000'000'000;
  time.os_error = 9;
  time.queue_full = 3;
  time.queue_drops = 7;
  time.pauses = {{1, 2, 3, 101}, {4'000'000'000, 5, 6, 0}};
  const auto bytes = wire::encode(MessageType::fin, 1, 0, fin);
  const auto back = wire::decode<wire::Fin>(bytes);
  REQUIRE(back);
  CHECK(back->report == fin.report);
  CHECK(back->rtt_max_ns == 5);
  const std::size_t least = bytes.size() - kBehindTime;  // an earlier version ends there
  for (std::size_t length = plain.size() + 1; length < bytes.size(); ++length) {
    CAPTURE(length, bytes.size());
    const bool whole = length == least || length == least + 1;
    CHECK(wire::decode<wire::Fin>(std::span{bytes}.first(length)).has_value() == whole);
  }
  time.pauses.resize(kMostSendPauses, SendPause{});
  const auto full = wire::encode(MessageType::fin, 1, 0, fin);
  CHECK(full.size() <= 1232);
  CHECK(wire::decode<wire::Fin>(full));
}

TEST_CASE("FIN with absurd times or a lying count is refused", "[wire]") {
  wire::Fin fin;
  fin.report.time.emplace().window_ns = -1;
  CHECK_FALSE(wire::decode<wire::Fin>(wire::encode(MessageType::fin, 1, 0, fin)));
  fin.report.time->window_ns = INT64_MAX;
  CHECK_FALSE(wire::decode<wire::Fin>(wire::encode(MessageType::fin, 1, 0, fin)));
  fin.report.time->window_ns = 0;
  auto bytes = wire::encode(MessageType::fin, 1, 0, fin);
  std::byte& pauses = bytes[bytes.size() - kBehindTime - 1];
  CHECK(pauses == std::byte{0});
  pauses = std::byte{200};
  bytes.resize(bytes.size() + 10'000);
  CHECK_FALSE(wire::decode<wire::Fin>(bytes));
}

TEST_CASE("FIN of what no sender can have done is refused", "[wire][hostile]") {
  const auto refused = [](auto change) {
    wire::Fin fin;
    fin.report.packets = 10;
    fin.report.local_drop = 1;
    fin.report.time.emplace().pauses.push_back({1, 2, 3, 101});
    change(fin.report);
    return !wire::decode<wire::Fin>(wire::encode(MessageType::fin, 1, 0, fin));
  };
  static constexpr std::uint64_t kTooMany = (std::uint64_t{1} << 60U) + 1;
  CHECK_FALSE(refused([](TxReport&) {}));
  CHECK_FALSE(refused([](TxReport& r) { r.target_milli_pps = UINT64_MAX; }));  // says no limit
  for (const std::int64_t bad : {std::int64_t{-2}, INT64_MIN, INT64_MAX}) {
    CAPTURE(bad);
    CHECK(refused([bad](TxReport& r) { r.gap_p50_ns = bad; }));
    CHECK(refused([bad](TxReport& r) { r.gap_p99_ns = bad; }));
    CHECK(refused([bad](TxReport& r) { r.gap_max_ns = bad; }));
    CHECK(refused([bad](TxReport& r) { r.burst_ns = bad; }));
    CHECK(refused([bad](TxReport& r) { r.lateness_p50_ns = bad; }));
    CHECK(refused([bad](TxReport& r) { r.lateness_p99_ns = bad; }));
    CHECK(refused([bad](TxReport& r) { r.lateness_max_ns = bad; }));
    CHECK(refused([bad](TxReport& r) { r.span_ns = bad; }));
  }
  CHECK(refused([](TxReport& r) { r.first_unix_ns = INT64_MIN; }));
  CHECK(refused([](TxReport& r) { r.last_unix_ns = INT64_MAX; }));
  CHECK(refused([](TxReport& r) { r.packets = kTooMany; }));
  CHECK(refused([](TxReport& r) { r.payload_bytes = kTooMany; }));
  CHECK(refused([](TxReport& r) { r.send_blocked = kTooMany; }));
  CHECK(refused([](TxReport& r) { r.pacing_skipped = kTooMany; }));
  CHECK(refused([](TxReport& r) { r.batches = kTooMany; }));
  CHECK(refused([](TxReport& r) { r.local_drop = 11; }));
  CHECK(refused([](TxReport& r) { r.time->queue_full = kTooMany; }));
  CHECK(refused([](TxReport& r) { r.time->queue_drops = kTooMany; }));
  CHECK(refused([](TxReport& r) { r.time->pauses[0].refused = 11; }));
}

TEST_CASE("a sender's word on its warm-up comes back, and may be absent", "[wire]") {
  wire::Fin fin;
  fin.report.packets = 7;
  fin.report.time.emplace();
  const auto again = [&fin] {
    return wire::decode<wire::Fin>(wire::encode(MessageType::fin, 1, 0, fin));
  };
  REQUIRE(again());
  CHECK_FALSE(again()->report.omitted);
  fin.report.omitted = OmittedTx{100, 20'000, 3, 90};
  REQUIRE(again());
  CHECK(again()->report == fin.report);
  fin.report.omitted->local_drop = 101;  // more than were numbered
  CHECK_FALSE(again());
}
