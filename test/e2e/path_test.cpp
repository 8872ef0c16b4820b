// Whole runs over paths between network namespaces: filters, address translation, aliases, narrow
// links and cut-off clients. As root only.

#include <string>

#include "e2e/program.hpp"
#include "e2e/scene.hpp"
#include "support/catch.hpp"
#include "support/condition.hpp"
#include "support/places.hpp"
#include "support/relay.hpp"
#include "support/routed_path.hpp"

using namespace std::chrono_literals;
using nlohmann::json;
using udperf::test::Attempt;
using udperf::test::check_books;
using udperf::test::client_arguments;
using udperf::test::document_of;
using udperf::test::Fate;
using udperf::test::Finished;
using udperf::test::Impairment;
using udperf::test::kGuard;
using udperf::test::kProgram;
using udperf::test::kServer4;
using udperf::test::kServer6;
using udperf::test::lost_in_hosts;
using udperf::test::measure_under_condition;
using udperf::test::Passage;
using udperf::test::Process;
using udperf::test::Relay;
using udperf::test::RelayScript;
using udperf::test::run_udperf;
using udperf::test::Scene;
using udperf::test::Server;
using udperf::test::start_udperf;
using udperf::test::Stream;
using Place = udperf::test::RoutedPath::Place;

namespace {

constexpr const char* kAlias4 = "10.77.2.3";

/// A run that came to its end with nothing lost, in each direction that ran.
json check_lossless(const Finished& finished) {
  CAPTURE(finished.err);
  REQUIRE(finished.code() == 0);
  auto document = document_of(finished);
  for (const char* way : {"up", "down"}) {
    if (!document.at(way).is_null()) {
      check_books(document.at(way));
      CHECK(document.at(way).at("loss").at("packets") == 0);
    }
  }
  return document;
}

}  // namespace

TEST_CASE("one UDP port through the server's filter is enough", "[e2e][netns]") {
  const auto made = Scene::make();
  if (!made) {
    return;
  }
  const Scene& scene = *made;
  // Neither end lets anything in but what the test needs; no connection tracking helps.
  scene.path.run(Place::server, R"(nft -f - <<'N'
table inet t {
  chain in {
    type filter hook input priority 0; policy drop;
    icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept
    udp dport 5555 accept
  }
}
N)");
  scene.path.run(Place::client, R"(nft -f - <<'N'
table inet t {
  chain in {
    type filter hook input priority 0; policy drop;
    icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept
    udp sport 5555 accept
  }
}
N)");
  for (const std::string host : {kServer4, kServer6}) {
    if (!udperf::test::host_or_skip(host)) {
      continue;
    }
    for (const std::string direction : {"up", "down", "both"}) {
      CAPTURE(host, direction);
      check_lossless(scene.client(
          host, {"--packets", "400", "--rate", "20M", "--direction", direction, "--streams", "4"}));
    }
  }
}

TEST_CASE("a reverse test keeps its way through address translation open", "[e2e][netns]") {
  const auto made = Scene::make();
  if (!made) {
    return;
  }
  const Scene& scene = *made;
  scene.path.run(Place::router, R"(nft -f - <<'N'
table inet t {
  chain post {
    type nat hook postrouting priority 100
    oifname "server" masquerade
  }
  chain onward {
    type filter hook forward priority 0; policy drop;
    ct state established,related accept
    iifname "client" accept
  }
}
N
echo 2 >/proc/sys/net/netfilter/nf_conntrack_udp_timeout
echo 2 >/proc/sys/net/netfilter/nf_conntrack_udp_timeout_stream)");

  // Three streams that are silent for three seconds at a time: only what keeps the path open does.
  const auto document = check_lossless(scene.client(
      kServer4, {"--duration", "8s", "--rate", "1pps", "--direction", "down", "--streams", "3"}));

  CHECK(document.at("test").at("client_address") == "10.77.1.2");
  CHECK(document.at("test").at("client_address_seen_by_server") == "10.77.2.1");
  CHECK(document.at("down").at("rx").at("unique") == document.at("down").at("tx").at("packets"));
}

TEST_CASE("answers and data come from the address that was asked", "[e2e][netns]") {
  const auto made = Scene::make();
  if (!made) {
    return;
  }
  const Scene& scene = *made;
  // The client hears nobody but the alias.
  scene.path.run(Place::client, R"(nft -f - <<'N'
table inet t {
  counter other {
  }
  chain in {
    type filter hook input priority 0
    ip saddr 10.77.2.2 counter name other drop
  }
}
N)");

  const auto document = check_lossless(scene.client(
      kAlias4, {"--packets", "200", "--rate", "10M", "--direction", "both", "--streams", "2"}));

  CHECK(document.at("test").at("server_address") == kAlias4);
  CHECK(scene.path.counter(Place::client, "other") == 0);
}

TEST_CASE("a link-local address with its scope works", "[e2e][netns]") {
  const auto made = Scene::make();
  if (!made) {
    return;
  }
  const Scene& scene = *made;
  const auto listed = scene.path.run(
      Place::router, "ip -6 -o addr show dev client scope link | sed 's/.*inet6 //;s/\\/.*//'");
  const auto address = listed.substr(0, listed.find('\n'));
  for (const Place place : {Place::client, Place::router}) {
    // Nobody answers for an address that may yet turn out to be somebody else's.
    scene.path.run(place, "while ip -6 -o addr show scope link tentative | grep -q .; do :; done");
  }
  auto near = Process::start(
      scene.path.command(Place::router, {kProgram, "server", "--one-off", "--port", "5556"}));
  REQUIRE(near.has_value());
  REQUIRE(near->wait_for(Stream::err, "listening", kGuard));

  check_lossless(scene.client(address + "%router", {"--port", "5556", "--packets", "100", "--rate",
                                                    "10M", "--direction", "both"}));
}

TEST_CASE("a link of 1280 bytes in the middle lets tests through", "[e2e][netns]") {
  const auto made = Scene::make();
  if (!made) {
    return;
  }
  const Scene& scene = *made;
  scene.path.run(Place::router, "ip link set server mtu 1280");
  scene.path.run(Place::server, "ip link set router mtu 1280");
  for (const std::string host : {kServer4, kServer6}) {
    if (!udperf::test::host_or_skip(host)) {
      continue;
    }
    for (const std::string direction : {"up", "down"}) {
      CAPTURE(host, direction);
      const auto finished = scene.client(
          host, {"--packets", "300", "--rate", "5M", "--direction", direction, "--streams", "2"});

      CAPTURE(finished.err);
      REQUIRE(finished.code() == 0);
      check_books(document_of(finished).at(direction));
    }
  }
}

TEST_CASE("a server stops within a second when its client is cut off", "[e2e][netns]") {
  const auto made = Scene::make();
  if (!made) {
    return;
  }
  const Scene& scene = *made;
  // A second's worth of data is a thousand datagrams; what comes after it is a handful of FINs and
  // reports to a client that may come back.
  scene.path.run(Place::server, R"(nft -f - <<'N'
table inet t {
  counter sent {
  }
  chain out {
    type filter hook output priority 0
    udp sport 5555 meta length > 1000 counter name sent
  }
}
N)");
  measure_under_condition([&](Attempt& attempt) {
    const auto earlier = scene.path.counter(Place::server, "sent");
    auto client =
        scene.start_client(kServer4, {"--duration", "20s", "--rate", "1000pps", "--packet-size",
                                      "1400", "--gso", "off", "--direction", "down"});
    const auto deadline = std::chrono::steady_clock::now() + kGuard;
    while (scene.path.counter(Place::server, "sent") < earlier + 300) {
      REQUIRE(std::chrono::steady_clock::now() < deadline);
    }

    scene.path.run(
        Place::router,
        "nft 'table inet f { chain f { type filter hook forward priority 0; drop; }; }'");
    const auto cut = scene.path.counter(Place::server, "sent");

    const auto status = client.wait(kGuard);
    REQUIRE(status.has_value());
    CHECK(status->code == 5);
    const auto after = scene.path.counter(Place::server, "sent") - cut;
    CHECK(after < 5000);  // of the test's twenty thousand
    attempt.expect(after <= 1200, "1200 datagrams after the cut, not " + std::to_string(after));
    scene.path.run(Place::router, "nft delete table inet f");
  });
}

TEST_CASE("150 ms each way", "[e2e]") {
  const Server server;
  RelayScript script;
  script.decide = [](const Passage& /*passage*/) {
    return Fate{false, 1, std::chrono::milliseconds{150}};
  };
  const auto relay = Relay::start(server.endpoint(), script);
  REQUIRE(relay.has_value());
  const std::string direction = GENERATE("up", "down");

  measure_under_condition([&](Attempt& attempt) {
    const auto finished = run_udperf(client_arguments(
        relay->endpoint(), {"--packets", "300", "--rate", "3M", "--direction", direction}));

    REQUIRE(finished.code() == 0);
    const auto document = document_of(finished);
    check_books(document.at(direction));
    CHECK(document.at(direction).at("loss").at("packets") == 0);
    const json& idle = document.at("rtt").at("idle").at("min_ns");
    if (!attempt.needs(idle.is_number(), "a round trip before the test")) {
      return;
    }
    const auto least = idle.get<std::int64_t>();
    CHECK(least >= 300'000'000);
    attempt.expect(least < 330'000'000, "a round trip of 300 ms, not " + std::to_string(least));
  });
}

TEST_CASE("eight streams come through although half of all control is lost", "[e2e]") {
  struct Run {
    std::string direction;
    Relay relay;
    Process client;
  };
  const Server server{udperf::IpFamily::v4, {"--max-sessions-per-address", "16"}};
  std::vector<Run> runs;  // at once, since most of one is waiting
  for (const unsigned seed : {1U, 2U, 3U}) {
    for (const std::string direction : {"up", "down"}) {
      RelayScript script;
      script.seed = seed;
      for (Impairment& control : script.control) {
        control.drop = 0.5;
      }
      auto relay = Relay::start(server.endpoint(), script);
      REQUIRE(relay.has_value());
      auto client = start_udperf(client_arguments(
          relay->endpoint(), {"--packets", "800", "--rate", "10M", "--streams", "8", "--direction",
                              direction, "--connect-timeout", "40s"}));
      runs.push_back({direction, *std::move(relay), std::move(client)});
    }
  }
  for (Run& run : runs) {
    const auto status = run.client.wait(kGuard);
    const Finished finished{
        status, run.client.output(Stream::out), run.client.output(Stream::err), {}};
    CAPTURE(run.direction, finished.err);
    REQUIRE(finished.code() == 0);
    const auto document = document_of(finished);
    check_books(document.at(run.direction));
    CHECK(document.at(run.direction).at("tx").at("packets") == 800);
    const auto unique = document.at(run.direction).at("rx").at("unique").get<std::int64_t>();
    // Of a relay that is not woken for long, its own socket loses some.
    CHECK((!run.relay.log().exact() || unique + lost_in_hosts(document.at(run.direction)) == 800));
  }
}
