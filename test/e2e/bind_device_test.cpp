// --bind-dev in network namespaces, where several interfaces lead to the same address. As root
// only.

#include <array>
#include <string>
#include <utility>
#include <vector>

#include "e2e/program.hpp"
#include "e2e/scene.hpp"
#include "support/catch.hpp"
#include "support/condition.hpp"
#include "support/places.hpp"
#include "support/routed_path.hpp"

using udperf::test::check_books;
using udperf::test::document_of;
using udperf::test::kGuard;
using udperf::test::kProgram;
using udperf::test::kServer4;
using udperf::test::Process;
using udperf::test::RoutedPath;
using udperf::test::run_udperf;
using udperf::test::Scene;
using udperf::test::SpawnOptions;
using udperf::test::Stream;
using Place = udperf::test::RoutedPath::Place;

namespace {

/// A second pair between client and router, worse by metric: no route alone leads over it.
constexpr const char* kSecondPair = R"(
ip link add second type veth peer name back netns "$ROUTER"
)";

/// Datagrams that left by each interface of the client: far more than neighbours ask each other.
std::uint64_t sent_by(const RoutedPath& path, const std::string& device) {
  return std::stoull(
      path.run(Place::client, "cat /sys/class/net/" + device + "/statistics/tx_packets"));
}

/// Gives the client a second pair to the router, by which the server is reached as well.
void add_second_pair(const RoutedPath& path) {
  const auto in_router = path.command(Place::router, {});
  const std::string& router = in_router.at(3);  // ip netns exec NAME
  path.run(Place::client, "ROUTER=" + router + kSecondPair + R"(
ip addr add 10.77.3.2/24 dev second
ip link set second up
ip route add default via 10.77.3.1 dev second metric 100
)");
  path.run(Place::router, "ip addr add 10.77.3.1/24 dev back; ip link set back up");
}

}  // namespace

TEST_CASE("a client's traffic takes the interface that it is bound to", "[e2e][netns]") {
  const auto made = Scene::make({"--iperf3=5201"});
  if (!made) {
    return;
  }
  const Scene& scene = *made;
  add_second_pair(scene.path);
  constexpr std::uint64_t kData = 400;
  const auto runs = std::to_array<std::pair<std::string, std::vector<std::string>>>(
      {{"native", {}}, {"iperf3", {"--iperf3=5201"}}});
  for (const auto& [protocol, options] : runs) {
    for (const std::string device : {"router", "second"}) {
      CAPTURE(protocol, device);
      const auto before = sent_by(scene.path, device);
      const std::string other = device == "router" ? "second" : "router";
      const auto before_other = sent_by(scene.path, other);
      std::vector<std::string> more{"--bind-dev", device, "--packets", std::to_string(kData),
                                    "--rate",     "20M",  "--gso",     "off"};
      more.insert(more.end(), options.begin(), options.end());
      const auto finished = scene.client(kServer4, more);
      CAPTURE(finished.err);
      REQUIRE(finished.code() == 0);
      const auto up = document_of(finished).at("up");
      CHECK(up.at("tx").at("packets") == kData);
      CHECK(up.at("rx").at("unique").get<std::uint64_t>() +
                up.at("loss").at("packets").get<std::uint64_t>() ==
            kData);
      CHECK(sent_by(scene.path, device) - before >= kData);
      CHECK(sent_by(scene.path, other) - before_other < kData / 10);
    }
  }
}

TEST_CASE("a client's traffic takes the VRF that it is bound to", "[e2e][netns]") {
  const auto made = Scene::make();
  if (!made) {
    return;
  }
  const Scene& scene = *made;
  const auto added = udperf::test::run_to_end(
      scene.path.command(Place::client, {"ip", "link", "add", "red", "type", "vrf", "table", "10"}),
      kGuard);
  REQUIRE(added.has_value());
  if (added->code() != 0) {
    udperf::test::skip_test("this kernel has no VRF");
    return;
  }
  scene.path.run(Place::client, R"(
ip link set red up
ip link set router master red
ip route add default via 10.77.1.1 dev router table 10
)");
  const auto before = sent_by(scene.path, "red");
  const auto finished = scene.client(
      kServer4, {"--bind-dev", "red", "--packets", "400", "--rate", "20M", "--gso", "off"});
  CAPTURE(finished.err);
  REQUIRE(finished.code() == 0);
  check_books(document_of(finished).at("up"));
  CHECK(sent_by(scene.path, "red") - before >= 400);
}

TEST_CASE("a server answers on the interface that it is bound to, and on no other",
          "[e2e][netns]") {
  const auto path = RoutedPath::make();
  if (!path) {
    udperf::test::skip_test(path.error());
    return;
  }
  const auto serve = [&](const std::string& device) {
    SpawnOptions options;
    options.extra_fd = 7;
    auto process =
        Process::start(path->command(Place::server, {kProgram, "server", "--port", "5556",
                                                     "--bind-dev", device, "--ready-fd", "7"}),
                       options);
    REQUIRE(process.has_value());
    REQUIRE(process->wait_for(Stream::extra, "\n", kGuard));
    return std::move(*process);
  };
  const auto ask = [&] {
    return udperf::test::run_to_end(
        path->command(Place::client, {kProgram, "client", kServer4, "--port", "5556", "--packets",
                                      "100", "--rate", "5M", "--json", "--connect-timeout", "2s"}),
        kGuard);
  };
  {
    const auto other = serve("lo");
    const auto finished = ask();
    REQUIRE(finished.has_value());
    CHECK(finished->code() == 3);
  }
  const auto right = serve("router");
  const auto finished = ask();
  REQUIRE(finished.has_value());
  CAPTURE(finished->err);
  REQUIRE(finished->code() == 0);
  check_books(document_of(*finished).at("up"));
}

TEST_CASE("an interface that is not there is named, and the nearest one", "[e2e]") {
  for (const std::string command : {"client", "server"}) {
    std::vector<std::string> words{command, "--bind-dev", "l0", "--port", "5999"};
    if (command == "client") {
      words.insert(words.begin() + 1, "127.0.0.1");
    }
    const auto finished = run_udperf(words);
    CAPTURE(command, finished.err);
    CHECK(finished.code() == 2);
    CHECK(finished.err.find("--bind-dev l0: there is no such network interface here; did you mean "
                            "lo?") != std::string::npos);
  }
  const auto strange = run_udperf({"client", "127.0.0.1", "--bind-dev", "a/b"});
  CHECK(strange.code() == 2);
  CHECK(strange.err.find("must be the name of a network interface") != std::string::npos);
  const auto iperf3 = run_udperf({"iperf3", "-c", "127.0.0.1", "-u", "--bind-dev", "l0"});
  CHECK(iperf3.code() == 1);
  CHECK(iperf3.err.find("did you mean lo?") != std::string::npos);
}
