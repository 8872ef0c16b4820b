#include <algorithm>
#include <cmath>
#include <deque>
#include <functional>
#include <vector>

#include "pacing/schedule.hpp"
#include "support/catch.hpp"
#include "support/seeded_random.hpp"

// The schedule on hosts that wake it up late: a seed a host. Whatever the host does, the bounds
// hold; where its lateness on average leaves room, the mean is that which was asked for.

using namespace std::chrono_literals;
using namespace udperf;
using pacing::PacketPeriod;
using pacing::Schedule;
using test::SeededRandom;

namespace {

constexpr MonoTime kStart{1000s};
constexpr Duration kWindow = 10ms;

double unit(SeededRandom& random) {
  return static_cast<double>(random.between(0, 1'000'000'000)) / 1e9;
}

std::uint64_t log_uniform(SeededRandom& random, double low, double high) {
  return static_cast<std::uint64_t>(low * std::pow(high / low, unit(random)));
}

PacketPeriod period_of(std::uint64_t milli_pps) {
  return PacketPeriod::of(SendRate{SendRate::Kind::packets, milli_pps}, 1448, 1);
}

/// How late a host wakes up: mostly a little, sometimes (a Pareto tail) much, rarely for seconds.
struct Host {
  Duration usual{0};
  double tail = 0;  ///< share of the wake-ups that are in the tail
  Duration tail_from{0};
  Duration tail_most{0};
  double stop = 0;  ///< share of the wake-ups that come two seconds late

  [[nodiscard]] Duration lateness(SeededRandom& random) const {
    if (random.chance(stop)) {
      return 2s;
    }
    if (!random.chance(tail)) {
      return Duration{std::llround(unit(random) * 2 * static_cast<double>(usual.count()))};
    }
    const double heavy = static_cast<double>(tail_from.count()) / std::pow(1 - unit(random), 0.7);
    return std::min(Duration{std::llround(std::min(heavy, 1e12))}, tail_most);
  }
};

Host any_host(SeededRandom& random) {
  Host host;
  host.usual = Duration{random.between(0, 300'000)};
  host.tail = unit(random) * 0.1;
  host.tail_from = Duration{random.between(100'000, 5'000'000)};
  host.tail_most = Duration{random.between(5'000'000, 80'000'000)};
  host.stop = random.chance(0.3) ? 0.001 : 0;
  return host;
}

/// What left in the last 10 ms, beside the longest burst that was allowed meanwhile.
class SlidingWindow {
 public:
  void sent(MonoTime at, std::uint64_t n, std::uint64_t most_at_once) {
    while (!sends_.empty() && sends_.front().at + kWindow <= at) {
      sum_ -= sends_.front().n;
      sends_.pop_front();
    }
    sends_.push_back({at, n, most_at_once});
    sum_ += n;
  }
  [[nodiscard]] std::uint64_t sum() const { return sum_; }
  [[nodiscard]] std::uint64_t most_at_once() const {
    const auto by_depth = [](const Send& a, const Send& b) {
      return a.most_at_once < b.most_at_once;
    };
    return std::max_element(sends_.begin(), sends_.end(), by_depth)->most_at_once;
  }

 private:
  struct Send {
    MonoTime at;
    std::uint64_t n = 0;
    std::uint64_t most_at_once = 0;
  };

  std::deque<Send> sends_;
  std::uint64_t sum_ = 0;
};

/// Runs a schedule for `length` on a host; every promise about it is checked at every wake-up.
struct Run {
  std::uint64_t sent = 0;
  std::uint64_t due = 0;
  std::uint64_t skipped = 0;
  std::uint64_t broken = 0;  ///< promises
  Duration longest_burst{0};
  Duration length{0};
  /// Of the wake-ups' lateness, what no burst of the longest window can make good at once.
  Duration wasted{0};
};

Run run(std::uint64_t milli_pps, const Host& host, Duration length, SeededRandom& random) {
  const auto period = period_of(milli_pps);
  Schedule schedule{kStart, period, {64, std::nullopt}};
  SlidingWindow window;
  Run out;
  const std::uint64_t longest = period.count_in(pacing::BurstWindow::kSteps.back());
  const Duration room = period.times(std::max(longest, schedule.burst()) - schedule.burst());
  MonoTime now = kStart;
  std::uint64_t wakes = 0;
  while (now < kStart + length && wakes < 60'000) {
    const std::uint64_t most_at_once = schedule.most_at_once();
    const std::uint64_t n = schedule.take_due(now);
    window.sent(now, n, most_at_once);
    out.sent += n;
    ++wakes;
    const auto most = static_cast<double>(period.count_in(kWindow)) * 1.25 +
                      static_cast<double>(window.most_at_once()) + 2;
    out.broken += static_cast<double>(window.sum()) > most ? 1U : 0U;
    out.broken += n > most_at_once ? 1U : 0U;
    const std::uint64_t due = period.count_in(now - kStart) + 1;
    // Nothing leaves before its time, and nothing is forgotten.
    out.broken += out.sent + schedule.skipped() > due ? 1U : 0U;
    const std::uint64_t owed = due - out.sent - schedule.skipped();
    out.broken += owed > std::max(period.count_in(Schedule::kMostOwed), schedule.burst()) ? 1U : 0U;
    const MonoTime next = schedule.next_deadline();
    const Duration late = host.lateness(random);
    out.wasted += std::max(late - room, Duration{0});
    now = std::max(next, now + 1ns) + late;
  }
  const MonoTime end = std::min(kStart + length, now);
  const std::uint64_t last = schedule.take_last(end, now);
  out.sent += last;
  out.broken += last > schedule.most_at_once() ? 1U : 0U;
  out.skipped = schedule.skipped();
  out.longest_burst = schedule.window().longest();
  out.due = period.count_in(end - 1ns - kStart) + 1;
  out.length = end - kStart;
  return out;
}

}  // namespace

TEST_CASE("on any host, at any rate, the bounds of a schedule hold", "[pacing][property]") {
  for (std::uint64_t seed = 1; seed <= 3000; ++seed) {
    SeededRandom random{seed};
    const std::uint64_t milli_pps = log_uniform(random, 1e3, 1e10);  // 1 pps .. 10 Mpps
    const Host host = any_host(random);
    const Run done =
        run(milli_pps, host, 300ms + Duration{random.between(0, 1'000'000'000)}, random);
    CAPTURE(seed, milli_pps, host.usual.count(), host.tail, host.tail_from.count());
    REQUIRE(done.broken == 0);
    REQUIRE(done.sent + done.skipped == done.due);
  }
}

TEST_CASE("the mean is kept wherever lateness on average leaves room", "[pacing][property]") {
  int judged = 0;
  for (std::uint64_t seed = 1; seed <= 800; ++seed) {
    SeededRandom random{seed};
    const std::uint64_t milli_pps = log_uniform(random, 1e5, 1e10);  // 100 pps .. 10 Mpps
    Host host = any_host(random);
    host.stop = 0;
    host.tail_most = std::min<Duration>(host.tail_most, 20ms);
    const Run done = run(milli_pps, host, 3s, random);
    CAPTURE(seed, milli_pps, host.usual.count(), host.tail, host.tail_from.count(),
            host.tail_most.count(), done.longest_burst.count(), done.wasted * 100 / done.length);
    REQUIRE(done.broken == 0);
    if (done.wasted > done.length / 10 || done.length < 1s) {
      continue;
    }
    ++judged;
    CHECK(static_cast<double>(done.sent) >= static_cast<double>(done.due) * 0.99);
  }
  CHECK(judged > 200);
}

TEST_CASE("rates that change keep their bounds on any host", "[pacing][property]") {
  for (std::uint64_t seed = 1; seed <= 500; ++seed) {
    SeededRandom random{seed};
    const Host host = seed % 4 == 0 ? Host{} : any_host(random);
    PacketPeriod period = period_of(log_uniform(random, 1e5, 1e9));
    Schedule schedule{kStart, period, {64, std::nullopt}};
    SlidingWindow window;
    MonoTime now = kStart;
    MonoTime changed = kStart;
    double before = 0;  // what the rates up to the latest change come to
    double fastest = 1 / period.ns();
    std::uint64_t sent = 0;
    std::uint64_t deepest = 0;
    std::uint64_t broken = 0;
    for (int wakes = 0; wakes < 5000; ++wakes) {
      if (now - changed >= 50ms) {
        before += static_cast<double>((now - changed).count()) / period.ns();
        changed = now;
        const double old = 1 / period.ns();
        period = period_of(log_uniform(random, 1e5, 1e9));
        fastest = std::max(old, 1 / period.ns());
        deepest = schedule.most_at_once();
        schedule.change(period, 64, now);
      }
      const std::uint64_t most_at_once = schedule.most_at_once();
      const std::uint64_t n = schedule.take_due(now);
      window.sent(now, n, most_at_once);
      sent += n;
      const bool mixed = now - changed < kWindow;
      const double rate = mixed ? fastest : 1 / period.ns();
      const double most = rate * static_cast<double>(kWindow.count()) * 1.25 + 2 +
                          static_cast<double>(window.most_at_once() + (mixed ? deepest : 0));
      broken += static_cast<double>(window.sum()) > most ? 1U : 0U;
      broken += n > most_at_once ? 1U : 0U;
      now = std::max(schedule.next_deadline(), now + 1ns) + host.lateness(random);
    }
    const double wanted = before + static_cast<double>((now - changed).count()) / period.ns();
    CAPTURE(seed, sent, wanted, schedule.skipped());
    REQUIRE(broken == 0);
    CHECK(static_cast<double>(sent) <= wanted * 1.01 + 100);
    if (host.usual == Duration{0} && host.tail == 0) {
      CHECK(static_cast<double>(sent) >= wanted * 0.99 - 100);
      CHECK(schedule.skipped() == 0);
    }
  }
}
