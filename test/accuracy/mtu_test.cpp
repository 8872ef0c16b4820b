// --packet-size auto against narrow links between namespaces, in each direction on its own. As root
// only.

#include <string>
#include <utility>

#include "e2e/program.hpp"
#include "e2e/scene.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;
using nlohmann::json;
using udperf::test::check_books;
using udperf::test::document_of;
using udperf::test::Finished;
using udperf::test::kServer4;
using udperf::test::kServer6;
using udperf::test::Scene;
using Place = udperf::test::RoutedPath::Place;

namespace {

constexpr const char* kSilence = R"(nft -f - <<'N'
table inet t {
  chain out {
    type filter hook output priority 0
    icmp type destination-unreachable drop
    icmpv6 type packet-too-big drop
  }
}
N)";

/// What the router sends on, and towards whom, may have `mtu` bytes at most. A device's own MTU
/// would bound what it receives, too.
void narrow(const Scene& scene, const std::string& towards, int mtu) {
  const std::string net = towards == "client" ? "1" : "2";
  const std::string device = " dev " + towards;
  const std::string lock = " mtu lock " + std::to_string(mtu);
  scene.path.run(Place::router, "ip route replace 10.77." + net + ".0/24" + device + lock +
                                    " && ip -6 route replace fd77:" + net + "::/64" + device +
                                    " metric 256" + lock);
}

json sized_run(const Scene& scene, const std::string& host, const std::string& direction) {
  const auto finished =
      scene.client(host, {"--packets", "300", "--rate", "20M", "--direction", direction, "--df"});
  CAPTURE(finished.err);
  REQUIRE(finished.code() == 0);
  auto document = document_of(finished);
  for (const char* way : {"up", "down"}) {
    if (!document.at(way).is_null()) {
      check_books(document.at(way));
      CHECK(document.at(way).at("loss").at("packets") == 0);  // --df: each fits, or is lost
    }
  }
  return document;
}

/// What a path comes to whose links take so many bytes.
void check_narrow(const Scene& scene, const std::string& host, int up, int down, bool icmp) {
  narrow(scene, "server", up);
  narrow(scene, "client", down);
  const int headers = host == kServer4 ? 28 : 48;

  const auto document = sized_run(scene, host, "both");

  const json& mtu = document.at("mtu");
  CAPTURE(mtu.dump());
  for (const char* way : {"up", "down"}) {
    const int expected = (way == std::string{"up"} ? up : down) - headers;
    CHECK(mtu.at(way).at("payload_bytes") == expected);
    CHECK(mtu.at(way).at("exact") == true);
    CHECK(mtu.at(way).at("capped") == false);
    CHECK(mtu.at(way).at("icmp_seen") == icmp);
    CHECK(mtu.at(way).at("black_hole") == !icmp);
  }
  CHECK(document.at("test").at("payload_bytes") == std::min(up, down) - headers);
}

}  // namespace

TEST_CASE("a narrow link is found to the byte both ways, with ICMP and without",
          "[accuracy][netns]") {
  const bool icmp = GENERATE(true, false);
  const auto made = Scene::make();
  if (!made) {
    return;
  }
  if (!icmp) {
    made->path.run(Place::router, kSilence);
  }
  for (const std::string host : {kServer4, kServer6}) {
    for (const auto& [up, down] : {std::pair{1400, 1281}, std::pair{1280, 1433}}) {
      CAPTURE(icmp, host, up, down);
      check_narrow(*made, host, up, down, icmp);
    }
  }
}

TEST_CASE("a filter that drops large packets in silence is found to the byte",
          "[accuracy][netns]") {
  const auto made = Scene::make();
  if (!made) {
    return;
  }
  const Scene& scene = *made;
  scene.path.run(Place::router, R"(nft -f - <<'N'
table inet t {
  chain f {
    type filter hook forward priority 0
    meta length > 1300 drop
  }
}
N)");
  const std::string direction = GENERATE("up", "down");
  CAPTURE(direction);

  const auto document = sized_run(scene, kServer4, direction);

  CHECK(document.at("mtu").at(direction).at("payload_bytes") == 1300 - 28);
  CHECK(document.at("mtu").at(direction).at("black_hole") == true);
  CHECK(document.at("mtu").at(direction == "up" ? "down" : "up").is_null());
}

TEST_CASE("a wide path is found in a few round trips", "[accuracy][netns]") {
  const auto made = Scene::make();
  if (!made) {
    return;
  }
  const std::string host = GENERATE(kServer4, kServer6);

  const auto document = sized_run(*made, host, "both");

  for (const char* way : {"up", "down"}) {
    CHECK(document.at("mtu").at(way).at("capped") == true);
    CHECK(document.at("mtu").at(way).at("payload_bytes") == (host == kServer4 ? 1472 : 1452));
  }
}

TEST_CASE("the client's own narrow device counts", "[accuracy][netns]") {
  const auto made = Scene::make();
  if (!made) {
    return;
  }
  made->path.run(Place::client, "ip link set router mtu 1310");

  const auto document = sized_run(*made, kServer4, "up");

  CHECK(document.at("mtu").at("up").at("payload_bytes") == 1310 - 28);
  CHECK(document.at("mtu").at("up").at("local_limit") == true);
  CHECK(document.at("mtu").at("up").at("black_hole") == false);
}
