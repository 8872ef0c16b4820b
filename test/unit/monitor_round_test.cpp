#include <cerrno>

#include "monitor/round.hpp"
#include "support/catch.hpp"
#include "support/example_outcomes.hpp"

namespace udperf::monitor {
namespace {

using namespace std::chrono_literals;

TEST_CASE("a round without an outcome says why, and has no books") {
  TestOutcome outcome;
  outcome.error = Error{ErrorCode::unreachable, "nobody answers", 0, "connect"};
  CHECK(make_round(outcome).status == RoundStatus::unreachable);
  outcome.error->code = ErrorCode::refused;
  CHECK(make_round(outcome).status == RoundStatus::refused);
  outcome.error->code = ErrorCode::system;
  const RoundResult round = make_round(outcome);
  CHECK(round.status == RoundStatus::failed);
  CHECK_FALSE(round.measured());
  CHECK_FALSE(round.up);
  CHECK_FALSE(round.rtt);
}

TEST_CASE("a host without a network or a name server says nothing about its targets") {
  TestOutcome outcome;
  outcome.error = Error{ErrorCode::unreachable, "cannot resolve gw", 0, "resolve"};
  CHECK(make_round(outcome).status == RoundStatus::failed);
  outcome.error = Error{ErrorCode::unreachable, "connect to 192.0.2.1:5555", ENETUNREACH, {}};
  CHECK(make_round(outcome).status == RoundStatus::failed);
  outcome.error->os_error = EHOSTUNREACH;
  CHECK(make_round(outcome).status == RoundStatus::unreachable);
}

TEST_CASE("a network of this host that went away during a round leaves nothing to count") {
  TestOutcome outcome = test::both_directions();
  REQUIRE(make_round(outcome).status == RoundStatus::complete);
  SECTION("its own datagrams were refused") {
    SendTime& time = outcome.up->streams.front().tx->time.emplace();
    const auto refused = [&](int os_error, std::uint64_t datagrams) {
      time.pauses = {
          {1'000'000'000, 1'700'000'000, datagrams, static_cast<std::uint32_t>(os_error)}};
      return make_round(outcome);
    };
    for (const int os_error : {ENETDOWN, ENETUNREACH, ENODEV, EADDRNOTAVAIL, EINVAL}) {
      CAPTURE(os_error);
      const RoundResult round = refused(os_error, 33);
      CHECK(round.status == RoundStatus::not_measured);
      CHECK_FALSE(round.up);
      CHECK_FALSE(round.down);
      CHECK_FALSE(round.rtt);
      REQUIRE(round.error);
      CHECK(round.error->os_error == os_error);
    }
    CHECK(refused(EPERM, 33).status == RoundStatus::complete);    // a filter of this host
    CHECK(refused(ENETDOWN, 0).status == RoundStatus::complete);  // sent a moment later
  }
  SECTION("a message of its control was") {
    outcome.control_refused = ENETUNREACH;
    CHECK(make_round(outcome).status == RoundStatus::not_measured);
  }
}

TEST_CASE("a test that was interrupted before anything was sent is not measured, not lost") {
  TestOutcome outcome;
  outcome.status = TestStatus::interrupted;
  CHECK(make_round(outcome).status == RoundStatus::not_measured);
}

TEST_CASE("a round has the counts of both ends and the receiver's distribution") {
  TestOutcome outcome;
  outcome.status = TestStatus::complete;
  outcome.params.direction = Direction::up;
  StreamOutcome stream;
  stream.tx.emplace().packets = 100;
  stream.tx->payload_bytes = 20'000;
  RxReport& rx = stream.rx.emplace();
  rx.sent = 100;
  rx.datagrams = 95;
  rx.unique = 93;
  rx.unique_bytes = 93 * 200;
  rx.duplicates = 2;
  rx.lost = 7;
  rx.rx_socket_drop = 3;
  rx.reordered = 4;
  rx.raw_delay_min_ns = 5'000'000;
  rx.delay_variation.emplace().n = 93;
  rx.delay_bins = {{0, 1}, {40'000, 90}, {7'000'000, 2}};
  outcome.up = WayOutcome{{stream}};
  const RoundResult round = make_round(outcome);
  REQUIRE(round.up);
  CHECK_FALSE(round.down);
  CHECK(balanced(round));
  CHECK(round.up->sent == 100);
  CHECK(round.up->unique == 93);
  CHECK(round.up->lost == 7);
  CHECK(round.up->lost_rx_socket == 3U);
  CHECK(round.up->lost_network() == 4);
  CHECK(round.up->duplicates == 2);
  CHECK(round.up->reordered == 4);
  CHECK(round.up->delay_variation.total() == 93);
  CHECK(round.up->delay_variation.max() == 7ms);
  CHECK_FALSE(round.up->delay);  // nothing says how the clocks relate
}

TEST_CASE("a round in which this host slept, or stood still and did not end it, is not measured") {
  RoundResult whole;
  whole.status = RoundStatus::complete;
  whole.up.emplace().sent = 5;
  RoundResult away = whole;
  away.status = GENERATE(RoundStatus::cut_short, RoundStatus::unreachable, RoundStatus::failed);
  RoundResult seen = away;
  judge_host(seen, false, 0s);
  CHECK(seen.status == away.status);
  judge_host(away, false, 6s);
  CHECK(away.status == RoundStatus::not_measured);
  CHECK_FALSE(away.up);
  CHECK(away.error);
  RoundResult held_up = whole;
  judge_host(held_up, false, 6s);  // and was made up for
  CHECK(held_up.status == RoundStatus::complete);
  judge_host(held_up, true, 0s);
  CHECK(held_up.status == RoundStatus::not_measured);
}

TEST_CASE("a way of which one end did not report is not told at all") {
  TestOutcome outcome;
  outcome.status = TestStatus::incomplete;
  StreamOutcome stream;
  stream.tx.emplace().packets = 100;
  outcome.up = WayOutcome{{stream}};
  const RoundResult round = make_round(outcome);
  CHECK(round.status == RoundStatus::cut_short);
  CHECK_FALSE(round.up);
}

TEST_CASE("round trips of a round are those of its probes") {
  TestOutcome outcome;
  outcome.status = TestStatus::complete;
  RttSummary& rtt = outcome.rtt_loaded.emplace();
  rtt.sent = 12;
  rtt.delay.n = 10;
  rtt.bins = {{1'000'000, 4}, {2'000'000, 6}};
  const RoundResult round = make_round(outcome);
  REQUIRE(round.rtt);
  CHECK(round.rtt->sent == 12);
  CHECK(round.rtt->times.total() == 10);
  CHECK(round.rtt->times.percentile(0.5) == 2ms);
}

TEST_CASE("books in which more is told lost by hosts than is lost do not balance") {
  RoundResult round;
  round.up.emplace();
  round.up->sent = 10;
  round.up->unique = 9;
  round.up->lost = 1;
  CHECK(balanced(round));
  round.up->lost_rx_socket = 2;
  CHECK_FALSE(balanced(round));
  CHECK(round.up->lost_network() == 0);
}

}  // namespace
}  // namespace udperf::monitor
