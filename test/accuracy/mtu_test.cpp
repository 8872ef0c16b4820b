// --packet-size auto against narrow links between namespaces, in each direction on its own. As root
// only.

#include <string>
#include <utility>

#include "e2e/program.hpp"
#include "e2e/scene.hpp"
#include "support/catch.hpp"
#include "support/condition.hpp"
#include "support/families.hpp"

using namespace std::chrono_literals;
using nlohmann::json;
using udperf::test::Attempt;
using udperf::test::check_books;
using udperf::test::document_of;
using udperf::test::Finished;
using udperf::test::kServer4;
using udperf::test::kServer6;
using udperf::test::measure_under_condition;
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
  scene.path.run(Place::router, "ip route replace 10.77." + net + ".0/24" + device + lock);
  if (udperf::test::family_here(udperf::IpFamily::v6)) {
    scene.path.run(Place::router,
                   "ip -6 route replace fd77:" + net + "::/64" + device + " metric 256" + lock);
  }
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

/// All fields of `wanted` as they are there. A search has a second and a half, and a host that is
/// held up takes some of that away.
void expect_mtu(const json& mtu, const std::string& way, const json& wanted, Attempt& attempt) {
  CAPTURE(mtu.dump(), way);
  for (const auto& [name, value] : wanted.items()) {
    const json& found = mtu.at(way).at(name);
    attempt.expect(found == value, way + "." + name + " " + found.dump());
  }
}

/// What a path comes to whose links take so many bytes.
void check_narrow(const Scene& scene, const std::string& host, int up, int down, bool icmp,
                  Attempt& attempt) {
  const int headers = host == kServer4 ? 28 : 48;

  const auto document = sized_run(scene, host, "both");

  const json& mtu = document.at("mtu");
  for (const std::string way : {"up", "down"}) {
    expect_mtu(mtu, way,
               {{"payload_bytes", (way == "up" ? up : down) - headers},
                {"exact", true},
                {"capped", false},
                {"icmp_seen", icmp},
                {"black_hole", !icmp}},
               attempt);
  }
  attempt.expect(document.at("test").at("payload_bytes") == std::min(up, down) - headers,
                 "data of the smaller size");
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
    if (!udperf::test::host_or_skip(host)) {
      continue;
    }
    for (const auto& [up, down] : {std::pair{1400, 1281}, std::pair{1280, 1433}}) {
      CAPTURE(icmp, host, up, down);
      narrow(*made, "server", up);
      narrow(*made, "client", down);
      measure_under_condition([&, up = up, down = down](Attempt& attempt) {
        check_narrow(*made, host, up, down, icmp, attempt);
      });
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

  measure_under_condition([&](Attempt& attempt) {
    const auto document = sized_run(scene, kServer4, direction);
    const json& mtu = document.at("mtu");
    expect_mtu(mtu, direction, {{"payload_bytes", 1300 - 28}, {"black_hole", true}}, attempt);
    CHECK(mtu.at(direction == "up" ? "down" : "up").is_null());
  });
}

TEST_CASE("a wide path is found in a few round trips", "[accuracy][netns]") {
  const auto made = Scene::make();
  if (!made) {
    return;
  }
  const std::string host = GENERATE(kServer4, kServer6);
  if (!udperf::test::host_or_skip(host)) {
    return;
  }

  measure_under_condition([&](Attempt& attempt) {
    const auto document = sized_run(*made, host, "both");
    for (const char* way : {"up", "down"}) {
      expect_mtu(document.at("mtu"), way,
                 {{"capped", true}, {"payload_bytes", host == kServer4 ? 1472 : 1452}}, attempt);
    }
  });
}

TEST_CASE("the client's own narrow device counts", "[accuracy][netns]") {
  const auto made = Scene::make();
  if (!made) {
    return;
  }
  made->path.run(Place::client, "ip link set router mtu 1310");

  measure_under_condition([&](Attempt& attempt) {
    expect_mtu(sized_run(*made, kServer4, "up").at("mtu"), "up",
               {{"payload_bytes", 1310 - 28}, {"local_limit", true}, {"black_hole", false}},
               attempt);
  });
}
