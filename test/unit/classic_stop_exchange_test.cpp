#include <string>
#include <string_view>

#include "classic/stop_exchange.hpp"
#include "classic/wire.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;
using namespace udperf;
using classic::StopExchange;

TEST_CASE("a classic server's text is read, whatever it holds", "[classic]") {
  const auto read = [](std::string_view text) {
    return classic::read_answer(std::as_bytes(std::span{text}));
  };
  const auto rate = [&](std::string_view text) {
    const auto answer = read(text);
    REQUIRE(answer);
    return answer->kilobytes_per_second;
  };
  CHECK(rate("Throughput: 1234.567 Kilobytes per second") == 1234.567);
  CHECK(rate(std::string_view{"Throughput: 5.000 Kilobytes per second\n\0", 40}) == 5.0);
  CHECK(rate("Throughput: 0.000 Kilobytes per second") == 0.0);
  for (const char* text :
       {"Throughput: inf Kilobytes per second", "Throughput: nan Kilobytes per second",
        "Throughput: -1.000 Kilobytes per second", "Throughput: 12", "Throughput:", "hello",
        "Throughput: 1e999 Kilobytes per second"}) {
    INFO(text);
    CHECK_FALSE(rate(text));
  }
  CHECK_FALSE(read(""));
  CHECK_FALSE(read(std::string_view{"\0\0", 2}));
  CHECK_FALSE(read("\x1b[2J"));
  CHECK_FALSE(read("a\x01"));
  CHECK(read(std::string(2000, 'x'))->text.size() == ClassicAnswer::kMostBytes);
}

TEST_CASE("a client asks once a second, until it has an answer or no time", "[classic]") {
  const MonoTime start{1h};
  const auto feed = [](StopExchange& exchange, std::string_view text) {
    exchange.on_datagram(std::as_bytes(std::span{text}));
  };
  StopExchange exchange{start, 3500ms};
  feed(exchange, "too early");
  CHECK_FALSE(exchange.answer());
  int stops = 0;
  for (MonoTime now = start; now < start + 10s; now += 10ms) {
    stops += exchange.take_stop(now) ? 1 : 0;
  }
  CHECK(stops == 4);
  CHECK(exchange.over(start + 3500ms));
  CHECK_FALSE(exchange.over(start + 3499ms));
  feed(exchange, "\x01\x02");
  CHECK(exchange.ignored() == 1);
  feed(exchange, "first");
  feed(exchange, "second");
  REQUIRE(exchange.answer());
  CHECK(exchange.answer()->text == "first");
  CHECK_FALSE(exchange.take_stop(start + 20s));
}
