#include <set>
#include <string>

#include "report/writer.hpp"
#include "result/document.hpp"
#include "support/catch.hpp"
#include "support/example_outcomes.hpp"

using namespace udperf;
using result::build_result;

namespace {

std::set<std::string> codes(const TestOutcome& outcome) {
  std::set<std::string> all;
  for (const auto& note : build_result(outcome).notes) {
    all.insert(note.field + " " + note.code);
  }
  return all;
}

bool has(const TestOutcome& outcome, const std::string& note) {
  return codes(outcome).count(note) == 1;
}

}  // namespace

TEST_CASE("a result in which everything was measured has no notes", "[result]") {
  CHECK(codes(test::normal_up()).empty());
}

TEST_CASE("delays by a program's own clock reads are told as such", "[result]") {
  auto outcome = test::normal_up();
  CHECK_FALSE(has(outcome, "up.delay_variation host_made"));
  outcome.up->streams.front().rx->stamp = RxStamp::user;
  CHECK(has(outcome, "up.delay_variation host_made"));
}

TEST_CASE("delay variation of a busy sender is told as such, of a busy receiver is not",
          "[result]") {
  auto outcome = test::normal_up();
  outcome.up->streams.front().rx->load.waited_permille = 300;  // its kernel stamps arrivals
  CHECK_FALSE(has(outcome, "up.delay_variation host_made"));
  outcome.up->streams.front().tx->load.waited_permille = 300;
  CHECK(has(outcome, "up.delay_variation host_made"));
}

TEST_CASE("round trips of a busy host are told as such, whoever stamped them", "[result]") {
  auto outcome = test::normal_up();
  CHECK_FALSE(has(outcome, "rtt host_made"));
  outcome.up->streams.front().rx->load.waited_permille = 300;
  CHECK(has(outcome, "rtt host_made"));
}

TEST_CASE("full speed to an iperf3 server has a note that nothing governs it", "[result]") {
  auto outcome = test::normal_up();
  outcome.iperf3.emplace();
  outcome.up->streams.front().tx->governor = TxGovernor::none;
  outcome.params.rate_up = SendRate{SendRate::Kind::bits, 1000};
  CHECK_FALSE(has(outcome, "up.tx.governor receiver_does_not_tell"));
  outcome.params.rate_up = SendRate{};
  CHECK(has(outcome, "up.tx.governor receiver_does_not_tell"));
  outcome.up->streams.front().tx->governor = TxGovernor::flood;
  CHECK_FALSE(has(outcome, "up.tx.governor receiver_does_not_tell"));
}

TEST_CASE("every note is about a field that there is", "[result]") {
  for (const auto& example : test::example_outcomes()) {
    CAPTURE(example.name);
    for (const auto& note : build_result(example.outcome).notes) {
      CAPTURE(note.field, note.code);
      CHECK(report::check_fields({note.field}) == std::nullopt);
      CHECK_FALSE(note.code.empty());
      CHECK_FALSE(note.message.empty());
    }
  }
}

TEST_CASE("notes name the side whose report is missing", "[result]") {
  CHECK(has(test::interrupted_tx_only(), "up.rx no_report"));

  auto outcome = test::normal_up();
  outcome.up->streams.front().tx.reset();
  CHECK(has(outcome, "up.tx no_sender_report"));
  CHECK(has(outcome, "up.loss.network_packets split_unknown"));
}

TEST_CASE("notes say why flows are not judged", "[result]") {
  auto outcome = test::normal_up();
  outcome.flows = FlowPorts{{40'000}, {}};
  CHECK_FALSE(has(outcome, "flows no_report"));

  outcome = test::interrupted_tx_only();
  CHECK_FALSE(has(outcome, "flows no_report"));
  outcome.flows = FlowPorts{{40'000}, {}};
  CHECK(has(outcome, "flows no_report"));
}

TEST_CASE("notes say why there is no rate", "[result]") {
  CHECK(has(test::total_loss(), "up.rx.goodput_bps nothing_arrived"));

  auto outcome = test::normal_up();
  auto& rx = *outcome.up->streams.front().rx;
  rx.last_mono_ns = rx.first_mono_ns;
  CHECK(has(outcome, "up.rx.goodput_bps zero_span"));
}

TEST_CASE("notes say that the split of the loss is missing, or a bound", "[result]") {
  auto outcome = test::normal_up();
  outcome.up->streams.front().rx->rx_socket_drop_is_bound = true;
  CHECK(has(outcome, "up.loss.rx_socket_drop bound"));

  outcome.up->streams.front().rx->rx_socket_drop.reset();
  CHECK(has(outcome, "up.loss.network_packets split_unknown"));
  CHECK_FALSE(has(outcome, "up.loss.rx_socket_drop bound"));
}

TEST_CASE("notes say that a tail may be missing when nobody told how much was sent", "[result]") {
  auto outcome = test::normal_up();
  outcome.up->streams.front().rx->finalized = Finalized::no_fin;
  CHECK_FALSE(has(outcome, "up.loss.packets tail_unknown"));  // the sender's report counts

  outcome.up->streams.front().tx.reset();
  CHECK(has(outcome, "up.loss.packets tail_unknown"));
}

TEST_CASE("notes say why there is no delay, or why not to trust it", "[result]") {
  auto several = test::three_streams();
  CHECK(has(several, "up.intervals several_streams"));
  CHECK_FALSE(has(several, "up.delay_variation.p50_ns several_streams"));
  several.up->streams.front().rx->delay_bins.clear();
  CHECK(has(several, "up.delay_variation.p50_ns several_streams"));

  auto outcome = test::normal_up();
  outcome.clock->uncertainty_ns = 10'000'000;
  CHECK(has(outcome, "up.delay uncertain"));

  outcome.clock.reset();
  CHECK(has(outcome, "up.delay clocks_unrelated"));

  outcome.up->streams.front().rx->delay_variation.reset();
  CHECK(has(outcome, "up.delay_variation not_timed"));
}
