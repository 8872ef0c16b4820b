#include "support/host_watch.hpp"

#include <sched.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <ctime>
#include <deque>
#include <fstream>
#include <limits>
#include <sstream>
#include <thread>
#include <vector>

namespace udperf::test {
namespace {

using namespace std::chrono_literals;
using SteadyClock = std::chrono::steady_clock;

constexpr Duration kPeriod = 2ms;
constexpr std::size_t kClasses = 24;  // of lateness: below 1 us, 2 us, 4 us and so on to 8 s
constexpr int kSleepsPerPace = 25;    // between two looks at a processor's pace
constexpr int kTurnsPerPace = 3;      // the quickest counts: an interrupt is no slow processor

/// Of all processors, from the first line of /proc/stat.
Duration stolen_time() {
  std::ifstream stat{"/proc/stat"};
  std::string name;
  std::array<std::int64_t, 8> ticks{};  // user nice system idle iowait irq softirq steal
  stat >> name;
  for (auto& field : ticks) {
    stat >> field;
  }
  static const std::int64_t per_second = ::sysconf(_SC_CLK_TCK);
  return ticks.back() * Duration{1s} / per_second;
}

/// Of all processors, the second column of /proc/net/softnet_stat.
std::uint64_t backlog_drops() {
  std::ifstream stat{"/proc/net/softnet_stat"};
  std::uint64_t sum = 0;
  for (std::string line; std::getline(stat, line);) {
    std::istringstream fields{line};
    std::uint64_t processed = 0;
    std::uint64_t dropped = 0;
    fields >> std::hex >> processed >> dropped;
    sum += dropped;
  }
  return sum;
}

/// Of the processors that this program may run on, evenly spread ones: a witness on each of many
/// is a load of its own, and the worst of many is never good.
std::vector<std::size_t> watched_processors() {
  constexpr std::size_t kMost = 4;
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  std::vector<std::size_t> all;
  if (::sched_getaffinity(0, sizeof allowed, &allowed) == 0) {
    for (std::size_t cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
      if (CPU_ISSET(cpu, &allowed)) {
        all.push_back(cpu);
      }
    }
  }
  const std::size_t count = std::min(all.size(), kMost);
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < count; ++i) {
    out.push_back(all[i * all.size() / count]);
  }
  return out;
}

/// The thread's own time for work that is always the same, some 50 us of it: more where the
/// processor is shared with another thread of its core, or was told to run slowly.
std::int64_t time_of_work() {
  const auto now = [] {
    timespec time{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
  };
  constexpr int kSteps = 20'000;
  std::int64_t least = std::numeric_limits<std::int64_t>::max();
  for (int turn = 0; turn < kTurnsPerPace; ++turn) {
    const auto before = now();
    for (int step = 0; step < kSteps; ++step) {
      std::atomic_signal_fence(std::memory_order_seq_cst);  // no compiler leaves the loop out
    }
    least = std::min(least, now() - before);
  }
  return least;
}

/// The least that this work has taken on a processor: of different kinds of them each has its own.
std::atomic<std::int64_t>& quickest_of(std::size_t cpu) {
  static std::array<std::atomic<std::int64_t>, CPU_SETSIZE> all{};
  std::int64_t none = 0;
  all.at(cpu).compare_exchange_strong(none, std::numeric_limits<std::int64_t>::max());
  return all.at(cpu);
}

double milliseconds(Duration time) {
  return std::chrono::duration<double, std::milli>{time}.count();
}

}  // namespace

std::string HostStrain::text() const {
  std::ostringstream out;
  out << "the host woke threads up to " << milliseconds(latest)
      << " ms late (99 %: " << milliseconds(late_p99) << " ms), had " << milliseconds(stolen)
      << " ms stolen, ran the same work up to " << slowdown << " times slower and dropped " << drops
      << " datagrams before any socket";
  return out.str();
}

class HostWatch::Witnesses {
 public:
  Witnesses() : stolen_before_(stolen_time()), drops_before_(backlog_drops()) {
    for (const std::size_t cpu : watched_processors()) {
      watched_.emplace_back().quickest = &quickest_of(cpu);
      threads_.emplace_back([this, cpu, &seen = watched_.back()] { watch(cpu, seen); });
    }
  }
  Witnesses(const Witnesses&) = delete;
  Witnesses& operator=(const Witnesses&) = delete;
  ~Witnesses() {
    over_ = true;
    for (auto& thread : threads_) {
      thread.join();
    }
  }

  /// Each figure of the processor that is worst: the others do not make up for it.
  [[nodiscard]] HostStrain strain() const {
    HostStrain out;
    out.stolen = stolen_time() - stolen_before_;
    out.drops = backlog_drops() - drops_before_;
    for (const Processor& seen : watched_) {
      out.latest = std::max(out.latest, Duration{seen.latest.load()});
      out.late_p99 = std::max(out.late_p99, late_p99(seen));
      const auto slowest = static_cast<double>(seen.slowest.load());
      const auto quickest = static_cast<double>(seen.quickest->load());
      out.slowdown = std::max(out.slowdown, slowest / quickest);
    }
    return out;
  }

 private:
  /// What one witness writes and anybody reads.
  struct Processor {
    std::atomic<std::int64_t> latest{0};
    std::array<std::atomic<std::uint64_t>, kClasses> classes{};
    std::atomic<std::int64_t>* quickest = nullptr;  // since the program began
    std::atomic<std::int64_t> slowest{0};
  };

  static Duration late_p99(const Processor& seen) {
    std::uint64_t all = 0;
    for (const auto& count : seen.classes) {
      all += count;
    }
    Duration out{0};
    std::uint64_t below = 0;
    for (std::size_t i = 0; i < kClasses && below * 100 < all * 99; ++i) {
      below += seen.classes[i];
      out = 1us * (std::int64_t{1} << i);
    }
    return out;
  }

  void watch(std::size_t cpu, Processor& seen) const {
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    ::sched_setaffinity(0, sizeof one, &one);
    ::prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
    for (int sleeps = 0; !over_; ++sleeps) {
      const auto due = SteadyClock::now() + kPeriod;
      const auto ns = due.time_since_epoch().count();
      const timespec at{ns / 1'000'000'000, ns % 1'000'000'000};
      ::clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, nullptr);
      note(seen, SteadyClock::now() - due);
      if (sleeps % kSleepsPerPace == 0) {
        const auto work = time_of_work();
        *seen.quickest = std::min(seen.quickest->load(), work);
        seen.slowest = std::max(seen.slowest.load(), work);
      }
    }
  }

  static void note(Processor& seen, Duration late) {
    std::size_t index = 0;
    while (index + 1 < kClasses && late >= 1us * (std::int64_t{1} << index)) {
      ++index;
    }
    ++seen.classes[index];
    seen.latest = std::max(seen.latest.load(), std::int64_t{late.count()});
  }

  const Duration stolen_before_;
  const std::uint64_t drops_before_;
  std::atomic<bool> over_{false};
  std::deque<Processor> watched_;  // where each is stays
  std::vector<std::thread> threads_;
};

HostWatch::HostWatch() : witnesses_(std::make_unique<Witnesses>()) {}
HostWatch::~HostWatch() = default;

HostStrain HostWatch::strain() const {
  return witnesses_->strain();
}

}  // namespace udperf::test
