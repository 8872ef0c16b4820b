// What a run leaves in the summary of several (--repeat).

#include <string>
#include <vector>

#include "report/writer.hpp"
#include "result/document.hpp"
#include "support/catch.hpp"
#include "support/example_outcomes.hpp"

using namespace udperf;
using result::shorten;

TEST_CASE("a run keeps the worse direction of each figure", "[result]") {
  auto document = result::build_result(test::both_directions());
  REQUIRE(document.up.has_value());
  REQUIRE(document.down.has_value());
  document.up->jitter.rfc3550_ns = 7;
  document.down->jitter.rfc3550_ns = 9;
  document.up->delay_variation.p99_ns = 30;
  document.down->delay_variation.p99_ns = 20;
  document.up->duplicates.fraction = 0.25;
  document.down->duplicates.fraction = 0.5;
  document.up->reordering.ratio = 0.125;
  document.down->reordering.ratio = 0.0;
  document.up->voice.emplace().mos = 4.3;  // of all calls together
  document.up->voice->mos_least = 4.0;
  document.down->voice.emplace().mos = 4.5;
  document.down->voice->mos_least = 4.5;

  const auto run = shorten(document);

  CHECK(run.jitter_rfc3550_ns == 9);
  CHECK(run.delay_variation_p99_ns == 30);
  CHECK(run.duplicates_fraction == 0.5);
  CHECK(run.reordering_ratio == 0.125);
  CHECK(run.voice_mos == 4.0);
}

TEST_CASE("a run has no figure that neither direction has", "[result]") {
  auto document = result::build_result(test::normal_up());
  document.up->jitter.rfc3550_ns.reset();
  CHECK_FALSE(shorten(document).jitter_rfc3550_ns.has_value());
  CHECK_FALSE(shorten(document).voice_mos.has_value());
  CHECK(shorten(document).duplicates_fraction == document.up->duplicates.fraction);

  document.down = document.up;
  document.down->jitter.rfc3550_ns = 0;
  CHECK(shorten(document).jitter_rfc3550_ns == 0);

  document.up.reset();
  document.down.reset();
  CHECK_FALSE(shorten(document).duplicates_fraction.has_value());
}

TEST_CASE("runs without a rate are complete all the same", "[result]") {
  std::vector<result::RunPart> runs(3);
  runs[0].status = runs[1].status = TestStatus::complete;
  runs[0].kilobytes_per_second = 100.0;
  runs[1].kilobytes_per_second = 300.0;
  runs[2].status = TestStatus::incomplete;
  auto document = result::build_result(test::normal_up());
  document.repeats = result::build_repeats(3, runs);
  CHECK_FALSE(document.repeats->goodput_bps.has_value());
  REQUIRE(document.repeats->kilobytes_per_second.has_value());
  CHECK(document.repeats->kilobytes_per_second->median == 200.0);
  const std::string text = report::repeats_to_text(document, {});
  CHECK(text.find("2 of 3 runs complete") != std::string::npos);
  CHECK(text.find("median 200.000 kB/s") != std::string::npos);
}
