// What a client can make the server send, and what that costs the others.

#include <algorithm>

#include "e2e/hostile.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;
using namespace udperf;
using udperf::test::check_serves;
using udperf::test::HostileClient;
using udperf::test::kGuard;
using udperf::test::Server;
using wire::MessageType;

namespace {

/// What the handshake brought, beyond what it took: HELLO and REQUEST for CHALLENGE and ACCEPT.
constexpr std::uint64_t kHandshake = 1024;

TestParams upload() {
  TestParams params;
  params.payload_bytes = 100;
  params.amount.duration = 20s;
  params.interval = 10ms;
  return params;
}

/// Opens books, fills them a little and ends them, so that there is a report to be pulled.
void make_report(HostileClient& client) {
  client.go();
  for (std::uint64_t i = 0; i < 20; ++i) {
    client.send_data(i, 0);
    client.drain_until(10ms, [] { return false; });
  }
  TxReport sent;
  sent.packets = 20;
  client.say(MessageType::fin, wire::Fin{sent, 0});
  const std::uint64_t before = client.bytes_in();
  REQUIRE(client.drain_until(kGuard, [&] { return client.bytes_in() > before + 500; }));
}

}  // namespace

TEST_CASE("pulling a report again and again brings three times what it costs, at most", "[e2e]") {
  Server server;
  HostileClient client{server.endpoint(), upload()};
  make_report(client);
  for (int i = 0; i < 3000; ++i) {
    client.say(MessageType::report_pull, wire::ReportPull{0, 32});
    if (i % 100 == 0) {
      client.drain();
    }
  }
  client.drain_until(1s, [] { return false; });

  CAPTURE(client.bytes_out(), client.bytes_in());
  CHECK(client.bytes_in() <= 3 * (client.bytes_out() + kHandshake));
}

TEST_CASE("clients that pull without an end do not keep others from their tests", "[e2e]") {
  Server server;
  HostileClient one{server.endpoint(), upload()};
  HostileClient two{server.endpoint(), upload()};
  make_report(one);
  make_report(two);
  for (int i = 0; i < 10'000; ++i) {  // as fast as it goes, and nothing is read
    one.say(MessageType::report_pull, wire::ReportPull{0, 32});
    two.say(MessageType::report_pull, wire::ReportPull{0, 32});
  }

  check_serves(server);
}

TEST_CASE("only the first stream may ask for answers larger than its questions", "[e2e]") {
  Server server;
  TestParams params = upload();
  params.direction = Direction::down;
  params.streams = 2;
  HostileClient client{server.endpoint(), params};
  const auto bytes_of_answer = [&](std::uint8_t stream) {
    const std::uint64_t before = client.bytes_in();
    client.say(MessageType::probe, wire::Probe{1, 0, 200}, stream);
    REQUIRE(client.drain_until(kGuard, [&] { return client.bytes_in() > before; }));
    return client.bytes_in() - before;
  };
  CHECK(bytes_of_answer(0) == 200);
  CHECK(bytes_of_answer(1) < 200);
}

TEST_CASE("a word repeated brings no more than three times itself", "[e2e]") {
  const auto type =
      GENERATE(MessageType::fin, MessageType::go, MessageType::probe, MessageType::join);
  Server server;
  TestParams params = upload();
  params.direction = type == MessageType::probe ? Direction::down : Direction::up;
  HostileClient client{server.endpoint(), params};
  if (type == MessageType::fin) {
    client.go();
    client.send_data(0, 0);
  }
  for (int i = 0; i < 2000; ++i) {
    switch (type) {
      case MessageType::fin:
        client.say(type, wire::Fin{});
        break;
      case MessageType::go:
        client.go();
        break;
      case MessageType::probe:
        client.say(type, wire::Probe{1, 0, 1472});
        break;
      default:
        client.say(type, wire::Join{});
    }
    if (i % 20 == 0) {
      client.drain();
    }
  }
  client.drain_until(1s, [] { return false; });

  CAPTURE(static_cast<int>(type), client.bytes_out(), client.bytes_in());
  CHECK(client.bytes_in() <= 3 * (client.bytes_out() + kHandshake));
}
