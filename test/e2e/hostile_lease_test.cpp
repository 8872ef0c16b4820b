// Sessions that are kept alive by what is no sign of life.

#include <functional>
#include <string>
#include <vector>

#include "e2e/hostile.hpp"
#include "support/catch.hpp"
#include "support/condition.hpp"

using namespace std::chrono_literals;
using namespace udperf;
using udperf::test::check_in_time;
using udperf::test::check_serves;
using udperf::test::HostileClient;
using udperf::test::HostWatch;
using udperf::test::kGuard;
using udperf::test::patience;
using udperf::test::Server;

namespace {

TestParams one_second() {
  TestParams params;
  params.payload_bytes = 100;
  params.amount.duration = 1s;
  params.rate_up = SendRate{SendRate::Kind::bits, 2'000'000};
  return params;
}

/// The server's only session ends in that time, whatever the client keeps sending; what came before
/// its end has been read.
void check_ended_within(std::chrono::milliseconds limit, Server& server, HostileClient& client,
                        const std::function<void()>& send) {
  const HostWatch watch;
  const auto begun = std::chrono::steady_clock::now();
  REQUIRE(client.drain_until(kGuard, [&] {
    send();
    const std::string log = server.process().output(udperf::test::Stream::err);
    return log.find("session closed") != std::string::npos;
  }));
  check_in_time(std::chrono::steady_clock::now() - begun, patience(limit), watch.strain());
  client.drain_until(500ms, [] { return false; });
}

}  // namespace

TEST_CASE("six bytes that merely look like data keep no session, and nothing sends to it",
          "[e2e]") {
  Server server{IpFamily::v4, {"--exclusive"}};
  HostileClient client{server.endpoint(), one_second()};
  client.go();
  const std::vector<std::byte> crumbs(6, std::byte{10});
  // Nothing of it is authentic: five seconds of silence end the session.
  check_ended_within(7s, server, client, [&] { client.send(crumbs); });
  const std::uint64_t before = client.bytes_in();
  client.drain_until(1s, [&] {
    client.send(crumbs);
    return false;
  });

  CHECK(client.bytes_in() == before);
  check_serves(server);
}

TEST_CASE("who knows the session but does not receive cannot keep it", "[e2e]") {
  Server server{IpFamily::v4, {"--exclusive"}};
  TestParams params = one_second();
  params.amount.duration = 60s;
  HostileClient client{server.endpoint(), params};
  client.go();
  std::uint64_t number = 0;
  // The server's probes are not answered, which is borne for six seconds; everything else is as it
  // should be.
  check_ended_within(8s, server, client, [&] {
    client.send_data(number++, 0);
    client.say(wire::MessageType::probe, wire::Probe{number, 0, 0});
  });
  const std::uint64_t before = client.bytes_in();
  client.drain_until(500ms, [&] {
    client.send_data(number++, 0);
    return false;
  });

  CHECK(client.bytes_in() == before);
  check_serves(server);
}
