// Searches on lines that change, or break, under them.

#include <string>

#include "accuracy/narrow_line.hpp"
#include "support/catch.hpp"
#include "support/condition.hpp"
#include "support/places.hpp"

using namespace std::chrono_literals;
using nlohmann::json;
using udperf::test::Attempt;
using udperf::test::kGuard;
using udperf::test::kProgram;
using udperf::test::kServer4;
using udperf::test::last_document;
using udperf::test::long_measurement;
using udperf::test::measure_under_condition;
using udperf::test::payload_rate;
using udperf::test::plain_scene;
using udperf::test::Process;
using udperf::test::Scene;
using udperf::test::shape;
using udperf::test::Stream;
using Place = udperf::test::RoutedPath::Place;

namespace {

/// A search that tells of its trials as they end.
Process start_search(const Scene& scene, const std::vector<std::string>& more) {
  std::vector<std::string> words{kProgram, "client", kServer4, "--find-rate", "--jsonl"};
  words.insert(words.end(), more.begin(), more.end());
  auto client = Process::start(scene.path.command(Place::client, words));
  REQUIRE(client.has_value());
  return *std::move(client);
}

}  // namespace

TEST_CASE("a rate that changes under the search ends in an honest answer", "[accuracy]") {
  const auto scene = plain_scene();
  if (!scene) {
    return;
  }
  shape(*scene, "server", 50, 20);
  measure_under_condition(
      [&](Attempt& attempt) {
        shape(*scene, "server", 50, 20, "change");
        auto client = start_search(*scene, {});
        // The line gets slower when its rate has been measured.
        REQUIRE(client.wait_for(Stream::out, R"("step":"overload")", kGuard));
        const auto told = std::chrono::steady_clock::now();
        shape(*scene, "server", 30, 20, "change");
        // The confirming run alone takes three seconds.
        const bool in_time = std::chrono::steady_clock::now() - told < 2s;

        REQUIRE(client.wait(kGuard).has_value());
        const json search = last_document(client.output(Stream::out)).at("search");
        INFO(search.dump(1));
        if (!attempt.needs(in_time, "a change while the search goes on")) {
          return;
        }
        if (search.at("confirmed") == true) {
          const double answer = search.at("answer_bps").get<double>();
          CHECK(answer <= payload_rate(30e6));
          attempt.expect(answer >= 0.9 * payload_rate(30e6), "nine tenths of what it is now");
        } else {
          CHECK(search.at("underestimate_likely") == true);
        }
      },
      long_measurement());
}

TEST_CASE("a search stops sending within a second when nothing comes back", "[accuracy][beside]") {
  const auto scene = plain_scene();
  if (!scene) {
    return;
  }
  scene->path.run(Place::router,
                  "nft add table inet t; nft add counter inet t sent; nft 'add chain inet t c { "
                  "type filter hook forward priority 0; }'; nft add rule inet t c oifname server "
                  "meta length '>' 1000 counter name sent");
  const auto sent = [&] { return scene->path.counter(Place::router, "sent"); };
  measure_under_condition(
      [&](Attempt& attempt) {
        auto client =
            start_search(*scene, {"--gso", "off", "--min-rate", "12M", "--max-rate", "12M"});
        // In the confirming run, which goes on for three seconds, the way back is cut.
        REQUIRE(client.wait_for(Stream::out, R"("trial")", kGuard));
        const auto begun = std::chrono::steady_clock::now();
        const auto first = sent();
        while (sent() < first + 300 && std::chrono::steady_clock::now() - begun < 3s) {
        }
        scene->path.run(Place::router,
                        "nft add table inet cut; nft 'add chain inet cut c { type "
                        "filter hook forward priority 0; }'; nft add rule inet cut "
                        "c iifname server drop");
        const auto cut = sent();
        // The run has three seconds from its first datagram on.
        const bool in_time = std::chrono::steady_clock::now() - begun < 2s;

        const auto status = client.wait(kGuard);
        scene->path.run(Place::router, "nft delete table inet cut");
        REQUIRE(status.has_value());
        attempt.needs(in_time, "a cut while the run goes on");
        if (in_time) {
          CHECK(status->code.value_or(-1) == 5);
        }
        // A thousand datagrams a second.
        const auto after = sent() - cut;
        attempt.expect(after <= 1400, "1400 datagrams at most, not " + std::to_string(after));
      },
      long_measurement());
}
