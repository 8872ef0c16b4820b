// Hosts that do not let their own datagrams out: filters, routes and queues of the sender. As root
// only.

#include <string>

#include "e2e/program.hpp"
#include "e2e/scene.hpp"
#include "support/catch.hpp"
#include "support/condition.hpp"
#include "support/places.hpp"
#include "support/routed_path.hpp"

using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;
using nlohmann::json;
using udperf::test::Attempt;
using udperf::test::check_books;
using udperf::test::document_of;
using udperf::test::Finished;
using udperf::test::kGuard;
using udperf::test::kServer4;
using udperf::test::measure_under_condition;
using udperf::test::patience;
using udperf::test::Process;
using udperf::test::Scene;
using udperf::test::Stream;
using Place = udperf::test::RoutedPath::Place;

namespace {

Place sender_of(const std::string& direction) {
  return direction == "up" ? Place::client : Place::server;
}

/// Runs `script` where the sender is, once it has sent for a second, and goes on to the end.
/// Nothing says how the test ended where the client has sent for another one meanwhile.
Finished while_running(const Scene& scene, Process& client, Place place, const std::string& script,
                       Attempt& attempt) {
  REQUIRE(client.wait_for(Stream::out, R"("seq":10)", kGuard));
  scene.path.run(place, script);
  attempt.needs(client.output(Stream::out).find(R"("seq":20)") == std::string::npos,
                "a script that is done in time");
  const auto status = client.wait(kGuard);
  return {status, client.output(Stream::out), client.output(Stream::err), 0ms};
}

/// The result on the last line of --jsonl.
json last_document(const Finished& finished) {
  CAPTURE(finished.err);
  const auto end = finished.out.find_last_not_of('\n');
  const auto start = finished.out.rfind('\n', end);
  Finished as_json = finished;
  as_json.out = json::parse(finished.out.substr(start + 1)).at("data").dump();
  return document_of(as_json);
}

/// With a sanitizer beside others, what is to happen meanwhile takes seconds to begin.
constexpr const char* kLongEnough = UDPERF_TEST_TIME_FACTOR > 1 ? "8s" : "4s";

Process start_lines(const Scene& scene, const std::string& direction,
                    std::vector<std::string> more = {}) {
  std::vector<std::string> words{udperf::test::kProgram, "client",    kServer4,     "--jsonl",
                                 "--duration",           kLongEnough, "--interval", "100ms",
                                 "--direction",          direction};
  words.insert(words.end(), more.begin(), more.end());
  auto client = Process::start(scene.path.command(Place::client, words));
  REQUIRE(client.has_value());
  return std::move(*client);
}

}  // namespace

TEST_CASE("what a filter of the sending host refuses is lost in that host", "[e2e][netns]") {
  const auto made = Scene::make();
  if (!made) {
    return;
  }
  const Scene& scene = *made;
  const std::string direction = GENERATE("up", "down");
  CAPTURE(direction);
  scene.path.run(sender_of(direction), R"(nft -f - <<'N'
table inet t {
  counter refused {
  }
  chain out {
    type filter hook output priority 0
    udp length 1008 numgen inc mod 500 == 499 counter name refused drop
  }
}
N)");

  const auto finished =
      scene.client(kServer4, {"--packets", "5000", "--packet-size", "1000", "--rate", "20M",
                              "--gso", "off", "--direction", direction});

  CAPTURE(finished.err);
  CHECK(finished.code() == 0);
  const auto document = document_of(finished);
  CHECK(document.at("status") == "complete");
  const auto& part = document.at(direction);
  check_books(part);
  const auto refused = scene.path.counter(sender_of(direction), "refused");
  CHECK(refused >= 10);
  CHECK(part.at("tx").at("packets") == 5000);
  CHECK(part.at("loss").at("local_tx_drop") == refused);
  CHECK(part.at("loss").at("packets") == refused);
  REQUIRE(part.at("tx").at("pauses").size() == 1);
  CHECK_THAT(part.at("tx").at("pauses").at(0).at("reason").get<std::string>(),
             ContainsSubstring("Operation not permitted"));
}

TEST_CASE("a route that goes and comes back leaves the test running", "[e2e][netns]") {
  const std::string direction = GENERATE("up", "down");
  CAPTURE(direction);
  measure_under_condition([&](Attempt& attempt) {
    const auto made = Scene::make();
    if (!made) {
      return;
    }
    const Scene& scene = *made;
    const std::string gateway = direction == "up" ? "10.77.1.1" : "10.77.2.1";
    auto client = start_lines(scene, direction, {"--rate", "5M"});

    // It comes back by itself: without it nothing of the test is heard.
    const auto finished = while_running(
        scene, client, sender_of(direction),
        "ip route del default; (timeout 1 tail -f /dev/null || true; ip route add default via " +
            gateway + ") >/dev/null 2>&1 &",
        attempt);
    if (!attempt.missing().empty()) {
      return;
    }

    CHECK(finished.code() == 0);
    const auto document = last_document(finished);
    CHECK(document.at("status") == "complete");
    const auto& part = document.at(direction);
    check_books(part);
    const auto& pauses = part.at("tx").at("pauses");
    REQUIRE_FALSE(pauses.empty());
    CHECK_THAT(pauses.at(0).at("reason").get<std::string>(),
               ContainsSubstring("Network is unreachable"));
    CHECK(pauses.at(0).at("packets").get<int>() > 100);
    CHECK(part.at("loss").at("local_tx_drop") == part.at("loss").at("packets"));
  });
}

TEST_CASE("an address that vanishes and returns leaves the test running", "[e2e][netns]") {
  measure_under_condition([&](Attempt& attempt) {
    const auto made = Scene::make();
    if (!made) {
      return;
    }
    const Scene& scene = *made;
    auto client = start_lines(scene, "up", {"--rate", "5M"});

    const auto finished = while_running(
        scene, client, Place::client,
        "ip addr del 10.77.1.2/24 dev router; (timeout 1 tail -f /dev/null || true;"
        " ip addr add 10.77.1.2/24 dev router; ip route replace default via 10.77.1.1)"
        " >/dev/null 2>&1 &",
        attempt);
    if (!attempt.missing().empty()) {
      return;
    }

    CHECK(finished.code() == 0);
    const auto document = last_document(finished);
    check_books(document.at("up"));
    CHECK(document.at("up").at("loss").at("local_tx_drop").get<int>() > 100);
  });
}

TEST_CASE("a sender that gets nothing out to the end misses its rate", "[e2e][netns]") {
  measure_under_condition([&](Attempt& attempt) {
    const auto made = Scene::make();
    if (!made) {
      return;
    }
    const Scene& scene = *made;
    auto client = start_lines(scene, "up", {"--rate", "5M", "--fail-rate", "4.5M"});

    // Control passes, data does not.
    const auto finished =
        while_running(scene, client, Place::client,
                      "nft 'table inet t { chain out { type filter hook output priority 0; "
                      "udp dport 5555 @th,64,32 0x55445046 @th,104,8 10 drop; }; }'",
                      attempt);
    if (!attempt.missing().empty()) {
      return;
    }

    CHECK(finished.code() == 6);
    const auto document = last_document(finished);
    const auto& part = document.at("up");
    check_books(part);
    CHECK(part.at("tx").at("silent_ns").get<std::int64_t>() > 1'000'000'000);
    CHECK(part.at("loss").at("local_tx_drop") == part.at("loss").at("packets"));
    CHECK(document.at("limited_by") == "sender_host");
  });
}

TEST_CASE("a filter on the way is named at once", "[e2e][netns]") {
  const auto made = Scene::make();
  if (!made) {
    return;
  }
  const Scene& scene = *made;
  const auto [with, words] =
      GENERATE(table<std::string, std::string>({{"admin-prohibited", "prohibited"},
                                                {"host-unreachable", "host is unreachable"},
                                                {"no-route", "no route"}}));
  const std::string host = GENERATE(kServer4, udperf::test::kServer6);
  if (!udperf::test::host_or_skip(host)) {
    return;
  }
  CAPTURE(with, host);
  scene.path.run(
      Place::router,
      "nft 'table inet t { chain f { type filter hook forward priority 0; udp dport 5555 "
      "reject with icmpx type " +
          with + "; }; }'");

  const udperf::test::HostWatch watch;
  const auto finished = scene.client(host, {"--packets", "10", "--connect-timeout", "8s"});

  udperf::test::check_in_time(finished.took, patience(3s), watch.strain());
  CHECK(finished.code() == 3);
  const auto document = document_of(finished);
  CHECK_THAT(document.at("error").at("message").get<std::string>(), ContainsSubstring(words));
}
