// The load adjustment of RFC 9097 between both real ends, over simulated bottlenecks.

#include "result/document.hpp"
#include "search/capacity_search.hpp"
#include "sim/sim_world.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;
using udperf::test::Impairment;
using udperf::test::SimClient;
using udperf::test::SimWorld;

namespace {

using namespace udperf;

SimClient::Options adjusted(Way way, std::uint16_t streams = 1) {
  SimClient::Options options;
  options.params.direction = way == Way::up ? Direction::up : Direction::down;
  options.params.payload_bytes = 1472;
  options.params.streams = streams;
  options.params.amount.duration = 10s;
  options.params.interval = 1s;
  options.params.rate_up = SendRate{SendRate::Kind::adjusted, 1'000'000'000'000};
  options.params.rate_down = options.params.rate_up;
  return options;
}

/// The Maximum IP-Layer Capacity of the test that the client ran, in bit/s.
double capacity_of(const TestOutcome& outcome, Way way) {
  search::CapacityGoal goal;
  goal.way = way;
  search::CapacitySearch search{goal};
  REQUIRE(search.next(0s));
  search.finished(search::observe(outcome, way), 11s);
  REQUIRE(search.answer().answer_ip_bps);
  CHECK(search.answer().limited_by == search::Limit::network);
  CHECK(search.answer().capacity->sub_intervals.size() == 10);
  return *search.answer().answer_ip_bps;
}

}  // namespace

TEST_CASE("the sender finds its way to a bottleneck, either way, and stays there", "[sim]") {
  const auto way = GENERATE(Way::up, Way::down);
  for (unsigned seed = 1; seed <= 6; ++seed) {
    SimWorld world{seed};
    test::SeededRandom& random = world.network.random();
    for (Impairment* path : {&world.network.up, &world.network.down}) {
      path->delay = std::chrono::microseconds{random.between(100, 30'000)};
    }
    Impairment& path = way == Way::up ? world.network.up : world.network.down;
    path.rate_bps = static_cast<std::uint64_t>(random.between(5, 60)) * 1'000'000;
    path.queue = std::chrono::milliseconds{random.between(20, 200)};
    CAPTURE(seed, path.rate_bps, path.queue.count(), path.delay.count());
    SimClient& client =
        world.add_client(adjusted(way, static_cast<std::uint16_t>(random.between(1, 2))));

    REQUIRE(world.run_clients(30s));

    const TestOutcome& outcome = client.outcome();
    REQUIRE(outcome.status == TestStatus::complete);
    const auto document = result::build_result(outcome);
    CHECK(result::violated_identity(document).value_or("none") == "none");
    const double ip_rate = static_cast<double>(path.rate_bps) * 1500 / 1472;
    const double found = capacity_of(outcome, way);
    CHECK(found <= ip_rate * 1.001 + 12'000);  // a second holds a datagram more or less
    CHECK(found >= ip_rate * 0.97);
  }
}

TEST_CASE("where nothing is in the way the table is climbed as fast as the RFC says", "[sim]") {
  SimWorld world{1};
  world.network.up.delay = 1ms;
  world.network.down.delay = 1ms;
  auto options = adjusted(Way::up);
  options.params.amount.duration = 2s;
  SimClient& client = world.add_client(options);

  REQUIRE(world.run_clients(20s));

  const TestOutcome& outcome = client.outcome();
  REQUIRE(outcome.status == TestStatus::complete);
  const auto seen = search::observe(outcome, Way::up);
  REQUIRE(seen.sub_intervals.size() == 2);
  CHECK(seen.lost == 0);
  // 10 Mb/s more each 50 ms: 105 Mb/s in the middle of the first second, 305 in that of the second.
  CHECK(seen.sub_intervals[0].ip_bps == Approx(105e6).epsilon(0.06));
  CHECK(seen.sub_intervals[1].ip_bps == Approx(305e6).epsilon(0.04));
}

TEST_CASE("an adjusted sender obeys the server's limit", "[sim]") {
  engine::ServerOptions policy;
  policy.max_rate = BitRate::bits_per_second(20'000'000);
  SimWorld world{1, policy};
  const auto way = GENERATE(Way::up, Way::down);
  SimClient& client = world.add_client(adjusted(way));

  REQUIRE(world.run_clients(30s));

  REQUIRE(client.outcome().status == TestStatus::complete);
  const auto seen = search::observe(client.outcome(), way);
  for (const search::SubInterval& part : seen.sub_intervals) {
    CHECK(part.offered_ip_bps <= 20e6 * 1500 / 1472 + 24'000);
  }
  CHECK(seen.sub_intervals.back().offered_ip_bps >= 19.5e6);
}

TEST_CASE("a search's round trips take next to nothing of a slow path", "[sim]") {
  for (const bool few : {false, true}) {
    SimWorld world{1};
    std::size_t probes = 0;
    world.network.on_send = [&](const Endpoint& from, const Endpoint&,
                                std::span<const std::byte> datagram) {
      const auto header = wire::decode_common(datagram);
      const bool up = from != world.network.server;
      probes += up && header && header->type == wire::MessageType::probe ? 1U : 0U;
    };
    SimClient::Options options;
    options.few_probes = few;
    options.params.amount.duration = 4s;
    options.params.interval = 50ms;
    options.params.rate_up = SendRate{SendRate::Kind::bits, 1'000'000};
    SimClient& client = world.add_client(options);

    REQUIRE(world.run_clients(20s));

    REQUIRE(client.outcome().status == TestStatus::complete);
    REQUIRE(client.outcome().rtt_loaded);
    // Ten before the test and sixteen to try out offload are no load of it.
    if (few) {
      CHECK(probes <= 26 + 9);
      CHECK(client.outcome().rtt_loaded->delay.n >= 6);
    } else {
      CHECK(probes >= 26 + 70);
    }
  }
}
