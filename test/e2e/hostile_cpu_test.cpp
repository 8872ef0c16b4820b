// Streams that do next to nothing, and words that are not worth an answer: what they cost. CPU time
// for the same work differs by half between machines and moments; how often a thread wakes does
// not.

#include <sys/resource.h>

#include <csignal>

#include "e2e/hostile.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;
using namespace udperf;
using udperf::test::check_serves;
using udperf::test::client_arguments;
using udperf::test::cpu_time;
using udperf::test::HostileClient;
using udperf::test::run_udperf;
using udperf::test::Server;

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

}  // namespace

TEST_CASE("a hundred idle streams cost the server next to nothing", "[e2e]") {
  const std::string direction = GENERATE("up", "down");
  Server server;

  const auto finished =
      run_udperf(client_arguments(server.endpoint(), {"--direction", direction, "--streams", "128",
                                                      "--rate", "128pps", "--duration", "4s"}));

  const Cost before = cost_of_ended();
  server.process().send_signal(SIGTERM);
  REQUIRE(server.process().wait(10s));
  const Cost after = cost_of_ended();
  const auto wakes = after.wakes - before.wakes;
  const auto cpu = after.cpu - before.cpu;
  CAPTURE(direction, wakes, cpu);
  REQUIRE(finished.code() == 0);
  // Fifteen a second for each stream (its datagram, what is told of it, the licence to send it), and
  // twenty for its handshake and its report.
  CHECK(wakes < 128 * (4 * 15 + 20));
  if (kPlain) {
    CHECK(cpu < 2s);  // a thread that never sleeps is not woken, either
  }
}

TEST_CASE("a REQUEST with a bad cookie costs no more than a datagram of a test", "[e2e]") {
  if (!kPlain) {
    return;
  }
  Server server;
  TestParams params;
  params.payload_bytes = 512;
  params.amount.duration = 60s;
  params.gro = OffloadMode::off;
  HostileClient client{server.endpoint(), params};
  client.go();
  constexpr std::uint64_t kMany = 100'000;
  const auto send = [&](const std::function<void(std::uint64_t)>& one) {
    const auto before = cpu_time(server.process());
    for (std::uint64_t i = 0; i < kMany; ++i) {
      one(i);
      if (i % 64 == 0) {
        client.drain();
      }
    }
    client.drain_until(200ms, [] { return false; });
    return cpu_time(server.process()) - before;
  };

  const auto data = send([&](std::uint64_t i) { client.send_data(i, 0); });
  wire::Request request;
  request.params = params;
  const auto bad =
      wire::encode(wire::MessageType::request, 0, 0, request, wire::kPaddedRequestBytes);
  const auto requests = send([&](std::uint64_t) { client.send(bad); });

  CAPTURE(data, requests);
  CHECK(requests <= data * 3 / 2 + 50ms);
  check_serves(server);
}
