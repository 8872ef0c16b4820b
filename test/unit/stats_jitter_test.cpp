#include <initializer_list>

#include "stats/jitter.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;
using udperf::Duration;
using udperf::stats::Rfc3550Jitter;

namespace {

Rfc3550Jitter jitter_of(std::initializer_list<std::int64_t> transits_ns) {
  Rfc3550Jitter jitter;
  for (const std::int64_t ns : transits_ns) {
    jitter.add(Duration{ns});
  }
  return jitter;
}

}  // namespace

TEST_CASE("there is no jitter before the second packet", "[stats]") {
  CHECK_FALSE(Rfc3550Jitter{}.value());
  CHECK_FALSE(Rfc3550Jitter{}.largest());
  CHECK_FALSE(jitter_of({5}).value());
  CHECK_FALSE(jitter_of({5}).largest());
  CHECK(jitter_of({5, 5}).value() == 0ns);
}

TEST_CASE("transit times that change by 1 each time bring jitter towards 1", "[stats]") {
  // In units of 1 s, to read off the digits; up and down, so that a missing abs() shows.
  Rfc3550Jitter jitter;
  const auto value = [&jitter] { return jitter.value()->count(); };
  const auto near = [](std::int64_t ns) { return Approx(static_cast<double>(ns)).margin(600.0); };
  for (int packet = 1; packet <= 65; ++packet) {
    jitter.add(packet % 2 == 0 ? 1s : 0s);
    if (packet == 2) {
      CHECK(value() == 62'500'000);
    } else if (packet == 17) {
      CHECK(static_cast<double>(value()) == near(643'926'000));
    } else if (packet == 33) {
      CHECK(static_cast<double>(value()) == near(873'211'000));
    }
  }
  CHECK(static_cast<double>(value()) == near(983'925'000));
}

TEST_CASE("a falling transit time adds as much jitter as a rising one", "[stats]") {
  CHECK(jitter_of({0, 1600}).value() == 100ns);
  CHECK(jitter_of({1600, 0}).value() == 100ns);
  CHECK(jitter_of({-800, 800}).value() == 100ns);
}

TEST_CASE("a constant offset between the clocks makes no jitter", "[stats]") {
  const auto hour = std::int64_t{3'600'000'000'000};
  CHECK(jitter_of({hour + 10, hour + 330}).value() == jitter_of({10, 330}).value());
  CHECK(jitter_of({10 - hour, 330 - hour}).value() == jitter_of({10, 330}).value());
}

TEST_CASE("the largest jitter is kept when jitter falls again", "[stats]") {
  const Rfc3550Jitter jitter = jitter_of({0, 1600, 1600, 1600});

  CHECK(jitter.largest() == 100ns);
  CHECK(jitter.value() == 88ns);  // 100 * (15/16)^2 = 87.9
}
