// Rate, queueing delay and the receiver's own drops beside what the kernel was told to do.

#include <string>

#include "e2e/program.hpp"
#include "e2e/scene.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;
using nlohmann::json;
using udperf::test::check_books;
using udperf::test::client_arguments;
using udperf::test::document_of;
using udperf::test::kServer4;
using udperf::test::run_udperf;
using udperf::test::Scene;
using udperf::test::Server;
using Place = udperf::test::RoutedPath::Place;

namespace {

constexpr bool kPlain = UDPERF_TEST_TIME_FACTOR == 1;

}  // namespace

TEST_CASE("behind a shaper, goodput and queue are what the shaper makes them", "[accuracy]") {
  if (!kPlain) {
    return;  // a sanitizer's pace is not the shaper's
  }
  const auto scene = Scene::make();
  if (!scene) {
    return;
  }
  // 100 Mb/s of Ethernet frames; the queue holds what leaves in 50 ms.
  scene->path.run(Place::router,
                  "tc qdisc add dev server root tbf rate 100mbit burst 20k limit 625000");
  const int payload = GENERATE(1472, 1222);
  CAPTURE(payload);

  const auto finished =
      scene->client(kServer4, {"--gso", "off", "--rate", "120M", "--duration", "4s",
                               "--packet-size", std::to_string(payload), "--interval", "250ms"});

  CAPTURE(finished.err);
  REQUIRE(finished.code() == 0);
  const auto document = document_of(finished);
  const json& way = document.at("up");
  check_books(way);
  // A frame is 14 + 20 + 8 bytes longer than its payload.
  const double expected = 100e6 * payload / (payload + 42);
  CHECK(way.at("rx").at("goodput_bps").get<double>() == Approx(expected).epsilon(0.005));
  CHECK(way.at("loss").at("rx_socket_drop") == 0);
  CHECK(way.at("loss").at("network_packets") == way.at("loss").at("packets"));
  const json& rtt = document.at("rtt");
  const double queue_ms =
      (rtt.at("loaded").at("p50_ns").get<double>() - rtt.at("idle").at("p50_ns").get<double>()) /
      1e6;
  CHECK(queue_ms == Approx(50).epsilon(0.1));
  CHECK(rtt.at("bloat_grade") == "B");
}

TEST_CASE("what the receiver's own small buffer drops is not the network's", "[accuracy]") {
  const Server server{udperf::IpFamily::v4, {"--buffer", "8KiB"}};
  for (int i = 0; i < 10; ++i) {
    const auto finished = run_udperf(
        client_arguments(server.endpoint(), {"--size", "25", "--packet-size", "1448"}), 20s);

    CAPTURE(i, finished.err);
    REQUIRE(finished.code() == 0);
    const auto document = document_of(finished);
    const json& loss = document.at("up").at("loss");
    check_books(document.at("up"));
    CHECK(loss.at("network_packets") == 0);
    CHECK(loss.at("rx_socket_drop") == loss.at("packets"));
    if (loss.at("packets") > 0) {
      CHECK(document.at("limited_by") == "receiver_host");
    }
  }
}
