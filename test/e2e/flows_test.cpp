// --flows over bundles of several members between network namespaces. As root only.

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "e2e/program.hpp"
#include "support/bundled_path.hpp"
#include "support/catch.hpp"
#include "support/condition.hpp"
#include "support/places.hpp"
#include "support/relay.hpp"

using namespace std::chrono_literals;
using nlohmann::json;
using udperf::test::BundledPath;
using udperf::test::check_books;
using udperf::test::client_arguments;
using udperf::test::document_of;
using udperf::test::Fate;
using udperf::test::kGuard;
using udperf::test::kProgram;
using udperf::test::Passage;
using udperf::test::Process;
using udperf::test::Relay;
using udperf::test::RelayScript;
using udperf::test::run_to_end;
using udperf::test::run_within;
using udperf::test::Server;
using udperf::test::SpawnOptions;
using udperf::test::Stream;
using udperf::wire::MessageType;

namespace {

using Ports = std::set<std::uint64_t>;

/// A bundle with a server at its far end.
struct Bundle {
  BundledPath path;
  Process server;

  [[nodiscard]] static std::optional<Bundle> make(int members) {
    auto path = BundledPath::make(members);
    if (!path) {
      udperf::test::skip_test(path.error());
      return std::nullopt;
    }
    SpawnOptions options;
    options.extra_fd = 7;
    auto server = Process::start(path->in_server({kProgram, "server", "--ready-fd", "7"}), options);
    REQUIRE(server.has_value());
    REQUIRE(server->wait_for(Stream::extra, "\n", kGuard));
    return Bundle{*std::move(path), *std::move(server)};
  }

  /// The document of a run of 48 flows from fixed ports. It lasts as long as a verdict needs.
  [[nodiscard]] json test(const std::vector<std::string>& more = {}) const {
    std::vector<std::string> words{
        kProgram,       "client",      BundledPath::kServer, "--json", "--flows", "48",
        "--local-port", "41000-41047", "--packets",          "4800",   "--rate",  "4800pps"};
    words.insert(words.end(), more.begin(), more.end());
    const auto finished = run_to_end(path.in_client(words), kGuard);
    REQUIRE(finished.has_value());
    CAPTURE(finished->err);
    REQUIRE(finished->code() == 0);
    json document = document_of(*finished);
    check_books(document.at("up"));
    return document;
  }
};

Ports outliers(const json& document, const std::string& sign) {
  Ports ports;
  for (const auto& outlier : document.at("flows").at("outliers")) {
    if (outlier.at("sign") == sign) {
      ports.insert(outlier.at("port").get<std::uint64_t>());
    }
  }
  return ports;
}

/// "A-B": so many ports of this host in a row that nobody uses.
std::string free_range(std::uint16_t count) {
  for (int tries = 0; tries < 100; ++tries) {
    const std::uint16_t first = udperf::test::unused_port();
    std::uint16_t next = first;
    for (std::uint16_t i = 1; i < count && next == first + i - 1; ++i) {
      next = udperf::test::unused_port();
    }
    if (next == first + count - 1) {
      return std::to_string(first) + "-" + std::to_string(next);
    }
  }
  FAIL("no ports in a row are free");
  return {};
}

/// Every flow is in one group, and the groups' sums are the direction's.
void check_groups(const json& document) {
  Ports seen;
  std::uint64_t sent = 0;
  std::uint64_t lost = 0;
  for (const auto& group : document.at("flows").at("groups")) {
    sent += group.at("packets").get<std::uint64_t>();
    lost += group.at("lost").get<std::uint64_t>();
    for (const auto& flow : group.at("flows")) {
      CHECK(seen.insert(flow.at("port").get<std::uint64_t>()).second);
    }
  }
  CHECK(sent == document.at("up").at("tx").at("packets"));
  CHECK(lost == document.at("up").at("loss").at("packets"));
}

}  // namespace

TEST_CASE("the flows over a lossy member are named", "[e2e][netns]") {
  for (const int members : {2, 4}) {
    CAPTURE(members);
    const auto bundle = Bundle::make(members);
    if (!bundle) {
      return;
    }
    bundle->path.lose(1, 31);
    const json document = bundle->test();
    check_groups(document);
    const Ports truth = bundle->path.ports_over(1);
    REQUIRE(!truth.empty());
    REQUIRE(truth.size() < 48);
    CHECK(outliers(document, "loss") == truth);
    const auto verdict = document.at("flows").at("verdict").get<std::string>();
    CHECK(verdict.find(std::to_string(truth.size()) + " of 48 flows (source port") == 0);
    CHECK(verdict.find("the others nothing: one member of a bundle?") != std::string::npos);
  }
}

TEST_CASE("the flows over a slow member are named", "[e2e][netns]") {
  const auto bundle = Bundle::make(2);
  if (!bundle) {
    return;
  }
  // Half of its share of the load, with a queue that is never full: what is sent waits, but no
  // longer than what is lost.
  bundle->path.at_client("tc qdisc add dev member1 root tbf rate 2mbit burst 1600 limit 10000000");
  const json document = bundle->test();
  check_groups(document);
  const Ports truth = bundle->path.ports_over(1);
  REQUIRE(!truth.empty());
  REQUIRE(truth.size() < 48);
  CHECK(outliers(document, "delay") == truth);
  CHECK(outliers(document, "loss").empty());
}

TEST_CASE("alike members raise no alarm, and each port is a flow", "[e2e][netns]") {
  const auto bundle = Bundle::make(4);
  if (!bundle) {
    return;
  }
  const json document = bundle->test();
  check_groups(document);
  CHECK(document.at("flows").at("flows") == 48);
  CHECK(outliers(document, "loss").empty());
  Ports ports;
  for (int member = 0; member < 4; ++member) {
    ports.merge(bundle->path.ports_over(member));
  }
  REQUIRE(ports.size() == 48);
  CHECK(*ports.begin() == 41000);
  CHECK(*ports.rbegin() == 41047);
}

TEST_CASE("a member that carries nothing leaves silent flows, and the others are tested",
          "[e2e][netns]") {
  const auto bundle = Bundle::make(4);
  if (!bundle) {
    return;
  }
  bundle->path.lose(2, 100);
  const json document =
      bundle->test({"--connect-timeout", std::to_string(8 * UDPERF_TEST_TIME_FACTOR) + "s"});
  const Ports truth = bundle->path.ports_over(2);
  REQUIRE(!truth.empty());
  CHECK(outliers(document, "silent") == truth);
  CHECK(outliers(document, "loss").empty());
  CHECK(document.at("flows").at("silent") == truth.size());
  CHECK(document.at("test").at("streams") == 48 - truth.size());
}

TEST_CASE("one stream gets no verdict, and a range of ports is used in order", "[e2e]") {
  const Server server;
  const auto first = udperf::test::unused_port();
  const std::string range = std::to_string(first) + "-" + std::to_string(first);
  const auto one = udperf::test::run_udperf(client_arguments(
      server.endpoint(), {"--packets", "20", "--rate", "1000pps", "--local-port", range}));
  REQUIRE(one.code() == 0);
  const auto document = document_of(one);
  CHECK(document.at("flows").is_null());
  CHECK(document.at("test").at("client_port") == first);
  const auto few = udperf::test::run_udperf(
      client_arguments(server.endpoint(), {"--streams", "2", "--local-port", range}));
  CHECK(few.code() == 2);
  CHECK(few.err.find("2 streams need as many ports") != std::string::npos);
}

TEST_CASE("streams from a range of ports are judged, whatever they send", "[e2e]") {
  const Server server;
  const std::string range = free_range(3);
  const json document = udperf::test::complete_document(
      server.endpoint(), {"--streams", "3", "--local-port", range, "--packets", "600", "--rate",
                          "3000pps", "--packet-size", "500"});
  check_books(document.at("up"));
  check_groups(document);
  CHECK(document.at("flows").at("flows") == 3);
  CHECK(document.at("flows").at("silent") == 0);
  CHECK_FALSE(document.at("flows").at("verdict").get<std::string>().empty());
  CHECK(document.at("test").at("payload_bytes") == 500);  // and not a light test's
  CHECK(document.at("up").at("tx").at("packets") == 600);
  std::set<std::string> ports;
  for (const auto& group : document.at("flows").at("groups")) {
    for (const auto& flow : group.at("flows")) {
      ports.insert(std::to_string(flow.at("port").get<int>()));
    }
  }
  CHECK(*ports.begin() + "-" + *ports.rbegin() == range);
}

TEST_CASE("many flows keep a client no longer than one, whoever does not answer", "[e2e]") {
  const Server server;
  const auto run = [&](std::chrono::milliseconds connect,
                       const std::function<bool(Passage)>& lose) {
    RelayScript script;
    script.decide = [&lose](const Passage& passage) -> std::optional<Fate> {
      return lose(passage) ? std::optional{Fate{true, 0, udperf::Duration{0}}} : std::nullopt;
    };
    const auto relay = Relay::start(server.endpoint(), std::move(script));
    REQUIRE(relay);
    // The time to connect and 5 s are the promise where no test begins.
    const auto finished = run_within(
        connect + 5s,
        client_arguments(relay->endpoint(), {"--flows", "8", "--packets", "80", "--connect-timeout",
                                             std::to_string(connect.count()) + "ms"}));
    CAPTURE(finished.err);
    CHECK(finished.code() == 3);
    CHECK(document_of(finished).at("flows").is_null());
  };
  run(4s, [](const Passage&) { return true; });
  // Of each attempt one flow is not joined, so that there is always another without it.
  run(2s,
      [](const Passage& passage) { return passage.is(MessageType::join) && passage.stream == 1; });
}
