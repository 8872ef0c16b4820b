#include <memory>
#include <vector>

#include "session/control_budget.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;
using namespace udperf;
using session::ControlBudget;
using Kind = ControlBudget::Kind;

namespace {

constexpr MonoTime kStart{1000s};

TokenBucket all() {
  return TokenBucket{ControlBudget::kBytesPerSecondOfAll, ControlBudget::kBurstOfAll};
}

}  // namespace

TEST_CASE("three bytes may go for each that came, feedback for two of them", "[session]") {
  auto meter = all();
  ControlBudget budget{meter};
  CHECK_FALSE(budget.take(1, Kind::answer, kStart));
  budget.received(1000);
  CHECK(budget.affordable() == 3000);
  CHECK(budget.take(2000, Kind::feedback, kStart));
  CHECK_FALSE(budget.take(1, Kind::feedback, kStart));
  CHECK(budget.take(1000, Kind::answer, kStart));
  CHECK_FALSE(budget.take(1, Kind::answer, kStart));
  CHECK(budget.affordable() == 0);
  budget.received(UINT64_MAX - 1000);  // no sum wraps
  CHECK(budget.affordable() > 1'000'000);
}

TEST_CASE("what is paid for leaves at a pace, of each session and of all", "[session]") {
  auto meter = all();
  ControlBudget budget{meter};
  budget.received(std::uint64_t{1} << 40U);
  std::uint64_t sent = 0;
  for (MonoTime now = kStart; now < kStart + 10s; now += 1ms) {
    while (budget.take(1000, Kind::answer, now)) {
      sent += 1000;
    }
  }
  CHECK(sent <= 10 * ControlBudget::kBytesPerSecond + ControlBudget::kBurst);
  CHECK(sent >= 10 * ControlBudget::kBytesPerSecond * 95 / 100);

  auto shared = all();
  std::vector<std::unique_ptr<ControlBudget>> sessions;
  for (int i = 0; i < 64; ++i) {
    sessions.push_back(std::make_unique<ControlBudget>(shared));
    sessions.back()->received(std::uint64_t{1} << 40U);
  }
  std::uint64_t together = 0;
  for (MonoTime now = kStart; now < kStart + 2s; now += 1ms) {
    for (const auto& one : sessions) {
      while (one->take(1000, Kind::answer, now)) {
        together += 1000;
      }
    }
  }
  CHECK(together <= 2 * ControlBudget::kBytesPerSecondOfAll + ControlBudget::kBurstOfAll);
}

TEST_CASE("what has to wait for its pace is due when it may go", "[session]") {
  auto meter = all();
  ControlBudget budget{meter};
  budget.received(1'000'000);
  while (budget.take(1000, Kind::answer, kStart)) {
  }
  const MonoTime due = budget.due(1000);
  CHECK(due > kStart);
  CHECK_FALSE(budget.take(1000, Kind::answer, due - 1us));
  CHECK(budget.take(1000, Kind::answer, due));
}

TEST_CASE("of control messages so much is talk, and the rest traffic", "[session]") {
  auto meter = all();
  ControlBudget budget{meter};
  budget.received(300);
  budget.opened(200);
  CHECK(budget.beside_talk(kStart) == 100);
  // An hour of silence is no credit for what comes at once behind it, but for that hour.
  CHECK(budget.beside_talk(kStart + 1h) == 100);
  constexpr std::uint64_t kMuch = 100 * ControlBudget::kBytesPerSecond;
  budget.received(kMuch);
  budget.opened(kMuch);
  CHECK(budget.beside_talk(kStart + 1h + 10s) == 100 + kMuch / 10 * 9);
}
