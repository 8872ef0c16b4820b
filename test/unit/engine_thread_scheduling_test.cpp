#include <future>

#include "clock/system_clock.hpp"
#include "engine/worker.hpp"
#include "os/thread.hpp"
#include "support/catch.hpp"
#include "support/condition.hpp"

using namespace std::chrono_literals;
using namespace udperf;
using engine::Wake;

TEST_CASE("what a process was started with is told, and bulk work gives it back", "[engine]") {
  const SystemClock clock;
  if (!os::ask_for_fifo(1)) {
    udperf::test::skip_test("needs leave to go before other threads (SCHED_FIFO)");
    return;
  }
  engine::ThreadScheduling off{engine::Urgency::deadline, engine::Realtime::off, clock};
  off.begin();
  CHECK(off.now() == Scheduling::fifo);
  CHECK(os::runs_realtime());
  off.end();  // it did not ask for it
  CHECK(os::runs_realtime());

  engine::ThreadScheduling bulk{engine::Urgency::bulk, engine::Realtime::automatic, clock};
  bulk.begin();
  CHECK(bulk.now() == Scheduling::normal);
  CHECK_FALSE(os::runs_realtime());
}

TEST_CASE("a worker's load is what its tasks weigh", "[engine]") {
  struct Heavy final : engine::Task {
    Wake step(MonoTime /*now*/, net::ReceiveBuffers& /*buffers*/) override { return Wake{}; }
    [[nodiscard]] bool over() const override { return false; }
    [[nodiscard]] std::size_t weight() const override { return kAllThereIs; }
  };
  struct Light final : engine::Task {
    Wake step(MonoTime /*now*/, net::ReceiveBuffers& /*buffers*/) override { return Wake{}; }
    [[nodiscard]] bool over() const override { return false; }
  };
  const SystemClock clock;
  Heavy heavy;
  Light light;
  engine::Worker worker{clock};
  worker.add(light);
  CHECK(worker.load() == 1);
  worker.add(heavy);
  CHECK(worker.load() == 1 + engine::Task::kAllThereIs);
  worker.stop();
}

TEST_CASE("a task that has ended weighs nothing any more", "[engine]") {
  struct Short final : engine::Task {
    Wake step(MonoTime /*now*/, net::ReceiveBuffers& /*buffers*/) override {
      stepped.set_value();
      return Wake{};
    }
    [[nodiscard]] bool over() const override { return true; }
    [[nodiscard]] std::size_t weight() const override { return kAllThereIs; }
    std::promise<void> stepped;
  };
  const SystemClock clock;
  Short task;
  engine::Worker worker{clock};
  worker.add(task);
  REQUIRE(task.stepped.get_future().wait_for(10s) == std::future_status::ready);
  worker.stop();
  CHECK(task.released());
  CHECK(worker.load() == 0);
}
