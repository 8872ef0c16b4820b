// The server lives in a time namespace of its own, where the monotonic clock is an hour ahead: to
// udperf it is another host, and how the clocks relate is known to the nanosecond. As root only.

#include <unistd.h>

#include <cmath>
#include <cstdlib>
#include <string>

#include "e2e/program.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;
using nlohmann::json;
using udperf::test::check_books;
using udperf::test::document_of;
using udperf::test::patience;
using udperf::test::Process;
using udperf::test::run_udperf;
using udperf::test::Stream;
using udperf::test::unused_port;

TEST_CASE("an hour between monotonic clocks is found within the stated uncertainty",
          "[accuracy][clock]") {
  if (::geteuid() != 0) {
    WARN("needs root: a time namespace");
    return;
  }
  const std::string port = std::to_string(unused_port());
  auto server = Process::start({"unshare", "-T", "--monotonic", "3600", UDPERF_BINARY, "server",
                                "--bind", "127.0.0.1", "--port", port});
  REQUIRE(server.has_value());
  REQUIRE(server->wait_for(Stream::err, "listening", patience(5s)));

  for (int i = 0; i < 20; ++i) {
    CAPTURE(i);
    const auto finished =
        run_udperf({"client", "127.0.0.1", "--port", port, "--json", "--packets", "50", "--rate",
                    "1000pps", "--direction", "both", "--gro", "off", "--packet-size", "200"});
    CAPTURE(finished.err);
    REQUIRE(finished.code() == 0);
    const json document = document_of(finished);
    const json& clock = document.at("clock");
    CAPTURE(clock.dump());
    CHECK(clock.at("method") == "corridor");
    CHECK(clock.at("step_detected") == false);
    // Both wall clocks are the same one.
    const auto uncertainty = clock.at("uncertainty_ns").get<std::int64_t>();
    CHECK(std::abs(clock.at("offset_ns").get<std::int64_t>()) <= uncertainty + 5000);
    CHECK(uncertainty < 5'000'000);
    for (const char* way : {"up", "down"}) {
      check_books(document.at(way));
      const json& delay = document.at(way).at("delay");
      // Loopback takes microseconds: what is stated as the delay is that, give or take.
      CHECK(delay.at("min_ns").get<double>() > -delay.at("uncertainty_ns").get<double>() - 5000);
      CHECK(delay.at("min_ns").get<double>() < delay.at("uncertainty_ns").get<double>() + 1e6);
      CHECK(document.at(way).at("delay_variation").at("p50_ns").get<double>() < 10e6);
    }
  }
}
