// Rate, queueing delay and the receiver's own drops beside what the kernel was told to do.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "e2e/program.hpp"
#include "e2e/scene.hpp"
#include "support/catch.hpp"
#include "support/condition.hpp"

using namespace std::chrono_literals;
using nlohmann::json;
using udperf::test::Attempt;
using udperf::test::check_books;
using udperf::test::client_arguments;
using udperf::test::document_of;
using udperf::test::Finished;
using udperf::test::kGuard;
using udperf::test::kServer4;
using udperf::test::lost_in_hosts;
using udperf::test::measure_side_by_side;
using udperf::test::measure_under_condition;
using udperf::test::Measurement;
using udperf::test::Process;
using udperf::test::run_udperf;
using udperf::test::Scene;
using udperf::test::Server;
using udperf::test::skip_test;
using udperf::test::Stream;
using Place = udperf::test::RoutedPath::Place;

namespace {

constexpr bool kPlain = UDPERF_TEST_TIME_FACTOR == 1;

/// Whether the sender kept a shaper's queue of 50 ms filled: no pause was longer, and in no row was
/// less sent than leaves in it. Rows are the receiver's: while the queue fills up, in the first
/// one, nothing is lost and no more is known to be sent than has passed.
bool queue_never_dry(const json& way, int payload, double shaper_bps) {
  if (way.at("pacing").at("gap_max_ns").get<double>() > 50e6) {
    return false;
  }
  const json& rows = way.at("intervals");
  for (std::size_t i = 0; i + 1 < rows.size(); ++i) {  // the last one is no whole one
    const double time = rows[i].at("end_s").get<double>() - rows[i].at("start_s").get<double>();
    const double least = (i == 0 ? 0.98 : 1.02) * shaper_bps * time;
    if (rows[i].at("sent").get<double>() * payload * 8 < least) {
      return false;
    }
  }
  return true;
}

/// 100 Mb/s of Ethernet frames; the queue holds what leaves in 50 ms.
struct Shaped {
  std::unique_ptr<Scene> scene;
  std::optional<Process> client;
};

void start(Shaped& line, int payload) {
  line.client = line.scene->start_client(
      kServer4, {"--gso", "off", "--rate", "120M", "--duration", "3s", "--packet-size",
                 std::to_string(payload), "--interval", "250ms"});
}

void finish(Shaped& line, int payload, Attempt& attempt) {
  // A frame is 14 + 20 + 8 bytes longer than its payload.
  const double expected = 100e6 * payload / (payload + 42);
  const auto status = line.client->wait(kGuard);
  const Finished finished{
      status, line.client->output(Stream::out), line.client->output(Stream::err), {}};
  CAPTURE(finished.err);
  REQUIRE(finished.code() == 0);
  const auto document = document_of(finished);
  const json& way = document.at("up");
  check_books(way);
  CHECK(way.at("loss").at("network_packets") ==
        way.at("loss").at("packets").get<std::int64_t>() - lost_in_hosts(way));
  attempt.needs(lost_in_hosts(way) == 0, "sockets that lose nothing");
  attempt.needs(queue_never_dry(way, payload, expected), "a sender faster than the shaper");
  attempt.expect_near("goodput", way.at("rx").at("goodput_bps"), expected, 0.005);
  const json& rtt = document.at("rtt");
  if (!attempt.needs(
          rtt.at("loaded").at("p50_ns").is_number() && rtt.at("idle").at("p50_ns").is_number(),
          "round trips enough for a median")) {
    return;
  }
  const double queue_ms =
      (rtt.at("loaded").at("p50_ns").get<double>() - rtt.at("idle").at("p50_ns").get<double>()) /
      1e6;
  attempt.expect_near("the queue in ms", queue_ms, 50, 0.1);
  attempt.expect(rtt.at("bloat_grade") == "B", "grade B");
}

}  // namespace

TEST_CASE("behind a shaper, goodput and queue are what the shaper makes them", "[accuracy]") {
  if (!kPlain) {
    skip_test("a sanitizer's pace is no shaper's");
    return;
  }
  std::vector<Measurement> both;
  for (const int payload : {1472, 1222}) {
    const auto line = std::make_shared<Shaped>();
    line->scene = Scene::make();
    if (!line->scene) {
      return;
    }
    line->scene->path.run(Place::router,
                          "tc qdisc add dev server root tbf rate 100mbit burst 20k limit 625000");
    both.push_back({std::to_string(payload) + " bytes", [=] { start(*line, payload); },
                    [=](Attempt& attempt) { finish(*line, payload, attempt); }});
  }
  measure_side_by_side(both);
}

TEST_CASE("what the receiver's own small buffer drops is not the network's", "[accuracy]") {
  const Server server{udperf::IpFamily::v4, {"--buffer", "8KiB"}};
  for (int i = 0; i < 10; ++i) {
    const bool judged = measure_under_condition([&](Attempt& attempt) {
      const auto finished = run_udperf(
          client_arguments(server.endpoint(), {"--size", "25", "--packet-size", "1448"}));

      CAPTURE(i, finished.err);
      REQUIRE(finished.code() == 0);
      const auto document = document_of(finished);
      const json& loss = document.at("up").at("loss");
      check_books(document.at("up"));
      // Loopback, too, has a queue before the socket, which is nobody's but the network's.
      if (attempt.needs(attempt.strain().drops == 0, "a kernel that drops before no socket")) {
        CHECK(loss.at("network_packets") == 0);
        CHECK(loss.at("rx_socket_drop") == loss.at("packets"));
        if (loss.at("packets") > 0) {
          CHECK(document.at("limited_by") == "receiver_host");
        }
      }
    });
    if (!judged) {
      return;
    }
  }
}
