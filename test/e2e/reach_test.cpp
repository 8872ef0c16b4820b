// How a client finds its server: names with several addresses, name servers that are silent,
// sources that routes choose. As root only.

#include <csignal>
#include <fstream>
#include <string>

#include "e2e/program.hpp"
#include "e2e/scene.hpp"
#include "support/catch.hpp"
#include "support/condition.hpp"
#include "support/places.hpp"
#include "support/routed_path.hpp"
#include "support/temp_dir.hpp"

using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;
using udperf::test::Attempt;
using udperf::test::check_books;
using udperf::test::check_in_time;
using udperf::test::document_of;
using udperf::test::Finished;
using udperf::test::host_or_skip;
using udperf::test::HostWatch;
using udperf::test::kGuard;
using udperf::test::kServer4;
using udperf::test::kServer6;
using udperf::test::measure_under_condition;
using udperf::test::patience;
using udperf::test::Process;
using udperf::test::run_to_end;
using udperf::test::Scene;
using udperf::test::Stream;
using udperf::test::TempDir;
using Place = udperf::test::RoutedPath::Place;
using Words = std::vector<std::string>;

namespace {

/// A shell's line in the client's place that sees `content` in place of a file of /etc: `ip netns
/// exec` has given it a view of the files of its own.
Words with_view(const Scene& scene, const std::string& file, const std::string& content,
                const TempDir& folder, const std::string& line) {
  const auto copy = folder.path() / "copy";
  std::ofstream{copy} << content;
  return scene.path.command(
      Place::client,
      {"sh", "-c", "mount --bind " + copy.string() + " " + file + " && exec " + line});
}

Words with_file(const Scene& scene, const std::string& file, const std::string& content,
                const TempDir& folder, const std::string& client) {
  return with_view(scene, file, content, folder,
                   std::string{udperf::test::kProgram} + " client " + client);
}

Finished finish(const Words& words) {
  auto finished = run_to_end(words, kGuard);
  REQUIRE(finished.has_value());
  return std::move(*finished);
}

constexpr const char* kBothFamilies = "fd77:2::2 both\n10.77.2.2 both\n";

}  // namespace

TEST_CASE("a name with two addresses reaches the one that answers", "[e2e][netns]") {
  // Whichever comes first: that is for the system to say.
  const std::string there = GENERATE(kServer4, kServer6);
  const bool silent = GENERATE(false, true);
  CAPTURE(there, silent);
  if (!host_or_skip(kServer6)) {
    return;
  }
  const auto made = Scene::make({"--bind", there});
  if (!made) {
    return;
  }
  const Scene& scene = *made;
  const TempDir folder;
  if (silent) {
    const std::string other = there == kServer6 ? "ip" : "ip6";
    scene.path.run(
        Place::router,
        "nft 'table " + other + " t { chain f { type filter hook forward priority 0; drop; }; }'");
  }

  const auto finished = finish(with_file(scene, "/etc/hosts", kBothFamilies, folder,
                                         "both --json --packets 100 --rate 10M --streams 2"));

  CAPTURE(finished.err);
  CHECK(finished.code() == 0);
  const auto document = document_of(finished);
  CHECK(document.at("test").at("server_address") == there);
  check_books(document.at("up"));
}

TEST_CASE("of two addresses that answer the first one serves, once", "[e2e][netns]") {
  if (!host_or_skip(kServer6)) {
    return;
  }
  const auto made = Scene::make({"--max-sessions", "1"});
  if (!made) {
    return;
  }
  const Scene& scene = *made;
  const TempDir folder;
  const auto order =
      finish(with_view(scene, "/etc/hosts", kBothFamilies, folder, "getent ahosts both"));
  const std::string first = order.out.substr(0, order.out.find(' '));
  CAPTURE(order.out);

  // A first one that has no turn for a quarter of a second has a competitor.
  measure_under_condition([&](Attempt& attempt) {
    const auto finished = finish(with_file(scene, "/etc/hosts", kBothFamilies, folder,
                                           "both --json --packets 100 --rate 10M"));
    CAPTURE(finished.err);
    CHECK(finished.code() == 0);
    const auto document = document_of(finished);
    attempt.expect(document.at("test").at("server_address") == first, "the first address");
    CHECK(document.at("test").at("concurrent_sessions_max") == 1);
  });
}

TEST_CASE("--bind chooses among a name's families", "[e2e][netns]") {
  if (!host_or_skip(kServer6)) {
    return;
  }
  const auto made = Scene::make();
  if (!made) {
    return;
  }
  const TempDir folder;
  const auto finished = finish(with_file(*made, "/etc/hosts", kBothFamilies, folder,
                                         "both --json --packets 100 --bind fd77:1::2"));
  CAPTURE(finished.err);
  CHECK(finished.code() == 0);
  CHECK(document_of(finished).at("test").at("server_address") == kServer6);
}

TEST_CASE("of several addresses that all fail each is named", "[e2e][netns]") {
  if (!host_or_skip(kServer6)) {
    return;
  }
  const auto made = Scene::make({"--port", "6000"});
  if (!made) {
    return;
  }
  const TempDir folder;
  const auto finished = finish(with_file(*made, "/etc/hosts", kBothFamilies, folder,
                                         "both --json --packets 100 --connect-timeout 2s"));
  CHECK(finished.code() == 3);
  CHECK_THAT(finished.err, ContainsSubstring("[fd77:2::2]:5555") &&
                               ContainsSubstring("10.77.2.2:5555") &&
                               ContainsSubstring("nothing listens"));
}

TEST_CASE("a name server that is silent costs the connect timeout and no more", "[e2e][netns]") {
  const auto made = Scene::make();
  if (!made) {
    return;
  }
  const Scene& scene = *made;
  const TempDir folder;
  scene.path.run(Place::router,
                 "nft 'table inet t { counter asked { }; chain f { type filter hook forward "
                 "priority 0; udp dport 53 counter name asked drop; }; }'");
  const auto words = with_file(scene, "/etc/resolv.conf", "nameserver 10.77.2.2\n", folder,
                               "some.example --json --packets 10 --log-level debug " +
                                   std::string{GENERATE("", "--iperf3 ")} + "--connect-timeout " +
                                   std::string{GENERATE("1s", "60s")});
  const bool waits = words.back().find("60s") != std::string::npos;
  auto client = Process::start(words);
  REQUIRE(client.has_value());
  const auto deadline = std::chrono::steady_clock::now() + kGuard;
  while (scene.path.counter(Place::router, "asked") == 0) {
    REQUIRE(std::chrono::steady_clock::now() < deadline);
  }
  if (waits) {
    CHECK_FALSE(client->wait(700ms).has_value());
    client->send_signal(SIGINT);
  }

  const HostWatch watch;
  const auto begun = std::chrono::steady_clock::now();
  const auto status = client->wait(kGuard);
  const auto took = std::chrono::steady_clock::now() - begun;

  REQUIRE(status.has_value());
  check_in_time(took, patience(2500ms), watch.strain());
  CHECK(status->code == (waits ? 130 : 3));
  if (!waits) {
    CHECK_THAT(client->output(Stream::err), ContainsSubstring("some.example"));
  }
}

TEST_CASE("--wait-server waits for a route, too", "[e2e][netns]") {
  const auto made = Scene::make();
  if (!made) {
    return;
  }
  const Scene& scene = *made;
  scene.path.run(Place::client, "ip route del default");
  auto client = scene.start_client(
      kServer4, {"--packets", "100", "--wait-server", "15s", "--log-level", "debug"});
  REQUIRE(client.wait_for(Stream::err, "HELLO", kGuard));

  scene.path.run(Place::client, "ip route add default via 10.77.1.1");

  const auto status = client.wait(kGuard);
  CAPTURE(client.output(Stream::err));
  REQUIRE(status.has_value());
  CHECK(status->code == 0);
}

TEST_CASE("--wait-server waits for a name, too", "[e2e][netns]") {
  const auto made = Scene::make();
  if (!made) {
    return;
  }
  const Scene& scene = *made;
  const TempDir folder;
  auto client = Process::start(
      with_file(scene, "/etc/hosts", "127.0.0.1 localhost\n", folder,
                "late.invalid --json --packets 100 --wait-server 60s --connect-timeout 1s "
                "--log-level debug"),
      {});
  REQUIRE(client);
  REQUIRE(client->wait_for(Stream::err, "cannot resolve late.invalid", kGuard));

  std::ofstream{folder.path() / "copy", std::ios::app} << "10.77.2.2 late.invalid\n";

  const auto status = client->wait(kGuard);
  CAPTURE(client->output(Stream::err));
  REQUIRE(status.has_value());
  CHECK(status->code == 0);
}

TEST_CASE("a broadcast address of a network of this host is called that", "[e2e][netns]") {
  const auto made = Scene::make();
  if (!made) {
    return;
  }
  const auto finished = made->client("10.77.1.255", {"--packets", "100"});
  CHECK(finished.code() == 3);
  CHECK_THAT(document_of(finished).at("error").at("message").get<std::string>(),
             ContainsSubstring("a broadcast address"));
}

TEST_CASE("no route is an unreachable server and not a fault of the program", "[e2e][netns]") {
  const auto made = Scene::make();
  if (!made) {
    return;
  }
  made->path.run(Place::client, "ip route del default");
  Words arguments{"--packets", "100"};
  if (GENERATE(false, true)) {
    arguments.emplace_back("--classic");
  }
  const auto finished = made->client(kServer4, arguments);
  CHECK(finished.code() == 3);
  CHECK(document_of(finished).at("error").at("code") == "unreachable");
}

TEST_CASE("a classic client takes the address that there is a way to", "[e2e][netns]") {
  const std::string there = GENERATE(kServer4, kServer6);
  CAPTURE(there);
  const auto made = Scene::make({"--classic", "--bind", there});
  if (!made) {
    return;
  }
  const TempDir folder;
  made->path.run(Place::client,
                 there == kServer6 ? "ip route del default" : "ip -6 route del default");
  const auto finished = finish(with_file(*made, "/etc/hosts", kBothFamilies, folder,
                                         "both --classic --json --packets 100 --rate 10M"));
  CAPTURE(finished.err);
  CHECK(finished.code() == 0);
  CHECK(document_of(finished).at("test").at("server_address") == there);
}

TEST_CASE("a router that knows no way ends a classic client with status 3", "[e2e][netns]") {
  const auto made = Scene::make();
  if (!made) {
    return;
  }
  made->path.run(Place::router,
                 "nft 'table ip t { chain f { type filter hook forward priority 0; "
                 "reject with icmp type admin-prohibited; }; }'");
  const auto finished =
      made->client(kServer4, {"--classic", "--packets", "100", "--connect-timeout", "2s"});
  CHECK(finished.code() == 3);
  CHECK_THAT(document_of(finished).at("error").at("message").get<std::string>(),
             ContainsSubstring("forbids it"));
}

TEST_CASE("streams leave from the address of their iperf3 connection", "[e2e][netns]") {
  const auto made = Scene::make({"--iperf3"});
  if (!made) {
    return;
  }
  made->path.run(Place::client, R"(ip addr add 10.77.1.9/24 dev router
ip route add default via 10.77.1.1 src 10.77.1.9 table 100
ip rule add ipproto 17 lookup 100)");

  const auto finished = made->client(
      kServer4, {"--iperf3", "--packets", "200", "--rate", "10M", "--connect-timeout", "2s"});

  CAPTURE(finished.err);
  CHECK(finished.code() == 0);
  CHECK(document_of(finished).at("up").at("rx").at("unique") == 200);
}

TEST_CASE("all streams leave from the first one's address", "[e2e][netns]") {
  const auto made = Scene::make();
  if (!made) {
    return;
  }
  const Scene& scene = *made;
  // The second stream's port would take another source address.
  scene.path.run(Place::client, R"(ip addr add 10.77.1.9/24 dev router
ip route add default via 10.77.1.1 src 10.77.1.9 table 100
ip rule add ipproto 17 sport 40001 lookup 100)");

  const auto finished = scene.client(
      kServer4, {"--packets", "200", "--rate", "10M", "--streams", "3", "--local-port", "40000"});

  CAPTURE(finished.err);
  CHECK(finished.code() == 0);
  check_books(document_of(finished).at("up"));
}
