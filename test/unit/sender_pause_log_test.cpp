#include <cerrno>

#include "sender/pause_log.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;
using namespace udperf;
using sender::PauseLog;

namespace {

MonoTime at(Duration since_start) {
  return MonoTime{1000s} + since_start;
}

}  // namespace

TEST_CASE("refusals close to each other are one pause with their sum", "[sender]") {
  PauseLog log;
  log.begin(at(0s));
  for (int i = 0; i < 10; ++i) {
    log.sent(at(i * 100ms));
    log.stopped(at(i * 100ms + 10ms), EPERM, 2);
    log.sent(at(i * 100ms + 20ms));
  }
  log.finish(at(1s), false);

  const auto pauses = log.result().pauses;
  REQUIRE(pauses.size() == 1);
  CHECK(pauses[0].refused == 20);
  CHECK(pauses[0].start_ns == 10'000'000);
  CHECK(pauses[0].duration_ns == 910'000'000);
  CHECK(pauses[0].os_error == EPERM);
}

TEST_CASE("a full queue for a moment is flow control, for long it is a pause", "[sender]") {
  PauseLog log;
  log.begin(at(0s));
  log.sent(at(10ms));
  log.stopped(at(20ms), EAGAIN, 0);
  log.sent(at(70ms));
  log.stopped(at(80ms), EAGAIN, 0);
  log.finish(at(2s), false);

  const SendTime time = log.result();
  REQUIRE(time.pauses.size() == 1);
  CHECK(time.pauses[0].start_ns == 80'000'000);
  CHECK(time.pauses[0].duration_ns == 1'920'000'000);
  CHECK(time.silent_ns == 1'930'000'000);  // from the last that went out
  CHECK(time.tail_ns == time.silent_ns);
}

TEST_CASE("silence is told only where something was due", "[sender]") {
  PauseLog log;
  log.begin(at(0s));
  log.plan(1s);
  for (int i = 0; i < 5; ++i) {
    log.sent(at(i * 1s));
  }
  log.finish(at(5s), false);
  CHECK(log.result().silent_ns == 0);

  PauseLog count;
  count.begin(at(0s));
  count.sent(at(0s));
  count.finish(at(4s), true);  // all was sent: nothing was due any more
  CHECK(count.result().silent_ns == 0);
}

TEST_CASE("a sender with ever new troubles keeps a short list", "[sender]") {
  PauseLog log;
  log.begin(at(0s));
  std::uint64_t refused = 0;
  for (int i = 0; i < 1000; ++i) {
    log.stopped(at(i * 10s), i % 2 == 0 ? ENETUNREACH : EPERM, 1);
    log.sent(at(i * 10s + 1s));
  }
  log.finish(at(10000s), false);
  const auto pauses = log.result().pauses;
  CHECK(pauses.size() <= kMostSendPauses);
  for (const SendPause& pause : pauses) {
    refused += pause.refused;
  }
  CHECK(refused == 1000);
}
