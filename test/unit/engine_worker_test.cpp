#include <sched.h>
#include <sys/eventfd.h>

#include <atomic>
#include <cstdint>
#include <future>
#include <new>
#include <utility>

#include "clock/system_clock.hpp"
#include "engine/worker.hpp"
#include "os/fd.hpp"
#include "support/catch.hpp"
#include "support/condition.hpp"

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
  os::Fd event_;
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

/// Stands still but for what the tasks of a worker add.
class WorkedClock final : public Clock {
 public:
  [[nodiscard]] MonoTime now() const override { return MonoTime{Duration{ns_.load()}}; }
  [[nodiscard]] UnixTime unix_now() const override { return UnixTime{Duration{ns_.load()}}; }
  void work(Duration time) { ns_ += time.count(); }

 private:
  std::atomic<std::int64_t> ns_{1'000'000'000'000};
};

/// Takes a time at each step, and looks whether it was told what time it is.
class Laborious final : public engine::Task {
 public:
  explicit Laborious(WorkedClock& clock) : clock_(clock) {}

  Wake step(MonoTime now, net::ReceiveBuffers& /*buffers*/) override {
    true_times_ += now == clock_.now() ? 1 : 0;
    clock_.work(1ms);
    if (++steps_ == kSteps) {
      over_ = true;
      done_.set_value(true_times_);
    }
    return Wake{MonoTime{}};
  }
  [[nodiscard]] bool over() const override { return over_; }
  std::future<int> done() { return done_.get_future(); }

  static constexpr int kSteps = 200;

 private:
  WorkedClock& clock_;
  int steps_ = 0;
  int true_times_ = 0;
  bool over_ = false;
  std::promise<int> done_;
};

/// Says how its thread is scheduled; a greedy one then works without a pause until that changes.
class Curious final : public engine::Task {
 public:
  explicit Curious(bool greedy = false) : greedy_(greedy) {}

  Wake step(MonoTime now, net::ReceiveBuffers& /*buffers*/) override {
    if (!told_) {
      told_ = true;
      first_.set_value({scheduling_, ::sched_getscheduler(0) & ~SCHED_RESET_ON_FORK});
      over_ = !greedy_ || scheduling_ != Scheduling::fifo;
    } else if (scheduling_ != Scheduling::fifo) {
      over_ = true;
      lost_.set_value({scheduling_, ::sched_getscheduler(0) & ~SCHED_RESET_ON_FORK});
    }
    return Wake{now, false, false};
  }
  [[nodiscard]] bool over() const override { return over_; }
  void on_scheduling(Scheduling scheduling) override { scheduling_ = scheduling; }

  /// What the worker says, and what the system does.
  using Seen = std::pair<Scheduling, int>;
  Seen first() { return first_.get_future().get(); }
  std::future<Seen> lost() { return lost_.get_future(); }

 private:
  bool greedy_;
  bool told_ = false;
  bool over_ = false;
  Scheduling scheduling_ = Scheduling::untold;
  std::promise<Seen> first_;
  std::promise<Seen> lost_;
};

/// Is stepped at first, and then only when it is told to.
class Told final : public engine::Task {
 public:
  Wake step(MonoTime /*now*/, net::ReceiveBuffers& /*buffers*/) override {
    if (++steps_ == 1) {
      first_.set_value();
    } else {
      over_ = true;
      again_.set_value();
    }
    return Wake{};
  }
  [[nodiscard]] bool over() const override { return over_; }
  std::future<void> first() { return first_.get_future(); }
  std::future<void> again() { return again_.get_future(); }

 private:
  int steps_ = 0;
  bool over_ = false;
  std::promise<void> first_;
  std::promise<void> again_;
};

/// Reads what arrives, late or not, and counts how often it was stepped for it.
class Reader final : public engine::Task {
 public:
  explicit Reader(bool patient) : patient_(patient), event_(::eventfd(0, EFD_NONBLOCK)) {}

  Wake step(MonoTime /*now*/, net::ReceiveBuffers& /*buffers*/) override {
    std::uint64_t arrived = 0;
    if (::read(event_.get(), &arrived, sizeof arrived) > 0) {
      read_ += arrived;
      ++reads_;
    }
    if (read_ >= kAll && !over_) {
      over_ = true;
      done_.set_value();
    }
    return Wake{};
  }
  [[nodiscard]] bool over() const override { return over_; }
  [[nodiscard]] bool tolerates_delay() const override { return patient_; }
  [[nodiscard]] int read_fd() const override { return event_.get(); }

  static constexpr std::uint64_t kAll = 400;
  void arrive() const {
    const std::uint64_t one = 1;
    REQUIRE(::write(event_.get(), &one, sizeof one) == sizeof one);
  }
  std::future<void> done() { return done_.get_future(); }
  /// After done().
  [[nodiscard]] int reads() const { return reads_; }

 private:
  bool patient_;
  os::Fd event_;
  std::uint64_t read_ = 0;
  int reads_ = 0;
  bool over_ = false;
  std::promise<void> done_;
};

}  // namespace

TEST_CASE("a task that is told is stepped, alone, and not after it is over", "[engine]") {
  const SystemClock clock;
  Told told;
  Told other;
  auto first = told.first();
  auto others_first = other.first();
  auto again = told.again();
  auto others_again = other.again();
  engine::Worker worker{clock};
  told.notify();  // it has no home yet
  worker.add(told);
  worker.add(other);
  REQUIRE(first.wait_for(10s) == std::future_status::ready);
  REQUIRE(others_first.wait_for(10s) == std::future_status::ready);

  told.notify();
  REQUIRE(again.wait_for(10s) == std::future_status::ready);
  worker.stop();
  CHECK(told.released());
  CHECK(told.home() == nullptr);
  told.notify();
  CHECK(other.released());
  CHECK(others_again.wait_for(0s) == std::future_status::timeout);
}

TEST_CASE("what arrives at tasks that tolerate delay is read soon, together", "[engine]") {
  const SystemClock clock;
  Reader patient{true};
  auto done = patient.done();
  engine::Worker worker{clock};
  worker.add(patient);
  const MonoTime begun = clock.now();
  for (std::uint64_t i = 0; i < Reader::kAll; ++i) {
    patient.arrive();
    const MonoTime next = begun + static_cast<Duration::rep>(i + 1) * 100us;
    while (clock.now() < next) {
    }
  }
  REQUIRE(done.wait_for(10s) == std::future_status::ready);
  const Duration took = clock.now() - begun;
  // The first at once, then one for each time of patience that passed, and one that was begun.
  CHECK(patient.reads() <= took / engine::Worker::kPatience + 2);
}

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

TEST_CASE("a worker asks for what its tasks need, and says what it has got", "[engine]") {
  using engine::Urgency;
  const SystemClock clock;
  const auto seen = [&clock](Urgency urgency, engine::Realtime realtime) {
    Curious task;
    engine::Worker worker{clock, {engine::Worker::Waiting::asleep, urgency, realtime}};
    worker.add(task);
    return task.first();
  };
  for (const Urgency urgency : {Urgency::arrival, Urgency::deadline}) {
    CHECK(seen(urgency, engine::Realtime::off) == Curious::Seen{Scheduling::normal, SCHED_OTHER});
    const auto [told, policy] = seen(urgency, engine::Realtime::automatic);
    CHECK((told == Scheduling::fifo) == (policy == SCHED_FIFO));
  }
  CHECK(seen(Urgency::bulk, engine::Realtime::automatic) ==
        Curious::Seen{Scheduling::normal, SCHED_OTHER});
}

TEST_CASE("a thread that goes before others and uses a core is sent back", "[engine]") {
  const SystemClock clock;
  Curious task{true};
  auto lost = task.lost();
  engine::Worker worker{clock};
  worker.add(task);
  if (task.first().first != Scheduling::fifo) {
    udperf::test::skip_test("needs leave to go before other threads (SCHED_FIFO)");
    return;
  }
  REQUIRE(lost.wait_for(60s) == std::future_status::ready);
  CHECK(lost.get().second == SCHED_OTHER);
}

TEST_CASE("no task's time has the work of another in it", "[engine]") {
  WorkedClock clock;
  Laborious one{clock};
  Laborious other{clock};
  auto first = one.done();
  auto second = other.done();
  engine::Worker worker{clock};
  worker.add(one);
  worker.add(other);

  REQUIRE(first.wait_for(60s) == std::future_status::ready);
  REQUIRE(second.wait_for(60s) == std::future_status::ready);
  CHECK(first.get() == Laborious::kSteps);
  CHECK(second.get() == Laborious::kSteps);
}
