// Clients that send what costs the server much memory for little traffic.

#include <sys/resource.h>

#include <chrono>
#include <vector>

#include "e2e/hostile.hpp"
#include "support/catch.hpp"
#include "support/condition.hpp"

using namespace std::chrono_literals;
using namespace udperf;
using udperf::test::address_space_kib;
using udperf::test::check_serves;
using udperf::test::HostileClient;
using udperf::test::kGuard;
using udperf::test::Process;
using udperf::test::resident_kib;
using udperf::test::Server;

namespace {

// A sanitizer keeps what is freed: memory says nothing then.
constexpr bool kPlain = UDPERF_TEST_TIME_FACTOR == 1;

TestParams many_streams() {
  TestParams params;
  params.streams = 16;
  params.payload_bytes = 40;
  params.interval = 10ms;
  params.amount.duration = 300s;
  return params;
}

/// Numbers a page apart, so that each opens one, with stamps a microsecond page apart: the most
/// that 40 bytes can cost.
void spread(HostileClient& client, std::uint64_t from, std::uint64_t to) {
  for (std::uint64_t i = from; i < to; ++i) {
    for (std::size_t stream = 0; stream < client.connection().streams.size(); ++stream) {
      client.send_data(i * 32768, -static_cast<std::int64_t>(i * 256'000), stream);
    }
    if (i % 16 == 0) {
      client.drain();
    }
  }
}

}  // namespace

TEST_CASE("what one client makes the server keep ends at its share, and the server goes on",
          "[e2e]") {
  Server server{IpFamily::v4, {"--max-memory", "64MiB"}};
  HostileClient client{server.endpoint(), many_streams()};
  const std::size_t before = resident_kib(server.process());
  client.go();

  std::size_t largest = 0;
  for (std::uint64_t i = 0; i < 6000; i += 500) {
    spread(client, i, i + 500);
    largest = std::max(largest, resident_kib(server.process()));
  }

  CAPTURE(before, largest);
  if (kPlain) {
    // The account's bytes, what the allocator adds, and buffers that are not the clients'.
    CHECK(largest < before + (96U << 10U));
  }
  check_serves(server);
}

TEST_CASE("where memory really ends, a session does, and the server goes on", "[e2e]") {
  if (!kPlain) {
    udperf::test::skip_test("a sanitizer's shadow needs more than any limit");
    return;
  }
  Server server{IpFamily::v4, {"--max-memory", "8G"}};
  TestParams params = many_streams();
  params.streams = 32;
  HostileClient client{server.endpoint(), params};
  // More is allowed than there is: the allocator is the one to refuse. What it has from the start
  // depends on the processors.
  const rlim_t most = (address_space_kib(server.process()) << 10U) + (64U << 20U);
  const rlimit limit{most, most};
  REQUIRE(::prlimit(server.process().pid(), RLIMIT_AS, &limit, nullptr) == 0);
  client.go();
  const auto ended = [&server] {
    return server.process().output(udperf::test::Stream::err).find("out of memory") !=
           std::string::npos;
  };
  // How much of it a server without a processor of its own takes in is this host's matter.
  const auto deadline = std::chrono::steady_clock::now() + kGuard;
  for (std::uint64_t i = 0; !ended() && std::chrono::steady_clock::now() < deadline; i += 500) {
    spread(client, i, i + 500);
  }

  CHECK(ended());
  check_serves(server);
}
