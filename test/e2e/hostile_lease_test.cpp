// Sessions that are kept alive by what is no sign of life.

#include <vector>

#include "e2e/hostile.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;
using namespace udperf;
using udperf::test::check_serves;
using udperf::test::HostileClient;
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

}  // namespace

TEST_CASE("six bytes that merely look like data keep no session, and nothing sends to it",
          "[e2e]") {
  Server server{IpFamily::v4, {"--exclusive"}};
  HostileClient client{server.endpoint(), one_second()};
  client.go();
  const std::vector<std::byte> crumbs(6, std::byte{10});
  const auto begun = std::chrono::steady_clock::now();
  // Nothing of it is authentic: three seconds of silence end the session.
  const auto keep_on = [&](std::chrono::milliseconds time) {
    client.drain_until(time, [&] {
      client.send(crumbs);
      return false;
    });
  };
  keep_on(patience(7s));
  const std::uint64_t before = client.bytes_in();
  keep_on(1s);

  CAPTURE(std::chrono::steady_clock::now() - begun);
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
  // The server's probes are not answered; everything else is as it should be.
  client.drain_until(patience(8s), [&] {
    client.send_data(number++, 0);
    client.say(wire::MessageType::probe, wire::Probe{number, 0, 0});
    return false;
  });
  const std::uint64_t before = client.bytes_in();
  client.drain_until(500ms, [&] {
    client.send_data(number++, 0);
    return false;
  });

  CHECK(client.bytes_in() == before);
  check_serves(server);
}
