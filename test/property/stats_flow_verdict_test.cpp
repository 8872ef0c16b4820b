// A thousand made networks: alike flows raise no alarm, a bad member is found whole.

#include <algorithm>
#include <cmath>
#include <map>
#include <random>
#include <set>

#include "stats/binomial.hpp"
#include "stats/flow_verdict.hpp"
#include "support/catch.hpp"

using udperf::DelayBin;
using udperf::stats::binomial_at_least;
using udperf::stats::FlowBooks;
using udperf::stats::FlowSign;
using udperf::stats::FlowVerdict;
using udperf::stats::judge_flows;

namespace {

using Random = std::mt19937_64;
using Flows = std::set<std::size_t>;

double uniform(Random& random, double low, double high) {
  return std::uniform_real_distribution<double>{low, high}(random);
}

std::size_t one_of(Random& random, std::size_t low, std::size_t high) {
  return std::uniform_int_distribution<std::size_t>{low, high}(random);
}

/// One of the ways that the flows take, and what it does to them.
struct Member {
  double loss = 0;
  double delay_ns = 0;  ///< constant
  double queue_ns = 0;  ///< most that a queue adds; the first datagrams find it empty
  double burst_ns = 0;  ///< most that a queue adds which every turn fills: by the place in the turn
  std::uint8_t ttl = 61;
};

struct Network {
  std::vector<Member> members;
  std::size_t flows = 64;
  std::size_t datagrams = 500;  ///< of each flow
  double host_ns = 20'000;      ///< mean of what the hosts add to each datagram
  double place_ns = 30'000;     ///< most that a flow's place in the turn adds to all of its own
};

/// Delays of a flow whose queue fills in the first tenth of the test and then stays near full.
double queueing(const Member& member, double progress, Random& random) {
  return member.queue_ns * std::min(progress * 10, 1.0) * uniform(random, 0.7, 1.0);
}

/// A flow has its usual place in the turn, but not always; the first quarter finds no queue.
double bursting(const Member& member, double turn, Random& random) {
  const double place = (turn + uniform(random, 0, 1)) / 2;
  return member.burst_ns * std::max(place - 0.25, 0.0);
}

FlowBooks pass(const Network& network, const Member& member, Random& random) {
  FlowBooks books;
  books.sent = network.datagrams;
  books.ttl = member.ttl;
  std::map<std::int64_t, std::uint64_t> delays;
  std::exponential_distribution<double> host{1 / network.host_ns};
  const double place = uniform(random, 0, network.place_ns);
  const double turn = uniform(random, 0, 1);
  for (std::size_t i = 0; i < network.datagrams; ++i) {
    if (uniform(random, 0, 1) < member.loss) {
      ++books.lost;
      continue;
    }
    const double progress = static_cast<double>(i) / static_cast<double>(network.datagrams);
    const double rare = uniform(random, 0, 1) < 0.01 ? uniform(random, 0, 5e6) : 0;
    ++delays[std::llround(1e6 + place + host(random) + rare + member.delay_ns +
                          queueing(member, progress, random) + bursting(member, turn, random)) /
             1000];
  }
  for (const auto& [microseconds, count] : delays) {
    books.delays.push_back(DelayBin{microseconds * 1000, count});
  }
  return books;
}

struct Sent {
  std::vector<FlowBooks> flows;
  std::vector<Flows> by_member;
};

/// Spreads the flows as a hash would; every member gets one at least.
Sent send_over(const Network& network, Random& random) {
  Sent out;
  out.by_member.resize(network.members.size());
  for (std::size_t i = 0; i < network.flows; ++i) {
    const std::size_t member =
        i < network.members.size() ? i : one_of(random, 0, network.members.size() - 1);
    out.by_member[member].insert(i);
    out.flows.push_back(pass(network, network.members[member], random));
  }
  return out;
}

Flows found(const FlowVerdict& verdict, FlowSign sign) {
  Flows out;
  for (const auto& outlier : verdict.outliers) {
    if (outlier.sign == sign) {
      out.insert(outlier.flow);
    }
  }
  return out;
}

/// Every flow is in one group.
void check_groups(const FlowVerdict& verdict, std::size_t flows) {
  Flows seen;
  for (const auto& group : verdict.groups) {
    for (const std::size_t flow : group.flows) {
      CHECK(seen.insert(flow).second);
    }
  }
  CHECK(seen.size() == flows);
}

}  // namespace

TEST_CASE("alike flows raise no alarm, whatever they all lose", "[stats][flows]") {
  constexpr int kRuns = 500;
  int alarms = 0;
  for (int seed = 0; seed < kRuns; ++seed) {
    Random random{static_cast<std::uint64_t>(seed)};
    Network network;
    constexpr std::array kLoss{0.0, 0.0005, 0.005, 0.05, 0.31};
    network.members = {Member{kLoss.at(one_of(random, 0, 4))}};
    network.flows = one_of(random, 2, 128);
    network.datagrams = one_of(random, 20, 400);
    network.host_ns = std::exp(uniform(random, std::log(5e3), std::log(3e6)));
    const auto sent = send_over(network, random);
    const auto verdict = judge_flows(sent.flows);
    alarms += verdict.outliers.empty() && verdict.groups.size() == 1 ? 0 : 1;
  }
  CHECK(alarms <=
        kRuns / 500);  // 0.2 %; one in a thousand is what the test promises for loss alone
}

TEST_CASE("the flows over a lossy member are found, and no others", "[stats][flows]") {
  for (int seed = 0; seed < 150; ++seed) {
    CAPTURE(seed);
    Random random{static_cast<std::uint64_t>(seed)};
    Network network;
    network.members.resize(seed % 2 == 0 ? 2 : 4);
    network.members[1].loss = uniform(random, 0.08, 0.6);
    network.flows = one_of(random, 8, 128);
    const auto sent = send_over(network, random);
    const auto verdict = judge_flows(sent.flows);
    check_groups(verdict, network.flows);
    CHECK(found(verdict, FlowSign::loss) == sent.by_member[1]);
    CHECK(found(verdict, FlowSign::delay).empty());
    for (const auto& outlier : verdict.outliers) {
      CHECK(outlier.rest_lost == 0);
      CHECK(outlier.p <= udperf::stats::kFlowErrors);
    }
  }
}

TEST_CASE("the flows over a longer member are found, and are a group", "[stats][flows]") {
  for (int seed = 0; seed < 150; ++seed) {
    CAPTURE(seed);
    Random random{static_cast<std::uint64_t>(seed)};
    Network network;
    network.members.resize(seed % 2 == 0 ? 2 : 4);
    network.members[1].delay_ns = uniform(random, 400'000, 30e6);
    network.flows = one_of(random, 8, 128);
    const auto sent = send_over(network, random);
    const auto verdict = judge_flows(sent.flows);
    check_groups(verdict, network.flows);
    REQUIRE(verdict.groups.size() == 2);
    CHECK(Flows{verdict.groups[1].flows.begin(), verdict.groups[1].flows.end()} ==
          sent.by_member[1]);
    CHECK(std::abs(static_cast<double>(*verdict.groups[1].least_ns) - network.members[1].delay_ns) <
          100'000);
    CHECK(found(verdict, FlowSign::delay) == sent.by_member[1]);
    CHECK(found(verdict, FlowSign::loss).empty());
  }
}

TEST_CASE("the flows over a member whose queue is full are found", "[stats][flows]") {
  for (int seed = 0; seed < 150; ++seed) {
    CAPTURE(seed);
    Random random{static_cast<std::uint64_t>(seed)};
    Network network;
    network.members.resize(seed % 2 == 0 ? 2 : 4);
    network.members[1].queue_ns = uniform(random, 1e6, 50e6);
    network.flows = one_of(random, 8, 128);
    const auto sent = send_over(network, random);
    const auto verdict = judge_flows(sent.flows);
    check_groups(verdict, network.flows);
    CHECK(found(verdict, FlowSign::delay) == sent.by_member[1]);
    for (const auto& group : verdict.groups) {  // none has flows of both
      const auto of_slow =
          std::count_if(group.flows.begin(), group.flows.end(),
                        [&](std::size_t flow) { return sent.by_member[1].count(flow) != 0; });
      CHECK((of_slow == 0 || of_slow == static_cast<std::ptrdiff_t>(group.flows.size())));
    }
  }
}

TEST_CASE("the flows over a member that every turn fills are found", "[stats][flows]") {
  for (int seed = 0; seed < 150; ++seed) {
    CAPTURE(seed);
    Random random{static_cast<std::uint64_t>(seed)};
    Network network;
    network.members.resize(seed % 2 == 0 ? 2 : 4);
    network.members[1].burst_ns = uniform(random, 4e6, 20e6);
    network.flows = one_of(random, 16, 128);
    const auto sent = send_over(network, random);
    const auto verdict = judge_flows(sent.flows);
    check_groups(verdict, network.flows);
    CHECK(found(verdict, FlowSign::delay) == sent.by_member[1]);
  }
}

TEST_CASE("four members of different length are four groups", "[stats][flows]") {
  for (int seed = 0; seed < 60; ++seed) {
    CAPTURE(seed);
    Random random{static_cast<std::uint64_t>(seed)};
    Network network;
    network.members = {Member{0, 0}, Member{0, 5e6}, Member{0, 6e6}, Member{0, 20e6, 0, 59}};
    const auto sent = send_over(network, random);
    const auto verdict = judge_flows(sent.flows);
    REQUIRE(verdict.groups.size() == 4);
    for (std::size_t i = 0; i < 4; ++i) {
      CHECK(Flows{verdict.groups[i].flows.begin(), verdict.groups[i].flows.end()} ==
            sent.by_member[i]);
      CHECK(verdict.groups[i].ttl == network.members[i].ttl);
    }
  }
}

TEST_CASE("hops alone make groups, and no outliers", "[stats][flows]") {
  Random random{1};
  Network network;
  network.members.resize(2);
  network.members[1].ttl = 60;
  auto sent = send_over(network, random);
  sent.flows[2].ttl.reset();  // counts as the usual one
  const auto verdict = judge_flows(sent.flows);
  CHECK(verdict.groups.size() == 2);
  check_groups(verdict, network.flows);
  CHECK(verdict.outliers.empty());
}

TEST_CASE("a flow of which nothing arrives is found, and its delay is not known",
          "[stats][flows]") {
  Random random{2};
  Network network;
  network.members.resize(1);
  auto sent = send_over(network, random);
  sent.flows[7] = FlowBooks{500, 500, std::nullopt, {}};
  const auto verdict = judge_flows(sent.flows);
  CHECK(found(verdict, FlowSign::loss) == Flows{7});
  REQUIRE(verdict.groups.size() == 2);
  CHECK(verdict.groups[1].flows == std::vector<std::size_t>{7});
  CHECK_FALSE(verdict.groups[1].median_ns.has_value());
}

TEST_CASE("few datagrams and few flows are no evidence", "[stats][flows]") {
  CHECK(judge_flows({}).groups.empty());
  const FlowBooks one{100, 50, 61, {{5, 50}}};
  CHECK(judge_flows(std::vector{one}).outliers.empty());
  // Two of three lost here, none of three there: as likely as not one in twenty.
  const FlowBooks some{3, 2, 61, {{1'000'000, 1}}};
  const FlowBooks none{3, 0, 61, {{9'000'000, 3}}};
  const auto verdict = judge_flows(std::vector{some, none});
  CHECK(verdict.outliers.empty());
  CHECK(verdict.groups.size() == 1);
}

TEST_CASE("a loss of three in one flow of many is told from chance, two is not", "[stats][flows]") {
  std::vector<FlowBooks> flows(64, FlowBooks{500, 0, 61, {}});
  flows[5].lost = 2;
  CHECK(judge_flows(flows).outliers.empty());
  flows[5].lost = 3;  // two sides, 64 flows, (1/64)^3
  const auto verdict = judge_flows(flows);
  REQUIRE(verdict.outliers.size() == 1);
  CHECK(verdict.outliers[0].flow == 5);
  CHECK(verdict.outliers[0].p == Catch::Detail::Approx(2 * 64.0 / (64.0 * 64 * 64)));
  CHECK(verdict.outliers[0].rest_sent == 63 * 500);
}

TEST_CASE("the binomial tail agrees with sums", "[stats][flows]") {
  using Catch::Detail::Approx;
  CHECK(binomial_at_least(0, 10, 0.3) == 1);
  CHECK(binomial_at_least(11, 10, 0.3) == 0);
  CHECK(binomial_at_least(10, 10, 0.5) == Approx(1.0 / 1024));
  CHECK(binomial_at_least(1, 20, 0.05) == Approx(1 - std::pow(0.95, 20)));
  CHECK(binomial_at_least(3, 3, 1.0 / 64) == Approx(std::pow(64.0, -3)));
  for (const std::uint64_t n : {7U, 60U, 300U}) {
    for (const double p : {0.01, 0.2, 0.5, 0.93}) {
      for (std::uint64_t k = 0; k <= n; k += 1 + n / 20) {
        double sum = 0;
        for (std::uint64_t x = k; x <= n; ++x) {
          const auto a = static_cast<double>(x);
          const auto b = static_cast<double>(n - x);
          sum += std::exp(std::lgamma(a + b + 1) - std::lgamma(a + 1) - std::lgamma(b + 1) +
                          a * std::log(p) + b * std::log1p(-p));
        }
        CAPTURE(n, p, k);
        CHECK(binomial_at_least(k, n, p) == Approx(sum).epsilon(1e-9));
      }
    }
  }
  // Of a thousand million, five standard deviations above the mean: the normal tail is near.
  CHECK(binomial_at_least(500'079'057, 1'000'000'000, 0.5) == Approx(2.87e-7).epsilon(0.01));
}
