#include "iperf3/datagram_format.hpp"
#include "sender/batch_room.hpp"
#include "support/sender_scene.hpp"

using namespace std::chrono_literals;
using namespace udperf;
using namespace udperf::test;
using sender::most_batch_bytes;
using sender::most_together;
using Scene = SenderScene;

namespace {

TestParams of_length(std::uint32_t length) {
  TestParams params;
  params.payload_bytes = length;
  params.amount.duration = 1s;
  return params;
}

}  // namespace

TEST_CASE("datagrams that leave together take no more than a segmented send holds", "[sender]") {
  for (const std::uint32_t length : {16U, 1000U, 1472U, 8972U, 32'000U, 65'507U}) {
    CAPTURE(length);
    const TestParams params = of_length(length);
    CHECK(most_batch_bytes(params, Way::up) <= 65'536);
    CHECK(most_together(params, Way::up, length) == std::max(65'536 / length, 1U));
  }
}

TEST_CASE("a slow stream keeps room for eight, a fast one or a burst for a full batch",
          "[sender]") {
  TestParams params = of_length(1000);
  params.rate_up = packets_per_second(200);
  CHECK(most_batch_bytes(params, Way::up) == 8000);
  params.rate_up = packets_per_second(201);
  CHECK(most_batch_bytes(params, Way::up) == 65'000);
  params.rate_up = packets_per_second(100);
  params.burst = 500ms;
  CHECK(most_batch_bytes(params, Way::up) == 65'000);
  params = of_length(65'000);
  params.rate_up = packets_per_second(1);
  CHECK(most_batch_bytes(params, Way::up) == 65'000);
}

TEST_CASE("a port that takes many long datagrams at a time is given few", "[sender]") {
  Scene s;
  s.settings.params.payload_bytes = 30'000;
  s.settings.params.amount = Amount{0, 10, 0ns};
  s.port.limit = 64;
  s.open();
  s.run();
  CHECK(s.port.sent().size() == 10);
  CHECK(s.port.calls() == 5);
  s.check_books();
}

TEST_CASE("a burst that was asked for leaves whole, in as many batches as it takes", "[sender]") {
  Scene s;
  s.settings.params.payload_bytes = 30'000;
  s.settings.params.amount = Amount{0, 100, 0ns};
  s.settings.params.rate_up = packets_per_second(100);
  s.settings.params.burst = 100ms;  // ten periods
  s.port.limit = 64;
  s.open();
  std::size_t before = 0;
  for (int i = 0; i < 1000 && !s.sender->finished(); ++i) {
    const sender::Wake wake = s.sender->step(s.clock.now());
    const std::size_t left = s.port.sent().size() - before;
    // The very first is due alone, and the last are as many as there are.
    CHECK((left == 0 || left == 10 || before == 0 || before + left == 100));
    before += left;
    s.clock.advance(1us);
    if (wake.at != kNever) {
      s.clock.move_to(wake.at);
    }
  }
  CHECK(s.sender->finished());
  s.check_books();
}

TEST_CASE("streams that take turns at one buffer send each its own numbers", "[sender]") {
  sender::BatchPool pool;
  Scene a;
  Scene b;
  b.port.limit = 16;  // more than what the other's buffer holds
  for (Scene* const s : {&a, &b}) {
    s->settings.params.amount = Amount{0, 40, 0ns};
    s->settings.batches = &pool;
    s->sender.emplace(s->settings,
                      std::make_unique<iperf3::DataFormat>(iperf3::DataFormat::Settings{
                          iperf3::Counters::wide, PayloadKind::zero, true, 1}),
                      s->port, s->clock);
  }
  CHECK(pool.take().empty());  // none is made before it is needed
  while (!a.sender->finished() || !b.sender->finished()) {
    for (Scene* const s : {&b, &a}) {
      static_cast<void>(s->sender->step(s->clock.now()));
      s->clock.advance(1us);
    }
  }
  for (const Scene* const s : {&a, &b}) {
    REQUIRE(s->port.sent().size() == 40);
    for (std::uint64_t i = 0; i < 40; ++i) {
      const auto& bytes = s->port.sent()[i].bytes;
      CHECK(iperf3::decode(bytes.data(), iperf3::Counters::wide, i).sequence == i + 1);
      CHECK(bytes.back() == std::byte{'9'});
    }
  }
  CHECK(pool.take().size() >= 1600);
  CHECK(pool.take().empty());  // there never was a second one
}
