#include <vector>

#include "rounds/lateness_watch.hpp"
#include "rounds/light_rounds.hpp"
#include "support/catch.hpp"
#include "support/fake_clock.hpp"
#include "support/seeded_random.hpp"

namespace udperf::rounds {
namespace {

using namespace std::chrono_literals;

struct Nobody final : Listener {
  void on_round(Round&& /*round*/) override {}
};

/// Takes tasks, and runs none.
struct Recorder final : engine::Executor {
  void add(engine::Task& task) override { tasks.push_back(&task); }
  void wake() override {}
  std::vector<engine::Task*> tasks;
};

TEST_CASE("the latest of the last second is told, and then forgotten", "[rounds]") {
  const test::FakeClock clock;
  LatenessWatch watch{clock};
  net::ReceiveBuffers buffers;
  MonoTime due = clock.now() + LatenessWatch::kEvery;
  const auto step_late = [&](Duration late) { due = watch.step(due + late, buffers).at; };
  step_late(70ms);
  step_late(30ms);
  CHECK(watch.lateness() == 70ms);
  for (int i = 0; i < 20; ++i) {
    step_late(0ms);
  }
  CHECK(watch.lateness() == 0ms);
}

TEST_CASE("a step before its time says nothing", "[rounds]") {
  const test::FakeClock clock;
  LatenessWatch watch{clock};
  net::ReceiveBuffers buffers;
  CHECK(watch.step(clock.now(), buffers).at == clock.now() + LatenessWatch::kEvery);
  CHECK(watch.lateness() == 0ms);
}

TEST_CASE("what the host keeps from all is not watched where rounds are run", "[rounds]") {
  const test::FakeClock clock;
  test::SeededRandom random{1};
  Nobody nobody;
  Recorder worker;
  Recorder sleeper;
  const LightRounds engine{{{&worker}, &sleeper}, clock, random, nobody};
  REQUIRE(sleeper.tasks.size() == 1);
  CHECK(dynamic_cast<LatenessWatch*>(sleeper.tasks[0]) != nullptr);
  for (auto* const task : worker.tasks) {
    CHECK(dynamic_cast<LatenessWatch*>(task) == nullptr);
  }
}

}  // namespace
}  // namespace udperf::rounds
