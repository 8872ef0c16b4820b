#include "engine/feedback_schedule.hpp"
#include "session/light.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;
using udperf::Duration;
using udperf::kNever;
using udperf::MonoTime;
using udperf::engine::FeedbackSchedule;
using udperf::session::Role;

namespace {

constexpr MonoTime kStart = MonoTime{} + 1h;

FeedbackSchedule::Settings settings_of(Role role, Duration interval = 1s) {
  FeedbackSchedule::Settings settings;
  settings.role = role;
  settings.interval = interval;
  return settings;
}

/// From one FEEDBACK to the next where `fresh` datagrams came before the first.
Duration wait_after(FeedbackSchedule schedule, std::uint64_t fresh, bool sender_waits = false) {
  schedule.on_sent(10, sender_waits, kStart);
  schedule.on_sent(10 + fresh, sender_waits, kStart + 1s);
  return schedule.next() - (kStart + 1s);
}

}  // namespace

TEST_CASE("feedback is not due before data may flow, and then at once", "[engine]") {
  FeedbackSchedule schedule{settings_of(Role::client)};
  CHECK(schedule.next() == kNever);
  CHECK_FALSE(schedule.due(kStart));
  schedule.begin(kStart);
  CHECK(schedule.due(kStart));
  schedule.on_sent(0, false, kStart);
  schedule.begin(kStart + 1ms);  // only the first
  CHECK_FALSE(schedule.due(kStart + 1ms));
}

TEST_CASE("the first data is answered at once, more of it within 50 ms", "[engine]") {
  FeedbackSchedule schedule{settings_of(Role::server)};
  schedule.on_first_data(kStart);
  CHECK(schedule.due(kStart));
  schedule.on_data(kStart);
  CHECK(schedule.next() == kStart);
  schedule.on_sent(0, false, kStart);  // nothing new: a quarter of a second
  REQUIRE(schedule.next() > kStart + 50ms);
  schedule.on_data(kStart + 10ms);
  CHECK(schedule.next() == kStart + 60ms);
  schedule.on_data(kStart + 20ms);
  CHECK(schedule.next() == kStart + 60ms);
}

TEST_CASE("while data comes feedback is said each 50 ms, or each interval", "[engine]") {
  CHECK(wait_after(FeedbackSchedule{settings_of(Role::server)}, 1) == 50ms);
  CHECK(wait_after(FeedbackSchedule{settings_of(Role::client)}, 1) == 50ms);
  CHECK(wait_after(FeedbackSchedule{settings_of(Role::server, 20ms)}, 1) == 20ms);
}

TEST_CASE("where nothing comes feedback is said less often, more so by a server", "[engine]") {
  CHECK(wait_after(FeedbackSchedule{settings_of(Role::server)}, 0) == 250ms);
  CHECK(wait_after(FeedbackSchedule{settings_of(Role::client)}, 0) == 160ms);
}

TEST_CASE("a client's words are often enough for a permit that five losses do not end",
          "[engine]") {
  const Duration wait = wait_after(FeedbackSchedule{settings_of(Role::client)}, 0);
  CHECK(6 * wait < 1s);
}

TEST_CASE("who adjusts the rate hears even of nothing each 50 ms", "[engine]") {
  auto settings = settings_of(Role::server);
  settings.adjusted = true;
  CHECK(wait_after(FeedbackSchedule{settings}, 0) == 50ms);
}

TEST_CASE("a sender that waits for the queue hears of it each 10 ms", "[engine]") {
  CHECK(wait_after(FeedbackSchedule{settings_of(Role::server)}, 1, true) == 10ms);
  CHECK(wait_after(FeedbackSchedule{settings_of(Role::client)}, 1, true) == 10ms);
  CHECK(wait_after(FeedbackSchedule{settings_of(Role::client)}, 0, true) == 10ms);
  CHECK(wait_after(FeedbackSchedule{settings_of(Role::server)}, 0, true) == 50ms);
}

TEST_CASE("a light test says feedback as seldom as both ends have agreed", "[engine]") {
  auto settings = settings_of(Role::client, 10s);
  settings.sparse_control = true;
  CHECK(wait_after(FeedbackSchedule{settings}, 1) == Duration{udperf::session::kLightFeedback});
}

TEST_CASE("once stopped, feedback is due no more, and quiet is what has not grown", "[engine]") {
  FeedbackSchedule schedule{settings_of(Role::server)};
  schedule.on_sent(7, false, kStart);
  CHECK(schedule.quiet(7));
  CHECK_FALSE(schedule.quiet(8));
  schedule.stop();
  CHECK(schedule.next() == kNever);
}
