#include <string>

#include "result/document.hpp"
#include "support/catch.hpp"
#include "support/example_outcomes.hpp"

using namespace udperf;
using result::build_result;
using result::violated_identity;

TEST_CASE("a delay is shifted by the clocks' difference, against it on the way back", "[result]") {
  const auto document = build_result(test::both_directions());

  // theta is 400 us: the server's clock is ahead, so the raw 1 ms up is 600 us, and down 1.4 ms.
  CHECK(document.up->delay.min_ns == 600'000);
  CHECK(document.up->delay.p50_ns == 700'000);
  CHECK(document.up->delay.max_ns == 1'100'000);
  CHECK(document.up->delay.p999_ns == std::nullopt);
  CHECK(document.up->delay.uncertainty_ns == 50'000);
  CHECK(document.up->delay.absolute_valid == true);
  CHECK(document.down->delay.min_ns == 1'400'000);
}

TEST_CASE("a delay shorter than its uncertainty is not valid as such", "[result]") {
  auto outcome = test::normal_up();
  outcome.clock->uncertainty_ns = 700'000;

  const auto document = build_result(outcome);

  CHECK(document.up->delay.p50_ns == 700'000);
  CHECK(document.up->delay.absolute_valid == false);
}

TEST_CASE("without a relation of the clocks there is no one-way delay", "[result]") {
  auto outcome = test::normal_up();
  outcome.clock.reset();

  const auto document = build_result(outcome);

  CHECK(document.up->delay.n == std::nullopt);
  CHECK(document.up->delay.absolute_valid == std::nullopt);
  CHECK(document.up->delay_variation.p50_ns == 100'000);
}

TEST_CASE("probes without an answer are lost", "[result]") {
  auto outcome = test::normal_up();  // 100 sent, 90 back

  CHECK(*build_result(outcome).rtt.loss_ratio == Approx(0.10));

  outcome.rtt_loaded->sent = 90;
  CHECK(build_result(outcome).rtt.loss_ratio == 0.0);

  outcome.rtt_loaded->sent = 0;
  outcome.rtt_loaded->delay.n = 0;
  CHECK(build_result(outcome).rtt.loss_ratio == std::nullopt);
  CHECK(build_result(outcome).rtt.loaded.n == 0U);
  CHECK(build_result(outcome).rtt.loaded.p50_ns == std::nullopt);
}

TEST_CASE("what the load adds to the round trip is graded", "[result]") {
  struct Row {
    std::int64_t added_ms;
    const char* grade;
  };
  const auto row = GENERATE(Row{0, "A+"}, Row{4, "A+"}, Row{5, "A"}, Row{29, "A"}, Row{30, "B"},
                            Row{60, "C"}, Row{199, "C"}, Row{200, "D"}, Row{400, "F"});
  CAPTURE(row.added_ms);
  auto outcome = test::normal_up();
  outcome.up->streams.front().rx->delay_variation.reset();
  outcome.rtt_idle.emplace();
  outcome.rtt_idle->delay.n = 10;
  outcome.rtt_idle->delay.p50_ns = 1'000'000;
  outcome.rtt_loaded = outcome.rtt_idle;
  outcome.rtt_loaded->delay.p50_ns += row.added_ms * 1'000'000;

  const auto rtt = build_result(outcome).rtt;
  CHECK(rtt.bloat_ns == row.added_ms * 1'000'000);
  CHECK(rtt.bloat_grade == row.grade);

  outcome.rtt_loaded->delay.n = 4;
  CHECK_FALSE(build_result(outcome).rtt.bloat_grade);
}

TEST_CASE("the load's delay is the worse of what probes and data show", "[result]") {
  auto outcome = test::normal_up();
  outcome.rtt_idle.emplace().delay.n = 10;
  outcome.rtt_idle->delay.p50_ns = 1'000'000;
  outcome.rtt_loaded = outcome.rtt_idle;
  outcome.rtt_loaded->delay.p50_ns = 1'500'000;
  outcome.up->streams.front().rx->delay_variation->p50_ns = 242'000'000;
  auto rtt = build_result(outcome).rtt;
  CHECK(rtt.bloat_ns == 242'000'000);
  CHECK(rtt.bloat_grade == "D");
  CHECK(rtt.bloat_source == "data");

  outcome.up->streams.front().rx->delay_variation->p50_ns = 1000;
  rtt = build_result(outcome).rtt;
  CHECK(rtt.bloat_ns == 500'000);
  CHECK(rtt.bloat_source == "probes");

  outcome.rtt_loaded->delay.p50_ns = 900'000;
  outcome.up->streams.front().rx->delay_variation->p50_ns = 0;
  CHECK(build_result(outcome).rtt.bloat_ns == 0);
}
