#include <sys/eventfd.h>

#include <atomic>
#include <cstdint>
#include <future>
#include <new>

#include "clock/system_clock.hpp"
#include "engine/worker.hpp"
#include "net/fd.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;
using namespace udperf;
using engine::Wake;

namespace {

/// Reads by the clock at first, and then only when something has arrived.
class Dozing final : public engine::Task {
 public:
  explicit Dozing(const Clock& clock) : clock_(clock), event_(::eventfd(0, EFD_NONBLOCK)) {}

  Wake step(MonoTime /*now*/, net::ReceiveBuffers& /*buffers*/) override {
    std::uint64_t arrived = 0;
    const bool any = ::read(event_.get(), &arrived, sizeof arrived) > 0;
    ++steps_;
    if (steps_ <= kDozes) {
      return Wake{clock_.now() + 1ms, false, false, true};
    }
    if (steps_ == kDozes + 1) {
      listening_.set_value();
    } else if (any) {
      over_ = true;
      woken_.set_value();
    }
    return Wake{};
  }
  [[nodiscard]] bool over() const override { return over_; }
  [[nodiscard]] int read_fd() const override { return event_.get(); }

  void arrive() const {
    const std::uint64_t one = 1;
    REQUIRE(::write(event_.get(), &one, sizeof one) == sizeof one);
  }
  std::future<void> listening() { return listening_.get_future(); }
  std::future<void> woken() { return woken_.get_future(); }

 private:
  static constexpr int kDozes = 5;

  const Clock& clock_;
  net::Fd event_;
  int steps_ = 0;
  bool over_ = false;
  std::promise<void> listening_;
  std::promise<void> woken_;
};

/// Has no memory at its first step.
class Starved final : public engine::Task {
 public:
  Wake step(MonoTime /*now*/, net::ReceiveBuffers& /*buffers*/) override { throw std::bad_alloc{}; }
  void abandon() noexcept override {
    over_ = true;
    abandoned_.set_value();
  }
  [[nodiscard]] bool over() const override { return over_; }
  std::future<void> abandoned() { return abandoned_.get_future(); }

 private:
  bool over_ = false;
  std::promise<void> abandoned_;
};

}  // namespace

TEST_CASE("a task without memory ends alone; the thread and the others go on", "[engine]") {
  const SystemClock clock;
  Starved starved;
  Dozing other{clock};
  auto abandoned = starved.abandoned();
  auto listening = other.listening();
  engine::Worker worker{clock};
  worker.add(starved);
  worker.add(other);

  CHECK(abandoned.wait_for(10s) == std::future_status::ready);
  CHECK(listening.wait_for(10s) == std::future_status::ready);
}

TEST_CASE("a task that read by the clock is woken by arrivals again", "[engine]") {
  const SystemClock clock;
  Dozing task{clock};
  auto listening = task.listening();
  auto woken = task.woken();
  engine::Worker worker{clock};
  worker.add(task);

  REQUIRE(listening.wait_for(10s) == std::future_status::ready);
  task.arrive();
  CHECK(woken.wait_for(10s) == std::future_status::ready);
}
