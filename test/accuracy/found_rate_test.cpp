// The rate that --find-rate says, beside the one that the router was told. Many more runs of each
// case: test/bench/find-rate-matrix. What does not answer with a rate: unfound_rate_test.cpp.

#include <memory>
#include <string>
#include <utility>

#include "accuracy/narrow_line.hpp"
#include "e2e/program.hpp"
#include "support/catch.hpp"
#include "support/condition.hpp"

using namespace std::chrono_literals;
using nlohmann::json;
using udperf::test::Attempt;
using udperf::test::check_found;
using udperf::test::document_of;
using udperf::test::kPlain;
using udperf::test::long_measurement;
using udperf::test::measure_side_by_side;
using udperf::test::measure_under_condition;
using udperf::test::Measurement;
using udperf::test::NarrowLine;
using udperf::test::payload_rate;
using udperf::test::plain_scene;
using udperf::test::run_udperf;
using udperf::test::shape;
using udperf::test::skip_test;

namespace {

struct Shaper {
  int mbit;
  int queue_ms;
  const char* direction;
};

/// A search on a line with that shaper.
Measurement search_for(const Shaper& shaper) {
  auto scene = plain_scene();
  const bool up = std::string{shaper.direction} == "up";
  shape(*scene, up ? "server" : "client", shaper.mbit, shaper.queue_ms);
  auto line = std::make_shared<NarrowLine>(
      std::move(scene), std::vector<std::string>{"--direction", shaper.direction});
  return {std::to_string(shaper.mbit) + " Mb/s " + shaper.direction, [line] { line->start(); },
          [line, truth = payload_rate(shaper.mbit * 1e6)](Attempt& attempt) {
            const json search = line->finish().at("search");
            check_found(search, truth, attempt);
            attempt.expect(search.at("limited_by") == "network", "a limit that is named");
            attempt.expect(search.at("shaper_suspected") == false, "no bucket");
          }};
}

/// A search in both directions of an asymmetric line, of so many Mb/s each.
Measurement search_both_ways(int up, int down) {
  auto scene = plain_scene();
  shape(*scene, "client", down, 50);
  shape(*scene, "server", up, 50);
  auto line = std::make_shared<NarrowLine>(std::move(scene), std::vector<std::string>{"--bidir"});
  return {"both directions", [line] { line->start(); },
          [line, up, down](Attempt& attempt) {
            const json document = line->finish();
            check_found(document.at("search"), payload_rate(up * 1e6), attempt);
            check_found(document.at("search_down"), payload_rate(down * 1e6), attempt);
          }};
}

/// A search on a line that `script` makes in the router.
Measurement search_behind(const std::string& script, std::vector<std::string> options,
                          std::function<void(const json&, Attempt&)> judge) {
  auto scene = plain_scene();
  scene->path.run(udperf::test::RoutedPath::Place::router, script);
  auto line = std::make_shared<NarrowLine>(std::move(scene), std::move(options));
  return {script, [line] { line->start(); },
          [line, judge = std::move(judge)](Attempt& attempt) { judge(line->finish(), attempt); }};
}

// 1 % of the large packets.
constexpr const char* kRandomLoss =
    "tc qdisc add dev server root tbf rate 50mbit burst 12500 limit 312500; nft add table inet t; "
    "nft 'add chain inet t c { type filter hook forward priority 0; }'; nft add rule inet t c "
    "oifname server meta length '>' 1000 numgen random mod 100 '<' 1 drop";

/// Nothing may be lost, and 1 % is: no rate passes. It still says what the bottleneck carries, and
/// how much was lost.
void judge_random_loss(const json& document, Attempt& attempt) {
  const json& search = document.at("search");
  INFO(search.dump(1));
  CHECK((search.at("confirmed") == false || search.at("answer_bps").is_number()));
  attempt.expect(search.at("limited_by") == "path_loss", "path_loss as the limit");
  attempt.expect(search.at("answer_bps").is_null(), "no answer");
  attempt.expect(search.at("confirmed") == false, "nothing confirmed");
  const json& bottleneck = search.at("bottleneck_bps");
  attempt.expect_near("bottleneck_bps", bottleneck.is_number() ? bottleneck.get<double>() : 0,
                      payload_rate(50e6), 0.02);
  const double lost = search.at("trials").back().at("loss_ratio").get<double>();
  attempt.expect(lost >= 0 && lost <= 0.02, "1 % lost in the last trial");
}

/// The highest rate at which a trial of the search really sent.
double most_offered(const json& search) {
  double most = 0;
  for (const json& trial : search.at("trials")) {
    const json& offered = trial.at("offered_bps");
    most = std::max(most, offered.is_number() ? offered.get<double>() : 0);
  }
  return most;
}

/// A search by the standard's method, which finds a shaper to a row of its table.
Measurement standard_search(int mbit, const std::string& way) {
  auto scene = plain_scene();
  shape(*scene, way == "up" ? "server" : "client", mbit, 50);
  auto line = std::make_shared<NarrowLine>(
      std::move(scene),
      std::vector<std::string>{"--find-rate=rfc9097", "--search-time", "10s", "--direction", way});
  // IP bytes of a frame that is 14 bytes longer; a second may begin with a full bucket and ends
  // in the middle of a datagram.
  const double truth = mbit * 1e6 * 1500 / 1514;
  return {"the standard's method " + way, [line] { line->start(); },
          [line, truth](Attempt& attempt) {
            const json search = line->finish().at("search");
            INFO(search.dump(1));
            if (!attempt.expect(search.at("capacity").at("sub_intervals").size() == 5,
                                "five seconds, each whole")) {
              return;
            }
            attempt.expect(search.at("limited_by") == "network", "a limit that is named");
            attempt.expect_near("answer_ip_bps", search.at("answer_ip_bps"), truth, 0.02);
            const json& most = search.at("capacity").at("maximum").at("rtt_max_ns");
            attempt.expect(most < 120e6, "a queue of 50 ms, not " + most.dump());
          }};
}

}  // namespace

TEST_CASE("a shaper's rate is found, whatever rate and queue it has", "[accuracy]") {
  if (!plain_scene()) {
    return;
  }
  SECTION("slow ones side by side") {
    measure_side_by_side(
        {search_for({1, 200, "up"}), search_for({10, 20, "down"}), search_for({50, 200, "up"}),
         search_for({200, 20, "down"}), search_both_ways(20, 100)},
        long_measurement());
  }
  SECTION("one that takes most of one") {
    measure_side_by_side({search_for({900, 20, "up"})}, long_measurement());
  }
}

TEST_CASE(
    "what a bucket has saved up, and what is lost at random, is not taken for the rate, and "
    "the standard's method finds a shaper to a row of its table",
    "[accuracy]") {
  if (!plain_scene()) {
    return;
  }
  // Of nft's policer, which counts IP bytes, a second's worth is in the bucket; of the shaper, too.
  const auto policer = search_behind(
      "nft add table inet t; nft 'add chain inet t c { type filter hook forward priority 0; }'; "
      "nft add rule inet t c oifname server limit rate over 6250000 bytes/second burst 100000 "
      "bytes drop",
      {}, [](const json& document, Attempt& attempt) {
        check_found(document.at("search"), 50e6 * 1472 / 1500, attempt);
        attempt.expect(document.at("search").at("shaper_suspected") == true, "a bucket");
      });
  const auto shaper = search_behind(
      "tc qdisc add dev server root tbf rate 20mbit burst 2500000 limit 100000", {"--gso", "off"},
      [](const json& document, Attempt& attempt) {
        check_found(document.at("search"), payload_rate(20e6), attempt);
        attempt.expect(document.at("search").at("shaper_suspected") == true, "a bucket");
      });
  const auto allowed =
      search_behind(kRandomLoss, {"--max-loss", "2%", "--gso", "off"},
                    [](const json& document, Attempt& attempt) {
                      check_found(document.at("search"), payload_rate(50e6), attempt);
                    });
  const auto none = search_behind(kRandomLoss, {"--gso", "off"}, judge_random_loss);

  measure_side_by_side(
      {policer, shaper, allowed, none, standard_search(20, "up"), standard_search(100, "down")},
      long_measurement());
}

TEST_CASE("without a bottleneck the hosts are the limit, and most of what they do is found",
          "[accuracy]") {
  if (!kPlain) {
    skip_test("a sanitizer's pace is no host's");
    return;
  }
  const auto unpaced = [] {
    return document_of(run_udperf({"loopback", "--duration", "1s", "--json", "-q"}))
        .at("goodput_bps")
        .get<double>();
  };
  // What the hosts do depends on what else this machine does in the meantime.
  measure_under_condition(
      [&](Attempt& attempt) {
        const double before = unpaced();
        const auto finished = run_udperf({"loopback", "--find-rate", "--json", "-q"});
        const double after = unpaced();
        REQUIRE(finished.code() == 0);
        const json search = document_of(finished).at("search");
        INFO(search.dump(1));
        attempt.needs(after > 0.8 * before && before > 0.8 * after, "an even pace of the hosts");
        attempt.needs(most_offered(search) > 0.8 * std::min(before, after),
                      "that pace in the search itself");
        attempt.expect(search.at("limited_by") == "host_limited", "host_limited");
        const double answer =
            search.at("answer_bps").is_number() ? search.at("answer_bps").get<double>() : 0;
        attempt.expect(
            answer >= 0.8 * std::min(before, after),
            "four fifths of " + std::to_string(before) + ", not " + std::to_string(answer));
        attempt.expect(search.at("trials").back().at("loss_ratio") == 0, "a trial without loss");
      },
      long_measurement());
}
