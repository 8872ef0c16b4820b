#include "pacing/departure_log.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;
using namespace udperf;
using pacing::DepartureLog;

namespace {

MonoTime at(Duration since_start) {
  return MonoTime{1000s} + since_start;
}

}  // namespace

TEST_CASE("what had left by a time is known, or less of it", "[pacing]") {
  DepartureLog log;
  CHECK(log.sent_before(at(1s)) == 0);
  log.note(0, at(0s));
  log.note(10, at(1ms));
  log.note(20, at(2ms));
  log.note(30, at(2ms + 5us));  // too close to the one before to be kept
  CHECK(log.sent_before(at(-1s)) == 0);
  CHECK(log.sent_before(at(1500us)) == 10);
  CHECK(log.sent_before(at(2ms)) == 20);
  CHECK(log.sent_before(at(1h)) == 20);
  CHECK(log.sent_before(at(1ms)) == 0);  // forgotten
}

TEST_CASE("however long nobody asks, it never says more than had left", "[pacing]") {
  DepartureLog log;
  constexpr int kSteps = 100'000;
  for (int i = 0; i < kSteps; ++i) {
    log.note(static_cast<std::uint64_t>(i), at(i * 20us));
  }
  for (int i = 0; i < kSteps; i += 997) {
    const std::uint64_t sent = log.sent_before(at(i * 20us));
    CHECK(sent <= static_cast<std::uint64_t>(i));
    CHECK(sent + kSteps / 128 >= static_cast<std::uint64_t>(i));
  }
}
