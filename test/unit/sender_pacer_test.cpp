#include "sender/pacer.hpp"
#include "support/sender_scene.hpp"

using namespace std::chrono_literals;
using namespace udperf;
using namespace udperf::test;
using sender::Pacer;

namespace {

MonoTime at(Duration since_start) {
  return MonoTime{1000s} + since_start;
}

struct Scene {
  explicit Scene(const SendRate& rate) {
    params.payload_bytes = 100;
    params.rate_up = rate;
    params.amount = Amount{0, 0, 10s};
    plan.emplace(params, Way::up, 0, nullptr, traffic::Part::test, 1U);
    pacer.emplace(params, Way::up, port);
  }
  void begin() { pacer->begin(*plan, 8, at(0s)); }
  [[nodiscard]] TxReport report() const {
    TxReport out;
    pacer->fill(out);
    return out;
  }

  TestParams params;
  FakePort port;
  std::optional<traffic::TrafficPlan> plan;
  std::optional<Pacer> pacer;
};

}  // namespace

TEST_CASE("without a rate there is no timetable, and nothing is said of one", "[sender]") {
  Scene s{SendRate{}};
  s.begin();
  CHECK_FALSE(s.pacer->on());
  CHECK(s.report() == TxReport{});
}

TEST_CASE("a slow rate is kept by sleeping, a fast one to the microsecond", "[sender]") {
  SECTION("slow") {
    Scene s{packets_per_second(100)};
    s.begin();
    CHECK_FALSE(s.pacer->precise());
    CHECK(s.report().pacer == PacerKind::sleep);
    CHECK(s.pacer->longest_gap() == 10ms);
  }
  SECTION("fast") {
    Scene s{packets_per_second(10'000)};
    s.begin();
    CHECK(s.pacer->precise());
    CHECK(s.report().target_milli_pps == 10'000'000);
  }
  SECTION("fast, where the kernel could help, but its rate is somebody else's") {
    Scene s{packets_per_second(10'000)};
    s.port.paces = true;
    s.pacer.emplace(s.params, Way::up, s.port, false);
    s.begin();
    CHECK(s.report().pacer == PacerKind::sleep_spin);
  }
  SECTION("fast, where the kernel would spread what was asked to leave together") {
    Scene s{packets_per_second(10'000)};
    s.port.paces = true;
    s.params.burst = 2ms;
    s.begin();
    CHECK(s.report().pacer == PacerKind::sleep_spin);
  }
  SECTION("fast, where the kernel helps") {
    Scene s{packets_per_second(10'000)};
    s.port.paces = true;
    s.begin();
    CHECK_FALSE(s.pacer->precise());
    CHECK(s.report().pacer == PacerKind::kernel);
  }
}

TEST_CASE("the window in force is told for every spacing", "[sender]") {
  Scene s{packets_per_second(10'000)};
  s.params.shape_up.spacing = GENERATE(Spacing::even, Spacing::poisson);
  s.plan.emplace(s.params, Way::up, 0, nullptr, traffic::Part::test, 1U);
  s.begin();
  CHECK(s.report().burst_ns == 250'000);
}

TEST_CASE("a plan of few datagrams that was kept has its own rate", "[sender]") {
  Scene s{packets_per_second(1000)};
  s.params.shape_up.spacing = Spacing::poisson;
  s.plan.emplace(s.params, Way::up, 0, nullptr, traffic::Part::test, 1U);
  s.begin();
  TxReport report;
  report.packets = 11;
  report.span_ns = 20'000'000;
  report.time.emplace().window_ns = 20'000'000;  // by number: it ends with the last
  s.pacer->fill(report);
  CHECK(report.target_milli_pps == 500'000);  // ten gaps in 20 ms

  report.time->window_ns = 40'000'000;  // by time: the plan had none at its end
  s.pacer->fill(report);
  CHECK(report.target_milli_pps == 275'000);  // eleven in 40 ms
}

TEST_CASE("an adjusted rate counts from the next look at the timetable on", "[sender]") {
  Scene s{SendRate{SendRate::Kind::adjusted, 1'000'000'000}};
  s.pacer->set_rate(BitRate::bits_per_second(80'000));  // 100 packets a second
  s.begin();
  REQUIRE(s.pacer->on());
  CHECK(s.pacer->longest_gap() == 10ms);
  CHECK(s.report().target_milli_pps == 0);
  s.pacer->set_rate(BitRate::bits_per_second(8'000));
  CHECK(s.pacer->longest_gap() == 10ms);
  static_cast<void>(s.pacer->take_due(0, 8, at(1ms)));
  CHECK(s.pacer->longest_gap() == 100ms);
}

TEST_CASE("what a stall cost counts as skipped, but for the warm-up's", "[sender]") {
  Scene s{packets_per_second(1000)};
  s.begin();
  static_cast<void>(s.pacer->take_due(0, 8, at(5s)));
  const std::uint64_t skipped = s.report().pacing_skipped;
  CHECK(skipped > 4000);
  s.pacer->end_warm_up();
  s.pacer->restart(*s.plan, at(5s));
  CHECK(s.report().pacing_skipped == 0);
  s.pacer->give_up(3);
  CHECK(s.report().pacing_skipped == 3);
}

TEST_CASE("what a stall over the end of the warm-up made due before is not the test's",
          "[sender]") {
  Scene s{packets_per_second(1000)};
  s.begin();
  std::uint64_t sent = s.pacer->take_due(0, 8, at(0ms));
  for (Duration t = 1ms; t < 900ms; t += 1ms) {
    sent += s.pacer->take_due(sent, 8, at(t));
  }
  CHECK(sent == 900);
  s.pacer->end_warm_up();
  s.pacer->restart(*s.plan, at(1395ms));
  std::uint64_t test = s.pacer->take_due(0, 8, at(1400ms));
  std::uint64_t soon = 0;
  for (Duration t = 1400ms; t < 2395ms; t += 100us) {
    test += s.pacer->take_due(test, 8, at(t));
    soon = t < 1500ms ? test : soon;
  }
  CHECK(s.report().pacing_skipped == 0);
  CHECK(test == 1000);
  CHECK(soon == 105);  // those of the five milliseconds among them
}

TEST_CASE("the longest window of the warm-up is not the test's", "[sender]") {
  Scene s{packets_per_second(10'000)};
  s.begin();
  std::uint64_t sent = 0;
  Duration t{0};
  for (; t < 1s; t += 3ms) {  // late each time
    sent += s.pacer->take_due(sent, 8, at(t));
  }
  CHECK(s.report().burst_ns == 4'000'000);
  for (; t < 10s; t += 100us) {  // a good host again
    sent += s.pacer->take_due(sent, 8, at(t));
  }
  s.pacer->end_warm_up();
  s.pacer->restart(*s.plan, at(t));
  CHECK(s.report().burst_ns == 250'000);
}
