// What lies below UDP where datagrams differ in length: sums by hand, in the mean of a datagram.

#include <algorithm>

#include "result/document.hpp"
#include "support/catch.hpp"
#include "support/example_outcomes.hpp"

using namespace udperf;
using result::build_result;

namespace {

struct Below {
  double ip = 0;        ///< bytes of headers
  double ethernet = 0;  ///< bytes around them
};

/// Of the 989 datagrams behind the first, in 2.5 s.
Below below_of(const result::RxPart& rx) {
  constexpr double kFor = 2.5 / 8 / 989;
  REQUIRE(rx.ip_bps);
  REQUIRE(rx.wire_bps);
  return {(*rx.ip_bps - *rx.goodput_bps) * kFor, (*rx.wire_bps - *rx.ip_bps) * kFor};
}

TestOutcome with_shape(const TrafficShape& shape, std::uint32_t first_bytes,
                       std::uint32_t fragment_bytes) {
  TestOutcome outcome = test::normal_up();
  outcome.params.shape_up = shape;
  RxReport& rx = *outcome.up->streams.front().rx;
  rx.first_bytes = first_bytes;
  rx.fragment_bytes = fragment_bytes;
  return outcome;
}

}  // namespace

TEST_CASE("of a mix each length is cut by itself, whichever came first", "[result]") {
  TrafficShape shape;
  shape.sizes = {{{64, 1}, {4000, 1}}};
  const std::uint32_t first = GENERATE(64U, 4000U);
  auto outcome = with_shape(shape, first, 1500);
  outcome.params.payload_bytes = 4000;
  const auto rx = build_result(outcome).up->rx;
  CHECK(rx.fragments_per_datagram == 3U);  // 1480, 1480 and 1048 of 4008
  const Below below = below_of(rx);
  CHECK(below.ip == Approx((28 + 8 + 3 * 20) / 2.0));
  CHECK(below.ethernet == Approx((38 + 3 * 38) / 2.0));
}

TEST_CASE("what a link takes whole is not cut, although fragments are smaller", "[result]") {
  TrafficShape shape;
  shape.sizes = {{{1372, 1}, {4000, 1}}};  // 1372 + 28 is a link's 1400
  auto outcome = with_shape(shape, 4000, 1396);
  outcome.params.payload_bytes = 4000;
  const Below below = below_of(build_result(outcome).up->rx);
  CHECK(below.ip == Approx((28 + 8 + 3 * 20) / 2.0));
}

TEST_CASE("only the small ones of a mix are filled up to a frame", "[result]") {
  TrafficShape shape;
  shape.sizes = {{{16, 7}, {548, 4}, {1472, 1}}};
  const auto rx = build_result(with_shape(shape, 548, 0)).up->rx;
  CHECK(rx.fragments_per_datagram == 1U);
  const Below below = below_of(rx);
  CHECK(below.ip == Approx(28));
  CHECK(below.ethernet == Approx(38 + 7 * 2 / 12.0));  // 16 + 28 of 46
}

TEST_CASE("of frames the last datagrams are shorter", "[result]") {
  TrafficShape shape;
  shape.spacing = Spacing::frames;
  shape.frames.per_1000_s = 30'000;
  auto outcome = with_shape(shape, 2000, 1500);
  outcome.params.payload_bytes = 2000;
  outcome.params.rate_up = SendRate{SendRate::Kind::bits, 30 * 8 * 2500};
  const auto rx = build_result(outcome).up->rx;
  CHECK(rx.fragments_per_datagram == 2U);
  const Below below = below_of(rx);
  CHECK(below.ip == Approx((8 + 2 * 20 + 28) / 2.0));  // of 2000 and of 500
  CHECK(below.ethernet == Approx((2 * 38 + 38) / 2.0));
}

TEST_CASE("of a trace that came in fragments the rates below UDP are not known", "[result]") {
  TrafficShape shape;
  shape.sizes.front() = {400, 1};  // the mean
  shape.spacing = Spacing::trace;
  auto outcome = with_shape(shape, 100, 1500);
  outcome.params.payload_bytes = 2000;
  const auto cut = build_result(outcome);
  CHECK(cut.up->rx.goodput_bps);
  CHECK_FALSE(cut.up->rx.ip_bps);
  CHECK_FALSE(cut.up->rx.wire_bps);
  CHECK(cut.up->rx.fragments_per_datagram == 2U);
  CHECK(std::any_of(cut.notes.begin(), cut.notes.end(),
                    [](const auto& note) { return note.field == "up.rx.ip_bps"; }));

  outcome.up->streams.front().rx->fragment_bytes = 0;
  const Below whole = below_of(build_result(outcome).up->rx);
  CHECK(whole.ip == Approx(28));
  CHECK(whole.ethernet == Approx(38));
}
