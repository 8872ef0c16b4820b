#include "engine/send_permit.hpp"
#include "engine/test_state.hpp"
#include "session/light.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;
using udperf::Duration;
using udperf::MonoTime;
using udperf::engine::kProofLease;
using udperf::engine::SendPermit;
using Verdict = udperf::engine::SendPermit::Verdict;

namespace {

constexpr MonoTime kHeard = MonoTime{} + 1h;
const SendPermit::Peer kNear{1ms, 0s};

/// FEEDBACK each 50 ms up to `until`, the sender at `batches`; every one echoes recent data.
void feed(SendPermit& permit, MonoTime from, MonoTime until) {
  std::uint64_t number = 0;
  for (MonoTime now = from; now <= until; now += 50ms) {
    permit.on_feedback(++number, true, now);
    CHECK(permit.judge(kNear, now) == Verdict::go_on);
  }
}

}  // namespace

TEST_CASE("a server sends for a second and a round trip before the first feedback", "[engine]") {
  SendPermit permit{SendPermit::Settings{}, kHeard};
  const SendPermit::Peer far{300ms, 0s};
  CHECK(permit.judge(far, kHeard + 1300ms) == Verdict::go_on);
  CHECK(permit.judge(far, kHeard + 1300ms + 1us) == Verdict::wait);
}

TEST_CASE("each feedback lets a server send on for a second", "[engine]") {
  SendPermit permit{SendPermit::Settings{}, kHeard};
  feed(permit, kHeard, kHeard + 10s);
  CHECK(permit.judge(kNear, kHeard + 11s) == Verdict::go_on);
  CHECK(permit.judge(kNear, kHeard + 11s + 2ms) == Verdict::wait);
  permit.on_feedback(1000, true, kHeard + 12s);
  CHECK(permit.judge(kNear, kHeard + 12s) == Verdict::go_on);
}

TEST_CASE("a server that waits for feedback gives up after six seconds", "[engine]") {
  SendPermit permit{SendPermit::Settings{}, kHeard};
  feed(permit, kHeard, kHeard + 1s);
  CHECK(permit.judge(kNear, kHeard + 2s) == Verdict::go_on);
  CHECK(permit.judge(kNear, kHeard + 8s) == Verdict::wait);
  CHECK(permit.judge(kNear, kHeard + 8s + 3ms) == Verdict::give_up);
}

TEST_CASE("a server waits where feedback echoes nothing recent", "[engine]") {
  SendPermit permit{SendPermit::Settings{}, kHeard};
  feed(permit, kHeard, kHeard + 1s);
  std::uint64_t number = 100;
  for (MonoTime now = kHeard + 1s; now <= kHeard + 2s; now += 50ms) {
    permit.on_feedback(++number, false, now);
  }
  CHECK(permit.judge(kNear, kHeard + 2s) == Verdict::go_on);
  CHECK(permit.judge(kNear, kHeard + 2s + 2ms) == Verdict::wait);
}

TEST_CASE("what is sent slowly may go longer without an echo", "[engine]") {
  SendPermit::Settings settings;
  settings.echo_patience = 8s;
  SendPermit permit{settings, kHeard};
  permit.on_feedback(1, true, kHeard);
  permit.on_feedback(2, false, kHeard + 8s);
  CHECK(permit.judge(kNear, kHeard + 8s) == Verdict::go_on);
  CHECK(permit.judge(kNear, kHeard + 8s + 1us) == Verdict::wait);
}

TEST_CASE("a server waits for a peer that has not proven that it receives", "[engine]") {
  SendPermit permit{SendPermit::Settings{}, kHeard};
  permit.on_feedback(1, true, kHeard);
  CHECK(permit.judge({1ms, kProofLease + 1ms}, kHeard) == Verdict::go_on);
  CHECK(permit.judge({1ms, kProofLease + 1ms + 1us}, kHeard) == Verdict::wait);
}

TEST_CASE("a light test's permit lasts as long as its feedback is seldom", "[engine]") {
  SendPermit::Settings settings;
  settings.sparse_control = true;
  SendPermit permit{settings, kHeard};
  permit.on_feedback(1, true, kHeard);
  const auto light = Duration{udperf::session::kLightPermit};
  REQUIRE(light > 1s);
  CHECK(permit.judge(kNear, kHeard + light) == Verdict::go_on);
  CHECK(permit.judge(kNear, kHeard + light + 1us) == Verdict::wait);
}

TEST_CASE("the end of a permit is just later than the last time it holds", "[engine]") {
  SendPermit permit{SendPermit::Settings{}, kHeard};
  SECTION("by feedback") {
    permit.on_feedback(1, true, kHeard + 100ms);
  }
  SECTION("by what it echoes") {
    permit.on_feedback(1, true, kHeard);
    permit.on_feedback(2, false, kHeard + 900ms);
  }
  SECTION("before the first feedback") {}
  const MonoTime now = kHeard + 900ms;
  const MonoTime end = permit.end(kNear, now);
  CHECK(end > now);
  CHECK(permit.judge(kNear, end - 1us) == Verdict::go_on);
  CHECK(permit.judge(kNear, end) == Verdict::wait);
}

TEST_CASE("a permit ends with the proof where that ends first", "[engine]") {
  SendPermit permit{SendPermit::Settings{}, kHeard};
  permit.on_feedback(1, true, kHeard);
  CHECK(permit.end({1ms, 2900ms}, kHeard) == kHeard + kProofLease - 2900ms + 1ms + 1us);
}

TEST_CASE("a client has the patience that it was told to have", "[engine]") {
  SendPermit::Settings settings;
  settings.patience = 3s;
  SendPermit permit{settings, kHeard};
  CHECK_FALSE(permit.out_of_patience(kHeard + 3s));
  CHECK(permit.out_of_patience(kHeard + 3s + 1us));
  permit.on_feedback(1, false, kHeard + 3s);
  CHECK_FALSE(permit.out_of_patience(kHeard + 6s));

  const SendPermit endless{SendPermit::Settings{}, kHeard};
  CHECK_FALSE(endless.out_of_patience(kHeard + 24h));
}

TEST_CASE("feedback that is old, or came twice, is no news", "[engine]") {
  SendPermit permit{SendPermit::Settings{}, kHeard};
  CHECK(permit.is_news(1));
  permit.on_feedback(5, true, kHeard);
  CHECK_FALSE(permit.is_news(4));
  CHECK_FALSE(permit.is_news(5));
  CHECK(permit.is_news(6));
}

TEST_CASE("an echo is recent for two seconds and a round trip", "[engine]") {
  SendPermit permit{SendPermit::Settings{}, kHeard};
  std::uint64_t batches = 0;
  for (MonoTime now = kHeard; now <= kHeard + 10s; now += 10ms) {
    permit.mark(batches, 500ms, now);
    ++batches;  // a hundred a second
  }
  const auto batch = [&](std::uint64_t ago) { return static_cast<std::uint32_t>(batches - ago); };
  CHECK(permit.is_recent(batch(1), batches));
  CHECK(permit.is_recent(batch(249), batches));
  CHECK_FALSE(permit.is_recent(batch(280), batches));
  CHECK_FALSE(permit.is_recent(batch(0), batches));  // has not been sent
}

TEST_CASE("all that a sender sent at first is recent", "[engine]") {
  const SendPermit permit{SendPermit::Settings{}, kHeard};
  CHECK(permit.is_recent(0, 10));
  CHECK(permit.is_recent(9, 10));
  CHECK_FALSE(permit.is_recent(10, 10));
}
