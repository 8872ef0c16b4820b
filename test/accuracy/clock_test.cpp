// The server lives in a time namespace of its own, where the monotonic clock is an hour ahead: to
// udperf it is another host, and how the clocks relate is known to the nanosecond. As root only.

#include <unistd.h>

#include <cmath>
#include <cstdlib>
#include <ctime>
#include <string>

#include "e2e/program.hpp"
#include "support/catch.hpp"
#include "support/condition.hpp"
#include "support/places.hpp"

using namespace std::chrono_literals;
using nlohmann::json;
using udperf::Duration;
using udperf::test::Attempt;
using udperf::test::check_books;
using udperf::test::document_of;
using udperf::test::kGuard;
using udperf::test::kProgram;
using udperf::test::measure_under_condition;
using udperf::test::Process;
using udperf::test::run_udperf;
using udperf::test::skip_test;
using udperf::test::Stream;

namespace {

/// By how much the wall clock is ahead of the monotonic one: steps of the wall clock show.
Duration wall_minus_monotonic() {
  const auto now = [](clockid_t clock) {
    timespec time{};
    ::clock_gettime(clock, &time);
    return std::chrono::seconds{time.tv_sec} + std::chrono::nanoseconds{time.tv_nsec};
  };
  Duration best = Duration::max();
  Duration out{0};
  for (int i = 0; i < 100; ++i) {  // between two looks this thread may be held up
    const auto before = now(CLOCK_MONOTONIC);
    const auto wall = now(CLOCK_REALTIME);
    const auto after = now(CLOCK_MONOTONIC);
    if (after - before < best) {
      best = after - before;
      out = wall - (before + after) / 2;
    }
  }
  return out;
}

/// What is bounded on any host holds at once; how tight the bounds are is a matter of the host.
void check_clock(const json& document, Attempt& attempt) {
  const json& clock = document.at("clock");
  CAPTURE(clock.dump());
  CHECK(clock.at("method") == "corridor");
  CHECK(clock.at("step_detected") == false);
  // Both wall clocks are the same one.
  const auto uncertainty = clock.at("uncertainty_ns").get<std::int64_t>();
  CHECK(std::abs(clock.at("offset_ns").get<std::int64_t>()) <= uncertainty + 5000);
  attempt.expect(uncertainty < 5'000'000, "5 ms of uncertainty at most");
  for (const char* way : {"up", "down"}) {
    check_books(document.at(way));
    const json& delay = document.at(way).at("delay");
    // Loopback takes microseconds: what is stated as the delay is that, give or take.
    CHECK(delay.at("min_ns").get<double>() > -delay.at("uncertainty_ns").get<double>() - 5000);
    attempt.expect(
        delay.at("min_ns").get<double>() < delay.at("uncertainty_ns").get<double>() + 1e6,
        "a delay of a millisecond at most");
    attempt.expect(document.at(way).at("delay_variation").at("p50_ns").get<double>() < 10e6,
                   "a median variation of 10 ms at most");
  }
}

}  // namespace

TEST_CASE("an hour between monotonic clocks is found within the stated uncertainty",
          "[accuracy][clock]") {
  if (::geteuid() != 0) {
    skip_test("needs root: a time namespace");
    return;
  }
  if (const auto may = udperf::test::run_to_end({"unshare", "-T", "true"}, kGuard);
      !may || may->code() != 0) {
    skip_test("time namespaces cannot be made here");
    return;
  }
  constexpr int kReadyFd = 7;
  auto server =
      Process::start({"unshare", "-T", "--monotonic", "3600", kProgram, "server", "--bind",
                      "127.0.0.1", "--port", "0", "--ready-fd", std::to_string(kReadyFd)},
                     {kReadyFd, {}, {}});
  REQUIRE(server.has_value());
  REQUIRE(server->wait_for(Stream::extra, "\n", kGuard));
  const json ready = json::parse(server->output(Stream::extra));
  const std::string port = std::to_string(ready.at("data").at("port").get<int>());

  for (int i = 0; i < 20; ++i) {
    CAPTURE(i);
    const auto measure = [&](Attempt& attempt) {
      const Duration before = wall_minus_monotonic();
      const auto finished =
          run_udperf({"client", "127.0.0.1", "--port", port, "--json", "--packets", "50", "--rate",
                      "1000pps", "--direction", "both", "--gro", "off", "--packet-size", "200"});
      CAPTURE(finished.err);
      REQUIRE(finished.code() == 0);
      if (attempt.needs(std::chrono::abs(wall_minus_monotonic() - before) < 5us,
                        "a wall clock that nobody sets")) {
        check_clock(document_of(finished), attempt);
      }
    };
    if (!measure_under_condition(measure)) {
      return;
    }
  }
}
