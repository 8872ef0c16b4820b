// Streams that do next to nothing, and words that are not worth an answer: what they cost. CPU time
// for the same work differs by half between machines and moments; how often a thread wakes does
// not.

#include <sys/resource.h>

#include <algorithm>
#include <csignal>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "e2e/hostile.hpp"
#include "support/catch.hpp"
#include "support/condition.hpp"

using namespace std::chrono_literals;
using namespace udperf;
using udperf::test::Attempt;
using udperf::test::check_serves;
using udperf::test::client_arguments;
using udperf::test::cpu_time;
using udperf::test::dropped_at_port;
using udperf::test::HostileClient;
using udperf::test::measure_under_condition;
using udperf::test::run_udperf;
using udperf::test::Server;
using udperf::test::skip_test;

namespace {

// Sanitized code says nothing about what the shipped one costs.
constexpr bool kPlain = UDPERF_TEST_TIME_FACTOR == 1;

struct Cost {
  long wakes = 0;
  std::chrono::microseconds cpu{0};
};

/// What all the children that were waited for have cost, with their threads that are gone.
Cost cost_of_ended() {
  rusage usage{};
  ::getrusage(RUSAGE_CHILDREN, &usage);
  const auto time = [](const timeval& value) {
    return std::chrono::seconds{value.tv_sec} + std::chrono::microseconds{value.tv_usec};
  };
  return {usage.ru_nvcsw, time(usage.ru_utime) + time(usage.ru_stime)};
}

/// Sends the datagram of a kind with this number.
using Kind = std::function<void(std::uint64_t)>;

/// Returns when the server has nothing more to do, or half a second later.
void settle(Server& server, HostileClient& client) {
  for (int i = 0; i < 50; ++i) {
    const auto before = cpu_time(server.process());
    client.drain_until(10ms, [] { return false; });
    if (cpu_time(server.process()) - before < 200us) {
      return;
    }
  }
}

/// What each of a kind costs the server, in ns of CPU time, of those that it reads; nothing where
/// half of them overflow a socket, which costs nothing.
std::optional<double> cost_of(const Kind& kind, std::uint64_t turn, Server& server,
                              HostileClient& client) {
  constexpr std::uint64_t kMany = 5000;
  const auto port = server.endpoint().port;
  const auto cpu = cpu_time(server.process());
  const auto drops = dropped_at_port(port);
  // How often it is woken is the host's matter: it finds them all there.
  server.process().send_signal(SIGSTOP);
  for (std::uint64_t i = 0; i < kMany; ++i) {
    kind(turn * kMany + i);
  }
  server.process().send_signal(SIGCONT);
  settle(server, client);
  const auto spent = static_cast<double>((cpu_time(server.process()) - cpu).count());
  const auto lost = dropped_at_port(port) - drops;
  if (lost >= kMany / 2) {
    return std::nullopt;
  }
  return spent / static_cast<double>(kMany - lost);
}

/// How many times as much `dear` costs, by turns, each beside the `cheap` one right before: a
/// moment in which the same work takes twice as long mostly comes over both. The client answers no
/// probe of the server's, so that the session has six seconds.
std::vector<double> ratios_of(const Kind& cheap, const Kind& dear, Server& server,
                              HostileClient& client) {
  constexpr std::uint64_t kTurns = 20;
  std::vector<double> ratios;
  const auto until = std::chrono::steady_clock::now() + 2s;
  for (std::uint64_t turn = 0; turn < kTurns && std::chrono::steady_clock::now() < until; ++turn) {
    const auto first = cost_of(cheap, turn, server, client);
    const auto second = cost_of(dear, turn, server, client);
    if (first && second) {
      ratios.push_back(*second / *first);
    }
  }
  std::sort(ratios.begin(), ratios.end());
  return ratios;
}

}  // namespace

TEST_CASE("a hundred idle streams cost the server next to nothing", "[e2e]") {
  const std::string direction = GENERATE("up", "down");

  // A host that holds threads up makes them repeat what was not answered in time, and what they do
  // dearer.
  measure_under_condition([&](Attempt& attempt) {
    Server server;
    const auto begun = cost_of_ended().cpu;
    const auto finished = run_udperf(client_arguments(
        server.endpoint(),
        {"--direction", direction, "--streams", "128", "--rate", "128pps", "--duration", "2s"}));

    const Cost before = cost_of_ended();
    server.process().send_signal(SIGTERM);
    REQUIRE(server.process().wait(udperf::test::kGuard));
    const Cost after = cost_of_ended();
    const auto wakes = after.wakes - before.wakes;
    const auto cpu = after.cpu - before.cpu;
    CAPTURE(direction, wakes, cpu);
    REQUIRE(finished.code() == 0);
    // Fifteen a second for each stream (its datagram, what is told of it, the licence to send it),
    // and twenty for its handshake and its report.
    attempt.expect(wakes < 128L * (2 * 15 + 20), std::to_string(wakes) + " wake-ups");
    if (kPlain) {
      // A thread that never sleeps is not woken, either: it takes ten times what the client does,
      // which twice as much as a server that sleeps.
      const auto client = before.cpu - begun;
      attempt.expect(cpu < 5 * client, std::to_string(cpu.count()) + " us of CPU time beside " +
                                           std::to_string(client.count()) + " of the client");
    }
  });
}

TEST_CASE("a REQUEST with a bad cookie costs no more than two datagrams of a test", "[e2e]") {
  if (!kPlain) {
    skip_test("sanitized code says nothing about what the shipped one costs");
    return;
  }
  measure_under_condition([](Attempt& attempt) {
    Server server;
    TestParams params;
    params.payload_bytes = 512;
    params.amount.duration = 60s;
    params.gro = OffloadMode::off;
    HostileClient client{server.endpoint(), params};
    client.go();
    wire::Request request;
    request.params = params;
    const auto bytes =
        wire::encode(wire::MessageType::request, 0, 0, request, wire::kPaddedRequestBytes);
    const auto ratios = ratios_of([&](std::uint64_t number) { client.send_data(number, 0); },
                                  [&](std::uint64_t) { client.send(bytes); }, server, client);

    check_serves(server);
    if (attempt.needs(ratios.size() >= 5, "a server that is given enough of a processor")) {
      // A quarter more, where both are read many at a time: whom its cookie is for is looked at
      // first.
      const double median = ratios[ratios.size() / 2];
      attempt.expect(median <= 2, "twice as much at most, not " + std::to_string(median));
    }
  });
}
