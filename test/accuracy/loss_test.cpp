// Loss, duplication and marks beside nftables' own counters, in the router between the two ends.

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "e2e/program.hpp"
#include "e2e/scene.hpp"
#include "support/catch.hpp"
#include "support/condition.hpp"

using namespace std::chrono_literals;
using nlohmann::json;
using udperf::test::Attempt;
using udperf::test::check_books;
using udperf::test::document_of;
using udperf::test::Finished;
using udperf::test::kServer4;
using udperf::test::kServer6;
using udperf::test::lost_in_hosts;
using udperf::test::measure_under_condition;
using udperf::test::Scene;
using Place = udperf::test::RoutedPath::Place;
using Words = std::vector<std::string>;

namespace {

// docs/protocol.md: the type is byte 5 of the payload, the low half of the sequence number byte 20.
const std::string data_type = "@th,104,8 10 ";
const std::string data_number = "@th,224,32 ";

/// A table in the router through which all DATA of a test goes, in place of what was there. `rules`
/// run in order.
void rule_router(const Scene& scene, const std::string& counters, const std::string& rules) {
  scene.path.run(Place::router, "nft -f - <<'N'\nflush ruleset\ntable inet t {\n" + counters +
                                    "\nchain onward {\ntype filter hook forward priority 0\n" +
                                    rules + "\n}\n}\nN\n");
}

/// One packet is one packet to the router: no merged buffers.
Words plain(Words more) {
  more.insert(more.end(), {"--gso", "off", "--packet-size", "200"});
  return more;
}

json direction_of(const Finished& finished, const std::string& direction) {
  CAPTURE(finished.err);
  REQUIRE(finished.code() == 0);
  auto way = document_of(finished).at(direction);
  check_books(way);
  return way;
}

std::uint64_t lost(const json& way) {
  return way.at("loss").at("packets").get<std::uint64_t>();
}

/// The path marks every tenth packet and rewrites its class, or takes the marks out.
void check_marks(const Scene& scene, const std::string& host, bool marked,
                 const std::string& direction) {
  const std::string family = host == kServer4 ? "ip" : "ip6";
  rule_router(scene, "counter hit {\n}",
              marked ? data_type + "numgen inc mod 10 0 counter name hit " + family +
                           " ecn set ce\n" + data_type + family + " dscp set cs1"
                     : data_type + "counter name hit " + family + " ecn set not-ect");

  const auto way = direction_of(
      scene.client(host, plain({"--packets", "1000", "--rate", "4000pps", "--direction", direction,
                                "--ecn", "ect0", "--dscp", "EF"})),
      direction);

  const auto hit = scene.path.counter(Place::router, "hit");
  const json& ecn = way.at("ecn");
  if (marked) {
    CHECK(hit == 100);
    CHECK(ecn.at("ce") == hit);
    CHECK(ecn.at("ect0") == 1000 - hit);
    CHECK(ecn.at("dscp_received") == 8);
  } else {
    CHECK(way.at("rx").at("hops") == 1);
    CHECK(ecn.at("not_ect") == 1000);
    CHECK(ecn.at("ect0") == 0);
    CHECK(ecn.at("dscp_received") == 46);
  }
}

/// All loss but that of the hosts' sockets is what the router dropped of `sent`, and so says the
/// interval.
void check_random_loss(const json& way, std::uint64_t truth, double sent) {
  CHECK(way.at("loss").at("network_packets") == truth);
  CHECK(lost(way) == truth + static_cast<std::uint64_t>(lost_in_hosts(way)));
  const auto interval = way.at("loss").at("ci95");
  const double ratio = static_cast<double>(truth) / sent;
  CHECK(interval.at(0).get<double>() <= ratio);
  CHECK(interval.at(1).get<double>() >= ratio);
}

}  // namespace

TEST_CASE("chosen datagrams that are dropped are the ones that are missing", "[accuracy]") {
  const auto scene = Scene::make();
  if (!scene) {
    return;
  }
  struct Drop {
    const char* what;
    std::string match;  // of the sequence number, 0..999
    std::uint64_t count;
    std::uint64_t head;
    std::uint64_t tail;
    std::uint64_t longest;
  };
  const std::vector<Drop> drops{
      Drop{"the first ten", "< 10", 10, 10, 0, 10},
      Drop{"one in the middle", "500", 1, 0, 0, 1},
      Drop{"a run in the middle", "{ 300-324 }", 25, 0, 0, 25},
      Drop{"every hundredth", "{ 100, 200, 300, 400, 500, 600, 700, 800, 900 }", 9, 0, 0, 1},
      Drop{"the last ten", ">= 990", 10, 0, 10, 10},
      Drop{"all but the first", "> 0", 999, 0, 999, 999}};
  for (const Drop& drop : drops) {
    for (const std::string direction : {"up", "down"}) {
      CAPTURE(drop.what, direction);
      rule_router(*scene, "counter hit {\n}",
                  data_type + data_number + drop.match + " counter name hit drop");

      const auto way = direction_of(
          scene->client(kServer4, plain({"--packets", "1000", "--rate", "4000pps", "--direction",
                                         direction, "--interval", "50ms"})),
          direction);

      CHECK(scene->path.counter(Place::router, "hit") == drop.count);
      const json& loss = way.at("loss");
      CHECK(lost(way) == drop.count);
      CHECK(loss.at("head_packets") == drop.head);
      CHECK(loss.at("tail_packets") == drop.tail);
      CHECK(loss.at("period_max") == drop.longest);
      CHECK(loss.at("network_packets") == drop.count);
      CHECK(loss.at("rx_socket_drop") == 0);
    }
  }
}

TEST_CASE("random loss each way equals the router's count", "[accuracy]") {
  const auto scene = Scene::make();
  if (!scene) {
    return;
  }
  const std::string host = GENERATE(kServer4, kServer6);
  if (!udperf::test::host_or_skip(host)) {
    return;
  }
  rule_router(*scene, "counter up {\n}\ncounter down {\n}",
              "udp dport 5555 " + data_type + "numgen random mod 1000 < 20 counter name up drop\n" +
                  "udp sport 5555 " + data_type +
                  "numgen random mod 1000 < 20 counter name down drop");

  std::map<std::string, std::uint64_t> earlier;
  measure_under_condition([&](Attempt& attempt) {
    const auto finished = scene->client(
        host, plain({"--packets", "10000", "--rate", "20000pps/20000pps", "--direction", "both"}));
    for (const std::string direction : {"up", "down"}) {
      const auto way = direction_of(finished, direction);
      const auto all = scene->path.counter(Place::router, direction);
      const auto truth = all - std::exchange(earlier[direction], all);
      CAPTURE(direction);
      CHECK(truth > 0);
      // A kernel that is held up drops on the way between the namespaces, too.
      if (attempt.needs(attempt.strain().drops == 0, "a kernel that drops before no socket")) {
        check_random_loss(way, truth, 10000);
      }
    }
  });
}

TEST_CASE("every tenth datagram twice is no loss, and every copy is counted", "[accuracy]") {
  const auto scene = Scene::make();
  if (!scene) {
    return;
  }
  const bool with_loss = GENERATE(false, true);
  CAPTURE(with_loss);
  const std::string fate = with_loss ? " drop" : " accept";
  rule_router(
      *scene, "counter hit {\n}\ncounter passed {\n}",
      "udp dport 5555 " + data_type + data_number + "{ 55, 155-160 } counter name hit" + fate);
  scene->path.run(Place::router, R"(nft -f - <<'N'
table ip d {
  chain onward {
    type filter hook prerouting priority 0
    udp dport 5555 @th,104,8 10 numgen inc mod 10 0 dup to 10.77.2.2 device "server"
  }
}
N)");

  const auto way = direction_of(
      scene->client(kServer4, plain({"--packets", "1000", "--rate", "4000pps"})), "up");

  // The rule counts 0, 10, 20..., so that 160 has a copy, which is made before the drop: it
  // arrives.
  const std::uint64_t dropped = scene->path.counter(Place::router, "hit");
  CHECK(dropped == 7);
  CHECK(lost(way) == (with_loss ? 6 : 0));
  CHECK(way.at("duplicates").at("packets") == (with_loss ? 99 : 100));
  CHECK(way.at("rx").at("datagrams") == (with_loss ? 1000 - 7 + 100 : 1100));
}

TEST_CASE("marks that the path sets, clears or rewrites are counted", "[accuracy]") {
  const auto scene = Scene::make();
  if (!scene) {
    return;
  }
  for (const std::string host : {kServer4, kServer6}) {
    if (!udperf::test::host_or_skip(host)) {
      continue;
    }
    for (const std::string what : {"marked", "bleached"}) {
      for (const std::string direction : {"up", "down"}) {
        CAPTURE(host, what, direction);
        check_marks(*scene, host, what == "marked", direction);
      }
    }
  }
}

TEST_CASE("large buffers and a path that loses: all of it is the network's", "[accuracy]") {
  const auto scene = Scene::make();
  if (!scene) {
    return;
  }
  rule_router(*scene, "counter hit {\n}",
              data_type + "numgen random mod 100 < 5 counter name hit drop");

  std::uint64_t earlier = 0;
  measure_under_condition([&](Attempt& attempt) {
    const auto way = direction_of(
        scene->client(kServer4, {"--gso", "off", "--packets", "20000", "--rate", "50000pps"}),
        "up");

    const auto all = scene->path.counter(Place::router, "hit");
    const auto hit = all - std::exchange(earlier, all);
    CHECK(hit > 0);
    // A kernel that is held up drops on the way between the namespaces, too.
    if (attempt.needs(attempt.strain().drops == 0, "a kernel that drops before no socket")) {
      CHECK(way.at("loss").at("network_packets") == hit);
      attempt.keeps(lost_in_hosts(way) == 0, "sockets that lose nothing");
    }
  });
}
