// What becomes of single datagrams on the way: fragments, corruption, and the interval of a loss.
// As root only.

#include <algorithm>
#include <set>
#include <string>

#include "e2e/program.hpp"
#include "e2e/scene.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;
using nlohmann::json;
using udperf::test::check_books;
using udperf::test::document_of;
using udperf::test::kServer4;
using udperf::test::kServer6;
using udperf::test::Scene;
using Place = udperf::test::RoutedPath::Place;

namespace {

json run(const Scene& scene, const std::string& host, const std::string& direction,
         std::vector<std::string> more) {
  more.insert(more.end(), {"--direction", direction, "--gso", "off"});
  const auto finished = scene.client(host, std::move(more));
  CAPTURE(finished.err);
  REQUIRE(finished.code() == 0);
  auto way = document_of(finished).at(direction);
  check_books(way);
  return way;
}

/// In the router, where `rules` see what is forwarded.
void rule_router(const Scene& scene, const std::string& rules) {
  scene.path.run(Place::router,
                 "nft -f - <<'N'\nflush ruleset\ntable inet t {\ncounter hit {\n}\nchain onward {\n"
                 "type filter hook forward priority 0\n" +
                     rules + "\n}\n}\nN\n");
}

/// A figure of the server's kernel, e.g. "Udp InCsumErrors", from /proc/net/snmp.
std::uint64_t kernel_count(const Scene& scene, const std::string& group, const std::string& name) {
  return std::stoull(scene.path.run(
      Place::server,
      "awk '$1 == \"" + group + ":\" && !n { for (i = 2; i <= NF; ++i) if ($i == \"" + name +
          "\") n = i; next } $1 == \"" + group + ":\" { print $n }' /proc/net/snmp"));
}

}  // namespace

TEST_CASE("fragments of a datagram are counted, and their headers", "[accuracy][netns]") {
  const auto scene = Scene::make();
  if (!scene) {
    return;
  }
  for (const std::string host : {kServer4, kServer6}) {
    if (!udperf::test::host_or_skip(host)) {
      continue;
    }
    for (const std::string direction : {"up", "down"}) {
      CAPTURE(host, direction);
      const bool v4 = host == kServer4;
      rule_router(*scene, v4 ? "ip frag-off & 0x3fff != 0 counter name hit"
                             : "exthdr frag exists counter name hit");

      const auto way = run(*scene, host, direction,
                           {"--packets", "200", "--rate", "1000pps", "--packet-size", "4000"});

      CHECK(scene->path.counter(Place::router, "hit") == 600);
      const json& rx = way.at("rx");
      CHECK(rx.at("fragments_per_datagram") == 3);
      CHECK(rx.at("hops") == 1);
      const double ratio = rx.at("ip_bps").get<double>() / rx.at("goodput_bps").get<double>();
      CHECK(ratio == Approx((4000.0 + 8 + 3 * (v4 ? 20 : 48)) / 4000).epsilon(1e-9));
    }
  }
}

TEST_CASE("what the path corrupts is dropped by the checksum and counted as lost",
          "[accuracy][netns]") {
  const auto scene = Scene::make();
  if (!scene) {
    return;
  }
  // A checksum is only there to be wrong where the device does not promise to fill it in.
  scene->path.run(Place::client, "ethtool -K router tx off");
  rule_router(*scene,
              "udp dport 5555 @th,104,8 10 @th,224,32 { 100-109, 400 } counter name hit "
              "@th,640,32 set 0x5a5a5a5a");
  const auto before = kernel_count(*scene, "Udp", "InCsumErrors");

  const auto way = run(*scene, kServer4, "up",
                       {"--packets", "500", "--rate", "2000pps", "--packet-size", "200"});

  CHECK(scene->path.counter(Place::router, "hit") == 11);
  CHECK(kernel_count(*scene, "Udp", "InCsumErrors") - before == 11);
  CHECK(way.at("loss").at("packets") == 11);
  CHECK(way.at("loss").at("network_packets") == 11);
  CHECK(way.at("loss").at("rx_socket_drop") == 0);
  CHECK(way.at("rx").at("checksum_errors") == 11);
  CHECK(way.at("rx").at("invalid") == 0);
}

TEST_CASE("a loss is booked in the interval in which it happened", "[accuracy][netns]") {
  const auto scene = Scene::make();
  if (!scene) {
    return;
  }
  const std::string direction = GENERATE("up", "down");
  rule_router(*scene, "@th,104,8 10 @th,224,32 { 300-304, 900-902, 999 } counter name hit drop");

  const auto way = run(
      *scene, kServer4, direction,
      {"--packets", "1000", "--rate", "1000pps", "--packet-size", "200", "--interval", "200ms"});

  CHECK(scene->path.counter(Place::router, "hit") == 9);
  // Which numbers a row passed follows from `sent`; which of them were dropped is known.
  const std::set<int> dropped{300, 301, 302, 303, 304, 900, 901, 902, 999};
  int number = 0;
  for (const json& row : way.at("intervals")) {
    const int end = number + row.at("sent").get<int>();
    const auto expected = std::count_if(dropped.begin(), dropped.end(),
                                        [&](int one) { return one >= number && one < end; });
    CHECK(row.at("lost") == expected);
    CHECK(row.at("packets") == end - number - expected);
    number = end;
  }
  CHECK(number == 1000);
  CHECK(way.at("loss").at("tail_packets") == 1);
}
