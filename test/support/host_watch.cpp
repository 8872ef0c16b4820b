#include "support/host_watch.hpp"

#include <sched.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <ctime>
#include <fstream>
#include <sstream>
#include <thread>
#include <vector>

namespace udperf::test {
namespace {

using namespace std::chrono_literals;
using SteadyClock = std::chrono::steady_clock;

constexpr Duration kPeriod = 2ms;
constexpr std::size_t kClasses = 24;  // of lateness: below 1 us, 2 us, 4 us and so on to 8 s
constexpr std::size_t kMostWitnesses = 16;

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

std::vector<std::size_t> allowed_processors() {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  std::vector<std::size_t> out;
  if (::sched_getaffinity(0, sizeof allowed, &allowed) == 0) {
    for (std::size_t cpu = 0; cpu < CPU_SETSIZE && out.size() < kMostWitnesses; ++cpu) {
      if (CPU_ISSET(cpu, &allowed)) {
        out.push_back(cpu);
      }
    }
  }
  return out;
}

double milliseconds(Duration time) {
  return std::chrono::duration<double, std::milli>{time}.count();
}

}  // namespace

std::string HostStrain::text() const {
  std::ostringstream out;
  out << "the host woke threads up to " << milliseconds(latest)
      << " ms late (99 %: " << milliseconds(late_p99) << " ms), had " << milliseconds(stolen)
      << " ms stolen and dropped " << drops << " datagrams before any socket";
  return out.str();
}

class HostWatch::Witnesses {
 public:
  Witnesses() : stolen_before_(stolen_time()), drops_before_(backlog_drops()) {
    for (const std::size_t cpu : allowed_processors()) {
      threads_.emplace_back([this, cpu] { watch(cpu); });
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

  [[nodiscard]] HostStrain strain() const {
    HostStrain out;
    out.latest = Duration{latest_.load()};
    out.stolen = stolen_time() - stolen_before_;
    out.drops = backlog_drops() - drops_before_;
    std::uint64_t all = 0;
    for (const auto& count : classes_) {
      all += count;
    }
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < kClasses && seen * 100 < all * 99; ++i) {
      seen += classes_[i];
      out.late_p99 = 1us * (std::int64_t{1} << i);
    }
    return out;
  }

 private:
  void watch(std::size_t cpu) {
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    ::sched_setaffinity(0, sizeof one, &one);
    ::prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
    while (!over_) {
      const auto due = SteadyClock::now() + kPeriod;
      const auto ns = due.time_since_epoch().count();
      const timespec at{ns / 1'000'000'000, ns % 1'000'000'000};
      ::clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, nullptr);
      note(SteadyClock::now() - due);
    }
  }

  void note(Duration late) {
    std::size_t index = 0;
    while (index + 1 < kClasses && late >= 1us * (std::int64_t{1} << index)) {
      ++index;
    }
    ++classes_[index];
    auto most = latest_.load();
    while (late.count() > most && !latest_.compare_exchange_weak(most, late.count())) {
    }
  }

  const Duration stolen_before_;
  const std::uint64_t drops_before_;
  std::atomic<bool> over_{false};
  std::atomic<std::int64_t> latest_{0};
  std::array<std::atomic<std::uint64_t>, kClasses> classes_{};
  std::vector<std::thread> threads_;
};

HostWatch::HostWatch() : witnesses_(std::make_unique<Witnesses>()) {}
HostWatch::~HostWatch() = default;

HostStrain HostWatch::strain() const {
  return witnesses_->strain();
}

}  // namespace udperf::test
