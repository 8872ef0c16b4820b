#include <cmath>

#include "result/document.hpp"
#include "sim/sim_world.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;
using udperf::test::SimClient;
using udperf::test::SimWorld;

namespace {

using namespace udperf;

SimClient::Options timed(Direction direction, Duration duration) {
  SimClient::Options options;
  options.params.direction = direction;
  options.params.payload_bytes = 500;
  options.params.amount.duration = duration;
  options.params.rate_up = SendRate{SendRate::Kind::packets, 200'000};
  options.params.rate_down = options.params.rate_up;
  options.params.interval = 100ms;
  options.same_host = false;
  return options;
}

result::ResultDocument run(SimWorld& world, const SimClient::Options& options) {
  SimClient& client = world.add_client(options);
  REQUIRE(world.run_clients(60s));
  CAPTURE(client.outcome().error ? client.outcome().error->message() : std::string{});
  REQUIRE(client.outcome().status == TestStatus::complete);
  return result::build_result(client.outcome());
}

void set_delays(SimWorld& world, Duration up, Duration down, Duration jitter) {
  world.network.up.delay = up;
  world.network.down.delay = down;
  world.network.up.jitter = jitter;
  world.network.down.jitter = jitter;
}

}  // namespace

TEST_CASE("offset and skew are within their stated uncertainty, whatever the asymmetry", "[sim]") {
  for (unsigned seed = 1; seed <= 100; ++seed) {
    test::SeededRandom random{seed};
    test::ClockFault fault;
    fault.offset = std::chrono::microseconds{random.between(-900'000'000, 3'600'000'000)};
    fault.skew = static_cast<double>(random.between(-100, 100)) * 1e-6;
    SimWorld world{seed, {}, fault};
    const auto ms = [&random](int most) {
      return std::chrono::milliseconds{random.between(0, most)};
    };
    set_delays(world, ms(50), ms(50), ms(10) + 1us);
    const Duration length = seed % 2 == 0 ? 400ms : 4s;
    CAPTURE(seed, fault.offset.count(), fault.skew);

    const auto document = run(world, timed(Direction::both, length));

    const ClockEstimate& clock = *document.test.clock;
    CHECK(clock.method == "corridor");
    CHECK(clock.step_detected == false);
    const RxReport& down = *document.test.down->streams.front().rx;
    const MonoTime middle = mono_from_ns((down.first_mono_ns + down.last_mono_ns) / 2);
    const auto truth = (world.server->clock().at(middle) - middle).count();
    // The moment that the estimate is for lies within 0.2 s of that middle.
    const double slack = std::abs(fault.skew) * 0.2e9 + 1;
    REQUIRE(clock.theta_ns);
    CHECK(std::abs(static_cast<double>(*clock.theta_ns - truth)) <=
          static_cast<double>(*clock.uncertainty_ns) + slack);
    CHECK(std::abs(*clock.skew_ppm * 1e-6 - fault.skew) <=
          *clock.skew_uncertainty_ppm * 1e-6 + 1e-9);
    CHECK(clock.offset_ns == clock.theta_ns);  // both wall clocks are as far from their own
    CHECK(document.up->delay.uncertainty_ns == clock.delay_uncertainty_ns);
    CHECK(*clock.delay_uncertainty_ns >= *clock.uncertainty_ns);
  }
}

TEST_CASE("an offset of an hour leaves jitter and delay variation as they are", "[sim]") {
  const auto measured = [](Duration offset) {
    test::ClockFault fault;
    fault.offset = offset;
    SimWorld world{7, {}, fault};
    set_delays(world, 20ms, 5ms, 3ms);
    return run(world, timed(Direction::both, 2s));
  };
  const auto plain = measured(0s);
  const auto shifted = measured(1h);

  for (const auto* way : {"up", "down"}) {
    CAPTURE(way);
    const auto& a = way == std::string{"up"} ? *plain.up : *plain.down;
    const auto& b = way == std::string{"up"} ? *shifted.up : *shifted.down;
    CHECK(a.jitter.rfc3550_ns == b.jitter.rfc3550_ns);
    CHECK(a.jitter.ipdv_mean_abs_ns == b.jitter.ipdv_mean_abs_ns);
    CHECK(a.delay_variation.p50_ns == b.delay_variation.p50_ns);
    CHECK(a.delay_variation.p99_ns == b.delay_variation.p99_ns);
    CHECK(a.delay.p50_ns == b.delay.p50_ns);
  }
  CHECK(*shifted.test.clock->theta_ns - *plain.test.clock->theta_ns ==
        std::chrono::nanoseconds{1h}.count());
}

TEST_CASE("a step of a clock is flagged, and delays are not made up", "[sim]") {
  for (unsigned seed = 1; seed <= 50; ++seed) {
    test::ClockFault fault;
    fault.step = std::chrono::milliseconds{test::SeededRandom{seed}.between(20, 500)};
    fault.step_at = test::FakeClock{}.now() + 1s;
    SimWorld world{seed, {}, fault};
    set_delays(world, 5ms, 5ms, 100us);
    CAPTURE(seed, fault.step.count());

    const auto document = run(world, timed(Direction::up, 2s));

    CHECK(document.test.clock->step_detected == true);
    CHECK_FALSE(document.test.clock->theta_ns);
    CHECK_FALSE(document.up->delay.n);
    CHECK(document.loss_percent == 0.0);
    REQUIRE_FALSE(document.warnings.empty());
    CHECK(document.warnings.front().code == "clock_step");
  }
}

TEST_CASE("a step of the wall clock alone is flagged and spoils no delay", "[sim]") {
  test::ClockFault fault;
  fault.wall_step = 2s;
  fault.step_at = test::FakeClock{}.now() + 1s;
  SimWorld world{3, {}, fault};
  set_delays(world, 5ms, 5ms, 0us);

  const auto document = run(world, timed(Direction::both, 2s));

  CHECK(document.test.clock->step_detected == true);
  CHECK(document.test.clock->theta_ns);
  CHECK(document.up->delay.p50_ns);
  CHECK(document.warnings.front().code == "clock_step");
}

TEST_CASE("intervals tell the round trip under load, in both directions", "[sim]") {
  test::ClockFault fault;
  fault.offset = 1h;
  SimWorld world{5, {}, fault};
  set_delays(world, 8ms, 12ms, 0us);

  const auto document = run(world, timed(Direction::both, 2s));

  for (const auto* part : {&*document.up, &*document.down}) {
    std::size_t measured = 0;
    for (const auto& row : part->intervals) {
      if (row.rtt_p50_ns) {
        ++measured;
        CHECK(*row.rtt_p50_ns >= 20'000'000);
        CHECK(*row.rtt_p50_ns < 21'000'000);
      }
    }
    CHECK(measured >= part->intervals.size() - 2);
  }
}
