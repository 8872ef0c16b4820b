#include <string>

#include "result/document.hpp"
#include "support/catch.hpp"
#include "support/example_outcomes.hpp"

using namespace udperf;
using Catch::Matchers::ContainsSubstring;

namespace {

/// A test up of 1000 datagrams at an asked rate, of which so many were lost in each place.
TestOutcome losing(std::uint64_t network, std::uint64_t socket, std::uint64_t local) {
  TestOutcome outcome = test::normal_up();
  outcome.params.rate_up = SendRate{SendRate::Kind::bits, 1000};
  StreamOutcome& stream = outcome.up->streams.front();
  stream.tx->local_drop = local;
  stream.rx->lost = network + socket + local;
  stream.rx->unique = 1000 - stream.rx->lost;
  stream.rx->sent = 1000;
  stream.rx->rx_socket_drop = socket;
  return outcome;
}

result::Verdict verdict_on(const TestOutcome& outcome) {
  const auto document = result::build_result(outcome);
  return {document.limited_by, document.verdict};
}

/// Sends at an asked rate, of which the given share is reached.
TestOutcome paced(double share) {
  TestOutcome outcome = losing(0, 0, 0);
  outcome.params.rate_up = SendRate{SendRate::Kind::packets, 1};
  TxReport& tx = *outcome.up->streams.front().tx;
  tx.batches = tx.packets;
  tx.target_milli_pps = static_cast<std::uint64_t>(999e3 / 2.0 / share);  // 999 gaps in 2 s
  return outcome;
}

}  // namespace

TEST_CASE("the place of most of the loss limited the test", "[result]") {
  CHECK(verdict_on(losing(4, 3, 2)).limited_by == "network");
  CHECK(verdict_on(losing(3, 4, 2)).limited_by == "receiver_host");
  CHECK(verdict_on(losing(2, 3, 4)).limited_by == "sender_host");
  // In doubt the network: that is what is measured.
  CHECK(verdict_on(losing(3, 3, 3)).limited_by == "network");
}

TEST_CASE("the verdict tells what the server lowered", "[result]") {
  auto outcome = losing(0, 0, 0);
  CHECK_THAT(verdict_on(outcome).sentence, !ContainsSubstring("the server grants"));
  outcome.warnings = {{"rate_lowered", "the server grants 1 b/s"}, {"trace", "rows"}};
  CHECK_THAT(verdict_on(outcome).sentence, ContainsSubstring("no loss") &&
                                               ContainsSubstring("; the server grants 1 b/s") &&
                                               !ContainsSubstring("rows"));
}

TEST_CASE("loss in the receiving socket comes with the remedy", "[result]") {
  auto outcome = losing(1, 9, 0);
  CHECK_THAT(verdict_on(outcome).sentence,
             ContainsSubstring("sysctl -w net.core.rmem_max=33554432") &&
                 ContainsSubstring("1.00 %") &&
                 ContainsSubstring("9 in the receiving host's own socket"));

  // More than it had already.
  outcome.up->streams.front().rx->rcvbuf_bytes = 33'554'432;
  CHECK_THAT(verdict_on(outcome).sentence, ContainsSubstring("rmem_max=134217728"));
}

TEST_CASE("loss of which the place is not known has no limit", "[result]") {
  auto outcome = losing(5, 0, 0);
  outcome.up->streams.front().rx->rx_socket_drop.reset();

  CHECK_FALSE(verdict_on(outcome).limited_by.has_value());
  CHECK_THAT(verdict_on(outcome).sentence,
             ContainsSubstring("0.50 %") && ContainsSubstring("where is not known"));
}

TEST_CASE("a split that is a bound is told as such", "[result]") {
  auto outcome = losing(4, 3, 2);
  outcome.up->streams.front().rx->rx_socket_drop_is_bound = true;

  CHECK_THAT(verdict_on(outcome).sentence, ContainsSubstring("about 4 in the network") &&
                                               ContainsSubstring("about 3 in the receiving"));
}

TEST_CASE("no loss is told with what it may still be", "[result]") {
  const auto verdict = verdict_on(losing(0, 0, 0));

  CHECK(verdict.limited_by == "none");
  CHECK_THAT(verdict.sentence,
             ContainsSubstring("no loss") && ContainsSubstring("0.37 % at 95 % confidence"));
}

TEST_CASE("a sender below its rate by more than a twentieth is the limit", "[result]") {
  CHECK(verdict_on(paced(0.96)).limited_by == "none");
  CHECK(verdict_on(paced(0.94)).limited_by == "sender_host");
  CHECK_THAT(verdict_on(paced(0.5)).sentence,
             ContainsSubstring("50.0") && ContainsSubstring("--rate"));
}

TEST_CASE("deadlines that were given up tell a slow sender apart from a hundredth on", "[result]") {
  auto slow = paced(0.97);
  slow.up->streams.front().tx->pacing_skipped = 20;  // of 31 that are missing
  CHECK(verdict_on(slow).limited_by == "sender_host");
  CHECK_THAT(verdict_on(slow).sentence, ContainsSubstring("97.00 % of the asked rate"));

  slow.up->streams.front().tx->pacing_skipped = 10;
  CHECK(verdict_on(slow).limited_by == "none");

  auto nearly = paced(0.995);
  nearly.up->streams.front().tx->pacing_skipped = 5;
  CHECK(verdict_on(nearly).limited_by == "none");
}

TEST_CASE("a test that is over before a burst would be is not called slow", "[result]") {
  auto brief = paced(0.8);
  TxReport& tx = *brief.up->streams.front().tx;
  tx.span_ns = 18'000'000;  // 3.6 ms late at its end
  tx.target_milli_pps = 69'375'000;
  CHECK(verdict_on(brief).limited_by == "none");

  tx.span_ns = 180'000'000;
  tx.target_milli_pps = 6'937'500;
  CHECK(verdict_on(brief).limited_by == "sender_host");

  tx.burst_ns = 50'000'000;
  CHECK(verdict_on(brief).limited_by == "none");
}

TEST_CASE("a sender whose own link took no more is not called slow", "[result]") {
  auto blocked = paced(0.5);
  blocked.up->streams.front().tx->send_blocked = 20;
  CHECK(verdict_on(blocked).limited_by == "network");
  CHECK_THAT(verdict_on(blocked).sentence,
             ContainsSubstring("own link or shaper took only 50.00 % of the asked rate"));
}

TEST_CASE("a lost datagram does not hide that the sender set the pace", "[result]") {
  auto slow = paced(0.5);
  StreamOutcome& stream = slow.up->streams.front();
  stream.rx->lost = 1;
  stream.rx->unique = 999;
  stream.tx->load.waited_permille = 250;
  CHECK(verdict_on(slow).limited_by == "sender_host");
  CHECK_THAT(
      verdict_on(slow).sentence,
      ContainsSubstring("reached only 50.00 % of the asked rate: the sending host was busy") &&
          ContainsSubstring("0.10 % lost") && ContainsSubstring("1 in the network"));

  stream.rx->lost = 600;  // more than the sender's pace cost
  stream.rx->unique = 400;
  CHECK(verdict_on(slow).limited_by == "network");
}

TEST_CASE("full speed with a lost datagram is limited by a quota all the same", "[result]") {
  auto outcome = losing(1, 0, 0);
  outcome.params.rate_up = SendRate{};
  StreamOutcome& stream = outcome.up->streams.front();
  CHECK(verdict_on(outcome).limited_by == "network");

  stream.rx->load.throttled_permille = 300;
  CHECK(verdict_on(outcome).limited_by == "receiver_host");
  stream.tx->load.throttled_permille = 300;
  CHECK(verdict_on(outcome).limited_by == "sender_host");
  CHECK_THAT(verdict_on(outcome).sentence, ContainsSubstring("quota; 0.10 % lost"));
}

TEST_CASE("a busy host is named where nothing was lost and the rate was kept", "[result]") {
  auto outcome = paced(1.0);
  outcome.up->streams.front().rx->load.waited_permille = 300;
  CHECK(verdict_on(outcome).limited_by == "none");
  CHECK_THAT(verdict_on(outcome).sentence,
             ContainsSubstring("no loss") && ContainsSubstring("the receiving host was busy"));
}

TEST_CASE("a sender that was stopped early is not called slow", "[result]") {
  auto outcome = paced(0.5);
  outcome.status = TestStatus::interrupted;

  CHECK(verdict_on(outcome).limited_by == "none");
  CHECK_THAT(verdict_on(outcome).sentence, ContainsSubstring("interrupted"));
}

TEST_CASE("something always limits a test without a rate", "[result]") {
  auto outcome = losing(0, 0, 0);
  outcome.params.rate_up = SendRate{};
  TxReport& tx = *outcome.up->streams.front().tx;
  RxReport& rx = *outcome.up->streams.front().rx;
  CHECK(verdict_on(outcome).limited_by == "sender_host");
  CHECK_THAT(verdict_on(outcome).sentence, ContainsSubstring("sending host's processor"));

  tx.send_blocked = 3;
  CHECK(verdict_on(outcome).limited_by == "network");
  CHECK_THAT(verdict_on(outcome).sentence, ContainsSubstring("own link or shaper"));

  tx.held_permille = 200;
  tx.held_path_permille = UINT16_MAX;  // as an earlier version, which does not tell
  CHECK(verdict_on(outcome).limited_by == "receiver_host");
  CHECK_THAT(verdict_on(outcome).sentence, ContainsSubstring("20.00 % of the time"));

  tx.held_path_permille = 70;
  CHECK(verdict_on(outcome).limited_by == "receiver_host");
  CHECK_THAT(verdict_on(outcome).sentence, ContainsSubstring("13.00 % of the time"));

  tx.held_path_permille = 150;
  CHECK(verdict_on(outcome).limited_by == "network");
  CHECK_THAT(verdict_on(outcome).sentence, ContainsSubstring("own link or shaper"));

  tx.send_blocked = 0;
  CHECK(verdict_on(outcome).limited_by == "network");
  CHECK_THAT(verdict_on(outcome).sentence,
             ContainsSubstring("the path set the pace: 15.00 % of the time"));

  rx.load.throttled_permille = 500;
  CHECK_THAT(verdict_on(outcome).sentence, ContainsSubstring("receiving host's control group"));

  tx.load.throttled_permille = 500;
  CHECK(verdict_on(outcome).limited_by == "sender_host");
  CHECK_THAT(verdict_on(outcome).sentence, ContainsSubstring("sending host's control group"));

  outcome.params.rate_up = SendRate{SendRate::Kind::bits, 1000};
  CHECK(verdict_on(outcome).limited_by == "none");
}

TEST_CASE("a receiver that does not tell of its socket is named where nothing governs",
          "[result]") {
  auto outcome = losing(0, 9, 0);
  outcome.up->streams.front().tx->governor = TxGovernor::none;
  const auto told = ContainsSubstring("does not tell how full its socket is");
  CHECK_THAT(verdict_on(outcome).sentence, !told);  // a rate governs
  outcome.params.rate_up = SendRate{};
  CHECK_THAT(verdict_on(outcome).sentence, told && ContainsSubstring("rmem_max"));
  outcome.up->streams.front().tx->governor = TxGovernor::receiver;
  CHECK_THAT(verdict_on(outcome).sentence, !told);
}

TEST_CASE("a busy host is named with its evidence", "[result]") {
  auto slow = paced(0.5);
  slow.up->streams.front().tx->load.steal_permille = 250;
  slow.up->streams.front().tx->load.waited_permille = 120;
  CHECK_THAT(
      verdict_on(slow).sentence,
      ContainsSubstring("the sending host was busy (its hypervisor took 25.00 %, its threads "
                        "waited for a processor 12.00 % of the time)"));

  auto dropping = losing(1, 9, 0);
  dropping.up->streams.front().rx->load.throttled_permille = 300;
  CHECK_THAT(verdict_on(dropping).sentence,
             ContainsSubstring("the receiving host was busy (its control group (cgroup) was "
                               "throttled 30.00 % of the time)"));

  dropping.up->streams.front().rx->load.throttled_permille = 0;
  CHECK_THAT(verdict_on(dropping).sentence, !ContainsSubstring("busy"));
}

TEST_CASE("a paced sender that woke up late was busy, and says by how much", "[result]") {
  auto slow = paced(0.5);
  TxReport& tx = *slow.up->streams.front().tx;
  tx.lateness_p50_ns = 20'000;
  tx.lateness_p99_ns = 300'000;
  tx.lateness_max_ns = 900'000;
  CHECK(result::build_result(slow).up->tx.host.busy == false);
  CHECK_THAT(verdict_on(slow).sentence, !ContainsSubstring("busy"));

  tx.lateness_max_ns = 600'000'000;  // one stop
  CHECK(result::build_result(slow).up->tx.host.busy == true);
  CHECK_THAT(verdict_on(slow).sentence,
             ContainsSubstring("the sending host was busy (it woke up 600 ms late at worst"));

  tx.lateness_p99_ns = 5'000'000;  // all the time
  tx.lateness_max_ns = 9'000'000;
  CHECK(result::build_result(slow).up->tx.host.busy == true);
  CHECK_THAT(verdict_on(slow).sentence, ContainsSubstring("1 % of the times 5.00 ms or more"));
}

TEST_CASE("a receiver's socket without room is the receiver's doing", "[result]") {
  auto outcome = losing(0, 0, 0);
  outcome.params.rate_up = SendRate{};
  StreamOutcome& stream = outcome.up->streams.front();
  SendTime time;
  time.window_ns = 2'000'000'000;
  time.silent_ns = 400'000'000;
  time.pauses = {SendPause{500'000'000, 400'000'000, 0, SendPause::kReceiverFull}};
  stream.tx->time = time;
  stream.rx->load.waited_permille = 250;

  const auto verdict = verdict_on(outcome);

  CHECK(verdict.limited_by == "receiver_host");
  CHECK_THAT(verdict.sentence,
             ContainsSubstring("400 ms of 2.00 s: the receiver's socket was full") &&
                 ContainsSubstring("the receiving host was busy (its threads waited for a "
                                   "processor 25.00 % of the time)"));
}

TEST_CASE("flat out, too, a busy host is named with its evidence", "[result]") {
  auto outcome = losing(0, 0, 0);
  outcome.params.rate_up = SendRate{};
  StreamOutcome& stream = outcome.up->streams.front();
  stream.tx->load.steal_permille = 200;
  CHECK_THAT(verdict_on(outcome).sentence,
             ContainsSubstring("processor set the pace; the sending host was busy (its hypervisor "
                               "took 20.00 % of the time)"));

  stream.tx->held_permille = 500;
  stream.tx->held_path_permille = 0;
  stream.rx->load.waited_permille = 300;
  CHECK(verdict_on(outcome).limited_by == "receiver_host");
  CHECK_THAT(verdict_on(outcome).sentence,
             ContainsSubstring("50.00 % of the time; the receiving host was busy (its threads") &&
                 !ContainsSubstring("sending host was busy"));
}

TEST_CASE("a busy host is told before the network is blamed", "[result]") {
  auto outcome = losing(9, 1, 0);
  outcome.up->streams.front().rx->load.steal_permille = 400;

  const auto verdict = verdict_on(outcome);

  CHECK(verdict.limited_by == "network");
  CHECK_THAT(verdict.sentence,
             Catch::Matchers::StartsWith("the receiving host was busy (its hypervisor took 40.00 % "
                                         "of the time): 1.00 % lost"));
}

TEST_CASE("who asked for no rate, and lost much in the network, is told to ask for one",
          "[result]") {
  auto outcome = losing(500, 0, 0);
  CHECK_THAT(verdict_on(outcome).sentence, !ContainsSubstring("--find-rate"));
  outcome.params.rate_up = SendRate{};
  CHECK(verdict_on(outcome).limited_by == "network");
  CHECK_THAT(verdict_on(outcome).sentence,
             ContainsSubstring("500 in the network; without a rate") &&
                 ContainsSubstring("(--find-rate)"));
  outcome.params.rate_up.flood = true;
  CHECK_THAT(verdict_on(outcome).sentence, !ContainsSubstring("--find-rate"));
  outcome = losing(5, 0, 0);
  outcome.params.rate_up = SendRate{};
  CHECK_THAT(verdict_on(outcome).sentence, !ContainsSubstring("--find-rate"));
}
