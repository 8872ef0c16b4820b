#include <utility>
#include <vector>

#include "result/document.hpp"
#include "support/catch.hpp"
#include "support/example_outcomes.hpp"

using namespace udperf;
using result::build_result;

TEST_CASE("streams' counts are summed and their rates are not", "[result]") {
  const auto document = build_result(test::three_streams());

  const auto& up = *document.up;
  CHECK(up.tx.packets == 1300U);
  CHECK(up.rx.unique == 300U);
  CHECK(up.loss.packets == 1000U);
  // From the earliest first arrival to the latest last one: 2.5 s, 299 datagrams after the first.
  CHECK(up.rx.span_ns == 2'500'000'000);
  CHECK(*up.rx.goodput_bps == Approx(8.0 * 299'000 / 2.5));
  CHECK(*up.tx.cpu_percent == Approx(3 * 12.5));
  CHECK(up.tx.span_ns == 2'500'000'000);
}

TEST_CASE("streams that take turns are not slower for it", "[result]") {
  auto outcome = test::three_streams();
  // 2.5 a second of each in one second, from 0, 133 and 267 ms on.
  const std::vector<std::uint64_t> sent{3, 3, 2};
  for (std::size_t stream = 0; stream < sent.size(); ++stream) {
    TxReport& tx = *outcome.up->streams[stream].tx;
    tx.target_milli_pps = 2'500;
    tx.packets = tx.batches = sent[stream];
    tx.span_ns = static_cast<std::int64_t>(sent[stream] - 1) * 400'000'000;
    tx.time = SendTime{};
    tx.time->window_ns = 1'000'000'000;
  }
  CHECK(*build_result(outcome).up->pacing.rate_error_ratio == Approx(0).margin(1e-9));

  outcome.up->streams[0].tx->time->window_ns = 10'000'000'000;  // stood still from then on
  CHECK(*build_result(outcome).up->pacing.rate_error_ratio == Approx(-2.1 / 7.5));
}

TEST_CASE("rows of several streams are joined by their place in the grid", "[result]") {
  const auto document = build_result(test::three_streams());

  const auto& rows = document.up->intervals;
  REQUIRE(rows.size() == 3);
  CHECK(rows[0].packets == 110);
  CHECK(rows[0].sent == 1110);
  CHECK(rows[0].lost == 1000);
  CHECK(rows[1].packets == 110);
  CHECK(rows[2].packets == 80);
  CHECK(rows[0].delay_variation_p50_ns == std::nullopt);
  CHECK(rows[2].end_s == Approx(2.5));
}

TEST_CASE("percentiles of several streams are those of all their datagrams", "[result]") {
  auto outcome = test::three_streams();
  auto& streams = outcome.up->streams;
  // 100 datagrams 10..19 us and 200 datagrams 5..7 us: raw, on the receiver's clock.
  streams[0].rx->raw_delay_min_ns = 10'000;
  streams[0].rx->delay_bins = {{0, 50}, {9'000, 50}};
  streams[0].rx->delay_variation->n = 100;
  streams[0].rx->delay_variation->mean_ns = 4'500;
  streams[0].rx->delay_variation->max_ns = 9'000;
  streams[1].rx->raw_delay_min_ns = 5'000;
  streams[1].rx->delay_bins = {{0, 100}, {2'000, 100}};
  streams[1].rx->delay_variation->n = 200;
  streams[1].rx->delay_variation->mean_ns = 1'000;
  streams[1].rx->delay_variation->max_ns = 2'000;
  ClockEstimate clock;
  clock.method = "same_host";
  clock.theta_ns = 1'000;
  clock.uncertainty_ns = 0;
  outcome.clock = clock;

  const auto document = build_result(outcome);

  // Over the smallest, 5 us: 100 x 0, 100 x 2, 50 x 5, 50 x 14.
  const auto& variation = document.up->delay_variation;
  CHECK(variation.n == 300U);
  CHECK(variation.p50_ns == 2'000);
  CHECK(variation.p95_ns == 14'000);
  CHECK(variation.max_ns == 14'000);
  CHECK(variation.mean_ns == (100 * 9'500 + 200 * 1'000) / 300);
  const std::vector<std::pair<std::int64_t, std::uint64_t>> steps{
      {1'000, 100}, {2'000, 100}, {5'000, 50}, {10'000, 0}, {20'000, 50}};
  REQUIRE(variation.histogram.size() == steps.size());
  for (std::size_t i = 0; i < steps.size(); ++i) {
    CHECK(variation.histogram[i].up_to_ns == steps[i].first);
    CHECK(variation.histogram[i].packets == steps[i].second);
  }
  CHECK(document.up->delay.min_ns == 4'000);
  CHECK(document.up->delay.p50_ns == 6'000);
  CHECK(document.up->delay.max_ns == 18'000);
}

TEST_CASE("without a stream's distribution there are no percentiles, but the worst jitter",
          "[result]") {
  auto outcome = test::three_streams();
  outcome.up->streams[1].rx->delay_bins.clear();
  const auto document = build_result(outcome);

  const auto& up = *document.up;
  CHECK(up.delay_variation.n == 300U);
  CHECK(up.delay_variation.p50_ns == std::nullopt);
  CHECK(up.delay_variation.mean_ns == std::nullopt);
  CHECK(up.delay_variation.max_ns == 900'000);
  CHECK(up.jitter.rfc3550_ns == 99'000);
  CHECK(up.jitter.ipdv_p95_abs_ns == std::nullopt);
  CHECK(up.loss.burst_ratio == std::nullopt);
}

TEST_CASE("a stream of which nothing arrived is called silent", "[result]") {
  const auto document = build_result(test::three_streams());

  const auto& streams = document.up->streams;
  REQUIRE(streams.size() == 3);
  CHECK(streams[0].silent == false);
  CHECK(streams[2].silent == true);
  CHECK(streams[2].loss_ratio == 1.0);
  CHECK(streams[2].goodput_bps == std::nullopt);
  CHECK(*streams[1].goodput_bps == Approx(8.0 * 199'000 / 2.5));
  // The marks of those that arrived count although one stream has none.
  CHECK(document.up->ecn.not_ect == 300U);
}

TEST_CASE("the last row ends with the last arrival", "[result]") {
  const auto document = build_result(test::normal_up());

  const auto& rows = document.up->intervals;
  REQUIRE(rows.size() == 3);
  CHECK(rows[0].start_s == 0.0);
  CHECK(rows[0].end_s == 1.0);
  CHECK(*rows[0].goodput_bps == Approx(4'000'000.0));
  CHECK(rows[2].start_s == 2.0);
  CHECK(rows[2].end_s == Approx(2.5));
  CHECK(*rows[2].goodput_bps == Approx(8.0 * 10'000 / 0.5));
}

TEST_CASE("a row that ends where it begins has no rate", "[result]") {
  auto outcome = test::normal_up();
  auto& rx = *outcome.up->streams.front().rx;
  rx.last_mono_ns = rx.anchor_mono_ns + 2'000'000'000;  // duplicates opened the third row

  const auto document = build_result(outcome);

  CHECK(document.up->intervals[2].end_s == 2.0);
  CHECK(document.up->intervals[2].goodput_bps == std::nullopt);
}

TEST_CASE("a stream without arrivals does not say what stamped the others'", "[result]") {
  auto outcome = test::three_streams();
  outcome.up->streams[2].rx->stamp = RxStamp::user;
  CHECK(build_result(outcome).up->rx.timestamps == "kernel");

  outcome.up->streams[0].rx->stamp = RxStamp::user;
  CHECK(build_result(outcome).up->rx.timestamps == "user");
}
