#include <deque>
#include <optional>
#include <vector>

#include "pacing/realtime_budget.hpp"
#include "pacing/spin_policy.hpp"
#include "support/catch.hpp"
#include "support/seeded_random.hpp"

using namespace std::chrono_literals;
using namespace udperf;
using pacing::RealtimeBudget;
using pacing::SpinPolicy;

namespace {

constexpr MonoTime kStart{1000s};

/// Runs a thread that uses `percent` of a core; returns when it was sent back, or nothing.
std::optional<Duration> sent_back(RealtimeBudget& budget, int percent, Duration length) {
  for (Duration t{0}; t < length; t += 50ms) {
    if (!budget.sample(kStart + t, t * percent / 100)) {
      return t;
    }
  }
  return std::nullopt;
}

}  // namespace

TEST_CASE("half a core may be used for ever", "[pacing]") {
  RealtimeBudget budget;
  CHECK(!sent_back(budget, 50, 1h));
}

TEST_CASE("threads of one kind of work are sent back, and come back, together", "[pacing]") {
  RealtimeBudget::Group group;
  RealtimeBudget greedy{&group};
  RealtimeBudget modest{&group};
  RealtimeBudget stranger;
  Duration cpu{0};
  MonoTime now = kStart;
  while (greedy.sample(now, cpu)) {
    REQUIRE(modest.sample(now, Duration{0}));
    now += 50ms;
    cpu += 50ms;
  }
  CHECK_FALSE(modest.sample(now, Duration{0}));
  CHECK(stranger.sample(now, Duration{0}));

  const MonoTime pardoned = now + RealtimeBudget::kFirstPause;
  CHECK_FALSE(modest.sample(pardoned - 1ns, Duration{0}));
  CHECK(modest.sample(pardoned, Duration{0}));
  CHECK(greedy.sample(pardoned, cpu));
}

TEST_CASE("many threads together use no more than half of the cores", "[pacing]") {
  const auto threads = GENERATE(2, 5, 32);
  RealtimeBudget::Account account{2};
  std::deque<RealtimeBudget> budgets;
  for (int i = 0; i < threads; ++i) {
    budgets.emplace_back(nullptr, &account);
  }
  MonoTime now = kStart;
  Duration cpu{0};
  int before_others = threads;
  while (now < kStart + 2s && before_others > 0) {
    before_others = 0;
    for (RealtimeBudget& budget : budgets) {
      before_others += budget.sample(now, cpu) ? 1 : 0;
    }
    now += 50ms;
    cpu += 20ms;  // 40 % of a core each: none of them is too much by itself
  }
  CHECK((before_others == 0) == (threads > 2));
  if (threads == 32) {
    CHECK(now <= kStart + 250ms);  // 12.8 cores' worth
  }
}

TEST_CASE("what a thread uses as one of many is nobody else's debt", "[pacing]") {
  RealtimeBudget::Account account{2};
  RealtimeBudget greedy{nullptr, &account};
  RealtimeBudget modest{nullptr, &account};
  Duration cpu{0};
  for (MonoTime now = kStart; now < kStart + 4s; now += 50ms) {
    static_cast<void>(greedy.sample(now, cpu));
    REQUIRE(modest.sample(now, cpu / 10));
    cpu += 50ms;
  }
  CHECK_FALSE(greedy.allowed());
}

TEST_CASE("more than half a core for a second is too much", "[pacing]") {
  RealtimeBudget whole;
  CHECK(sent_back(whole, 100, 10s).value_or(1h) <= 600ms);
  RealtimeBudget little_more;
  CHECK(sent_back(little_more, 60, 10s).value_or(1h) <= 1100ms);
  CHECK(!little_more.allowed());
}

TEST_CASE("a burst of work now and then is not too much", "[pacing]") {
  RealtimeBudget budget;
  Duration cpu{0};
  for (int i = 0; i < 1000; ++i) {
    cpu += i % 20 < 9 ? 50ms : 0ms;  // 450 ms of each second
    CHECK(budget.sample(kStart + i * 50ms, cpu));
  }
}

TEST_CASE("who was sent back comes back, later each time", "[pacing]") {
  RealtimeBudget budget;
  std::vector<MonoTime> sent_back_at;
  std::vector<MonoTime> back_at;
  bool allowed = true;
  for (MonoTime now = kStart; now < kStart + 60s; now += 50ms) {
    const bool was = allowed;
    allowed = budget.sample(now, now - kStart);
    if (was != allowed) {
      (allowed ? back_at : sent_back_at).push_back(now);
    }
  }
  REQUIRE(back_at.size() >= 3);
  CHECK(back_at[0] - sent_back_at[0] == 5s);
  CHECK(back_at[1] - sent_back_at[1] == 10s);
  CHECK(back_at[2] - sent_back_at[2] == 20s);
}

TEST_CASE("no thread gets more than its budget in any second", "[pacing][property]") {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    test::SeededRandom random{seed};
    RealtimeBudget budget;
    MonoTime now = kStart;
    Duration cpu{0};
    std::vector<std::pair<MonoTime, Duration>> steps;  // real-time use, by when each step ended
    while (now < kStart + 20s) {
      const Duration step{random.between(1'000'000, 60'000'000)};
      const Duration used = step * random.between(0, 100) / 100;
      now += step;
      cpu += used;
      if (budget.allowed()) {
        steps.emplace_back(now, used);
      }
      if (budget.due(now)) {
        budget.sample(now, cpu);
      }
    }
    for (std::size_t i = 0; i < steps.size(); ++i) {
      Duration sum{0};
      for (std::size_t j = i; j < steps.size() && steps[j].first <= steps[i].first + 1s; ++j) {
        sum += steps[j].second;
      }
      CAPTURE(seed, i);
      REQUIRE(sum <= 500ms + 3 * 60ms);  // it is found out at the next sample
    }
  }
}

TEST_CASE("spinning pauses for a second after a late wake-up", "[pacing]") {
  SpinPolicy policy;
  CHECK(policy.pays(kStart));
  policy.on_wake(kStart, 900us);
  CHECK(policy.pays(kStart));
  policy.on_wake(kStart, 1ms);
  CHECK(!policy.pays(kStart + 999ms));
  CHECK(policy.pays(kStart + 1s));
  policy.on_wake(kStart + 500ms, 5ms);
  CHECK(!policy.pays(kStart + 1499ms));
  CHECK(policy.pays(kStart + 1500ms));
}

TEST_CASE("where spinning makes it late again, it pauses for longer", "[pacing]") {
  SpinPolicy policy;
  policy.on_wake(kStart, 3ms);
  policy.on_wake(kStart + 1100ms, 3ms);
  CHECK(!policy.pays(kStart + 3s));
  CHECK(policy.pays(kStart + 3100ms));
  MonoTime now = kStart + 3100ms;
  for (int i = 0; i < 10; ++i) {
    while (!policy.pays(now)) {
      now += 100ms;
    }
    policy.on_wake(now, 3ms);
  }
  CHECK(!policy.pays(now + 15s));
  CHECK(policy.pays(now + 16s));
  policy.on_wake(now + 60s, 3ms);  // a long time after
  CHECK(policy.pays(now + 61s));
}
