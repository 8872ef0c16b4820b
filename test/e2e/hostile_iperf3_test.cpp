// Clients of iperf3's protocol that mean no good, against `udperf server --iperf3`.

#include <csignal>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "e2e/iperf3_peers.hpp"
#include "e2e/scene.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;
using namespace udperf;
using namespace udperf::test;
using Place = RoutedPath::Place;
using Words = std::vector<std::string>;

namespace {

Words client_from(const Scene& scene, const std::string& address, const std::string& seconds) {
  return scene.path.command(Place::client,
                            {"iperf3", "-6", "-c", kServer6, "-B", address, "-u", "-b", "100K",
                             "-l", "500", "-t", seconds, "--forceflush"});
}

/// A client whose test has begun, by its own word.
std::optional<Process> begun_from(const Scene& scene, const std::string& address) {
  auto client = Process::start(client_from(scene, address, "60"), {});
  if (client && client->wait_for(Stream::out, "connected to", kGuard)) {
    return std::move(*client);
  }
  return std::nullopt;
}

}  // namespace

TEST_CASE("iperf3 clients of one IPv6 /64 share what an address may have", "[e2e][netns]") {
  if (!has_iperf3()) {
    return;
  }
  const auto scene = Scene::make({"--iperf3", "--max-sessions-per-address", "1"});
  if (!scene) {
    return;
  }
  scene->path.run(Place::client,
                  "for host in a b; do ip -6 addr add fd77:1::$host/64 dev router nodad; done");
  auto first = begun_from(*scene, "fd77:1::a");
  REQUIRE(first);
  const auto second = run_to_end(client_from(*scene, "fd77:1::b", "1"), kGuard);
  REQUIRE(second);
  CAPTURE(second->out, second->err);
  CHECK((second->out + second->err).find("busy") != std::string::npos);
  first->send_signal(SIGTERM);
  CHECK(first->wait(kGuard));
}
