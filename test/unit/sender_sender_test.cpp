#include "crypto/crypto.hpp"
#include "support/sender_scene.hpp"

using namespace std::chrono_literals;
using namespace udperf;
using namespace udperf::test;
using Scene = SenderScene;

TEST_CASE("each datagram has its number, its batch, its place in it and the time", "[sender]") {
  Scene s;
  s.settings.params.amount = Amount{0, 100, 0ns};
  s.open();
  s.run();

  REQUIRE(s.port.sent().size() == 100);
  CHECK(s.port.calls() == 13);  // of 8 at most
  std::int64_t before = 0;
  for (std::size_t i = 0; i < 100; ++i) {
    const auto& [bytes, call] = s.port.sent()[i];
    const auto header = wire::decode_data(bytes);
    REQUIRE(header.has_value());
    CHECK(bytes.size() == 100);
    CHECK(header->session == 0xABCDEF);
    CHECK(header->stream == 3);
    CHECK_FALSE(header->warm_up);
    CHECK(header->sequence == i);
    CHECK(header->batch == call);
    CHECK(header->index == i % 8);
    CHECK(header->count == (i < 96 ? 8 : 4));
    CHECK(header->token == crypto::token(s.settings.token_key, header->batch));
    CHECK(header->tx_time_ns >= before);
    before = header->tx_time_ns;
  }
  CHECK(before <= to_ns(s.clock.now()));
  CHECK(s.report().end == TxEnd::complete);
  CHECK(s.report().packets == 100);
  CHECK(s.report().batches == 13);
  CHECK(s.report().payload_bytes == 10'000);
  CHECK(s.report().governor == TxGovernor::none);
  s.check_books();
}

TEST_CASE("a size ends with a shorter datagram, which leaves alone", "[sender]") {
  Scene s;
  s.settings.params.amount = Amount{2050, 0, 0ns};
  SECTION("full headers") {
    s.open();
  }
  SECTION("compact headers") {
    s.settings.params.header = HeaderKind::compact;
    s.open();
  }
  SECTION("letters") {
    s.open_alphabet();
  }
  s.run();
  REQUIRE(s.port.sent().size() == 21);
  CHECK(s.port.sent().back().bytes.size() == 50);
  CHECK(s.port.sent().back().call != s.port.sent()[19].call);
  CHECK(s.port.bytes() == 2050);
  CHECK(s.report().payload_bytes == 2050);
  s.check_books();
}

TEST_CASE("a remainder is cut as the format allows", "[sender]") {
  Scene s;
  s.settings.params.amount = Amount{2007, 0, 0ns};
  SECTION("the last two share what no header would fit in") {
    s.open();
    s.run();
    REQUIRE(s.port.sent().size() == 21);
    CHECK(s.port.sent()[19].bytes.size() == 54);
    CHECK(s.port.sent()[20].bytes.size() == 53);
  }
  SECTION("letters need none") {
    s.open_alphabet();
    s.run();
    REQUIRE(s.port.sent().size() == 21);
    CHECK(s.port.sent()[19].bytes.size() == 100);
    CHECK(s.port.sent()[20].bytes.size() == 7);
  }
  CHECK(s.port.bytes() == 2007);
}

TEST_CASE("a rate is kept to, and the time is over when it is over", "[sender]") {
  Scene s;
  s.settings.params.amount = Amount{0, 0, 2s};
  s.settings.params.rate_up = packets_per_second(1000);
  s.open();
  const MonoTime begun = s.clock.now();
  while (!s.sender->finished()) {
    const sender::Wake wake = s.sender->step(s.clock.now());
    const auto due = static_cast<std::uint64_t>((s.clock.now() - begun) / 1ms) + 1;
    REQUIRE(s.port.sent().size() <= due);
    s.clock.advance(1us);
    s.clock.move_to(wake.at == kNever ? s.clock.now() : wake.at);
  }
  CHECK(s.report().end == TxEnd::complete);
  CHECK(s.report().packets + s.report().pacing_skipped >= 1999);
  CHECK(s.report().packets <= 2001);
  CHECK(s.report().pacing_skipped <= 1);
  CHECK(s.report().target_milli_pps == 1'000'000);
  CHECK(s.report().pacer == PacerKind::sleep);
  CHECK(s.clock.now() - begun >= 2s);
  CHECK(s.clock.now() - begun < 2s + 10ms);
  s.check_books();
}

TEST_CASE("the kernel paces where it can, else waits end by spinning", "[sender]") {
  Scene s;
  s.settings.params.amount = Amount{0, 0, 100ms};
  s.settings.params.rate_up = packets_per_second(10'000);
  s.port.paces = GENERATE(true, false);
  s.open();
  const sender::Wake wake = s.sender->step(s.clock.now());
  CHECK(wake.precise == !s.port.paces);
  s.run();
  CHECK(s.report().pacer == (s.port.paces ? PacerKind::kernel : PacerKind::sleep_spin));
}

TEST_CASE("after the warm-up numbers and figures begin anew", "[sender]") {
  Scene s;
  s.settings.params.amount = Amount{0, 0, 1s};
  s.settings.params.omit = 500ms;
  s.settings.params.rate_up = packets_per_second(100);
  s.open();
  s.run();
  REQUIRE(s.report().omitted.has_value());
  const std::uint64_t omitted = s.report().omitted->packets;
  CHECK(omitted >= 49);
  CHECK(omitted <= 51);
  REQUIRE(s.port.sent().size() == omitted + s.report().packets);
  for (std::size_t i = 0; i < s.port.sent().size(); ++i) {
    const auto header = wire::decode_data(s.port.sent()[i].bytes);
    REQUIRE(header.has_value());
    CHECK(header->warm_up == (i < omitted));
    CHECK(header->sequence == (i < omitted ? i : i - omitted));
  }
  CHECK(s.sender->omitted_packets() == omitted);
}

TEST_CASE("a stop over the end of the warm-up gives up nothing of the test", "[sender]") {
  SenderScene s;
  s.settings.params.rate_up = packets_per_second(5000);
  s.settings.params.omit = 1s;
  s.settings.params.amount = Amount{0, 0, 1s};
  s.open();
  const MonoTime begin = s.clock.now();
  while (s.clock.now() < begin + 900ms) {
    const sender::Wake wake = s.sender->step(s.clock.now());
    s.clock.advance(1us);
    s.clock.move_to(wake.at);
  }
  s.clock.advance(500ms);
  s.run();
  CHECK(s.report().pacing_skipped == 0);
  CHECK(s.report().packets == 5000);
  CHECK(s.report().omitted->packets <= 4501);  // nothing for the time that was missed
}

TEST_CASE("the first reason to stop counts", "[sender]") {
  Scene s;
  s.settings.params.amount = Amount{0, 0, 10s};
  s.settings.params.rate_up = packets_per_second(100);
  s.open();
  s.sender->step(s.clock.now());
  s.sender->stop(TxEnd::peer_silent);
  s.sender->stop(TxEnd::interrupted);
  s.run();
  CHECK(s.report().end == TxEnd::peer_silent);
  s.check_books();
}

TEST_CASE("a receiver that is not heard for the last moment of a test is not gone", "[sender]") {
  const auto held_for = GENERATE(Duration{50ms}, Duration{900ms}, Duration{1500ms});
  const auto rate = GENERATE(SendRate{}, test::packets_per_second(1000));
  CAPTURE(held_for.count(), rate.limited());
  SenderScene s;
  s.settings.params.amount = Amount{0, 0, 2s};
  s.settings.params.rate_up = rate;
  s.open();
  const MonoTime end = s.clock.now() + 2s;
  static_cast<void>(s.sender->step(s.clock.now()));
  s.clock.move_to(end - held_for);
  static_cast<void>(s.sender->step(s.clock.now()));
  s.sender->hold(true);
  s.run();
  CHECK(s.report().end == (held_for > 1s ? TxEnd::peer_silent : TxEnd::complete));
  REQUIRE(s.report().time);
  CHECK(s.report().time->window_ns == 2'000'000'000);
}
