// A test without end: what is kept of it is bounded.

#include "model/forever.hpp"

#include "result/document.hpp"
#include "sim/sim_world.hpp"
#include "support/catch.hpp"
#include "wire/header.hpp"

using namespace std::chrono_literals;
using namespace udperf;
using udperf::test::SimClient;
using udperf::test::SimWorld;

TEST_CASE("the rows of a test without end are bounded, of streams that end at other times, too",
          "[sim]") {
  const auto direction = GENERATE(Direction::up, Direction::down);
  CAPTURE(static_cast<int>(direction));
  SimWorld world{41};
  world.network.up.delay = world.network.down.delay = 5ms;
  const MonoTime begin = world.clock.now();
  auto& path = direction == Direction::up ? world.network.up : world.network.down;
  path.drop_data = 0.02;
  path.drop_if = [&](const wire::CommonHeader& header) {  // the second stream's way breaks
    return header.type == wire::MessageType::data && header.stream == 1 &&
           world.clock.now() - begin > 30s;
  };
  SimClient::Options options;
  options.params.direction = direction;
  options.params.streams = 2;
  options.params.payload_bytes = 100;
  options.params.interval = 10ms;
  options.params.amount.duration = kForever;
  options.params.rate_up = SendRate{SendRate::Kind::packets, 200'000};
  options.params.rate_down = options.params.rate_up;
  SimClient& client = world.add_client(options);
  CHECK_FALSE(world.run(52s, [&] { return client.done(); }));
  client.interrupt();
  REQUIRE(world.run_clients(30s));

  const auto document = result::build_result(client.outcome());
  CHECK(result::violated_identity(document).value_or("none") == "none");
  const auto& way = direction == Direction::up ? *document.up : *document.down;
  // 3000 rows of one stream, 5200 of the other, which were merged: so are the first ones, now.
  CHECK(way.intervals.size() > 2400);
  CHECK(way.intervals.size() < 2700);
  std::uint64_t sent = 0;
  std::uint64_t lost = 0;
  for (std::size_t i = 0; i < way.intervals.size(); ++i) {
    const auto& row = way.intervals[i];
    REQUIRE_THAT(row.start_s, Catch::Matchers::WithinAbs(0.02 * static_cast<double>(i), 1e-9));
    REQUIRE(row.packets + row.lost >= row.sent);
    sent += row.sent;
    lost += row.lost;
    if (i + 1 < way.intervals.size() && row.end_s < 29) {
      REQUIRE_THAT(row.end_s - row.start_s, Catch::Matchers::WithinAbs(0.02, 1e-9));
      REQUIRE(row.sent <= 8);  // 200 a second of both: 4, and what comes late
    }
  }
  CHECK(sent == way.tx.packets);
  CHECK(lost == way.loss.packets);
  REQUIRE(way.streams.size() == 2);
  for (const auto& stream : way.streams) {
    std::uint64_t of_stream = 0;
    for (const auto& row : stream.intervals) {
      of_stream += row.sent;
    }
    CHECK(of_stream == stream.tx_packets);
  }
}
