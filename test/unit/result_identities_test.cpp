#include "result/document.hpp"
#include "support/catch.hpp"
#include "support/example_outcomes.hpp"

using namespace udperf;
using result::build_result;
using result::violated_identity;

namespace {

RxReport& report_of(TestOutcome& outcome) {
  return *outcome.up->streams.front().rx;
}

}  // namespace

TEST_CASE("the loss is split into socket, sending host and network", "[result]") {
  const auto document = build_result(test::normal_up());

  const auto& loss = document.up->loss;
  CHECK(loss.packets == 10U);
  CHECK(loss.rx_socket_drop == 3U);
  CHECK(loss.local_tx_drop == 1U);
  CHECK(loss.network_packets == 6U);
  CHECK(loss.period_mean == 2.0);
  CHECK(loss.head_packets == 1U);
  CHECK(loss.tail_packets == 2U);
}

TEST_CASE("the split never comes to more than was lost", "[result]") {
  auto outcome = test::normal_up();
  outcome.up->streams.front().tx->local_drop = 8;
  report_of(outcome).rx_socket_drop = 7;

  auto loss = build_result(outcome).up->loss;
  CHECK(loss.local_tx_drop == 8U);
  CHECK(loss.rx_socket_drop == 2U);
  CHECK(loss.network_packets == 0U);

  outcome.up->streams.front().tx->local_drop = 12;
  loss = build_result(outcome).up->loss;
  CHECK(loss.local_tx_drop == 10U);
  CHECK(loss.rx_socket_drop == 0U);
  CHECK(loss.network_packets == 0U);
}

TEST_CASE("a split that was not measured is null in all its parts", "[result]") {
  auto outcome = test::normal_up();
  report_of(outcome).rx_socket_drop.reset();

  const auto document = build_result(outcome);

  CHECK(document.up->loss.packets == 10U);
  CHECK(document.up->loss.rx_socket_drop == std::nullopt);
  CHECK(document.up->loss.local_tx_drop == std::nullopt);
  CHECK(document.up->loss.network_packets == std::nullopt);
  CHECK(document.limited_by == std::nullopt);
  CHECK(violated_identity(document) == std::nullopt);
}

TEST_CASE("books that do not balance are noticed, and the result says so", "[result]") {
  auto outcome = test::normal_up();

  SECTION("another number was sent than arrived and was lost") {
    outcome.up->streams.front().tx->packets = 1001;
  }
  SECTION("a row has one datagram too many") {
    report_of(outcome).intervals[1].unique += 1;
  }
  SECTION("a row has a byte too few") {
    report_of(outcome).intervals[1].bytes -= 1;
  }
  SECTION("a row has one loss too many") {
    report_of(outcome).intervals[0].lost += 1;
  }
  SECTION("a row has passed one number too few") {
    report_of(outcome).intervals[0].sent -= 1;
  }
  SECTION("a row has a duplicate too few") {
    report_of(outcome).intervals[0].duplicates -= 1;
  }
  SECTION("a row has a reordered one too few") {
    report_of(outcome).intervals[1].reordered -= 1;
  }
  SECTION("there are no rows") {
    report_of(outcome).intervals.clear();
  }
  SECTION("a datagram that was read is neither first copy, duplicate, late nor invalid") {
    report_of(outcome).datagrams += 1;
  }

  const auto document = build_result(outcome);
  REQUIRE(violated_identity(document));
  CHECK(violated_identity(document)->rfind("up: ", 0) == 0);
  REQUIRE(document.warnings.size() == 1);
  CHECK(document.warnings.front().code == "books_do_not_balance");
}

TEST_CASE("a split that does not add up is noticed", "[result]") {
  auto document = build_result(test::normal_up());
  *document.up->loss.network_packets += 1;

  CHECK(violated_identity(document));
}
