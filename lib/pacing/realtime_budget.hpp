#pragma once

#include <array>
#include <atomic>
#include <cstddef>

#include "base/time.hpp"

namespace udperf::pacing {

/// How much a thread may use while it goes before all others: what measures a network must not
/// take a machine away from its owner. Who used half a core for a second goes back among the
/// others, and each time for twice as long. Takes the time as an argument.
class RealtimeBudget {
 public:
  /// Threads that share one kind of work go back together: otherwise whose work is on a thread that
  /// has just gone back would get less than the others'.
  class Group {
   public:
    /// The longest pause counts.
    void send_back(MonoTime until) {
      std::int64_t known = until_ns_.load(std::memory_order_relaxed);
      while (known < to_ns(until) &&
             !until_ns_.compare_exchange_weak(known, to_ns(until), std::memory_order_relaxed)) {
      }
    }
    [[nodiscard]] MonoTime until() const {
      return mono_from_ns(until_ns_.load(std::memory_order_relaxed));
    }

   private:
    std::atomic<std::int64_t> until_ns_{0};
  };

  /// What all threads of a process use that go before others: half of the cores at most, or all
  /// go back together.
  class Account {
   public:
    explicit Account(unsigned cores) : cores_(cores) {}
    [[nodiscard]] unsigned cores() const { return cores_; }
    [[nodiscard]] Group& threads() { return threads_; }
    /// Returns the sum.
    Duration add(Duration cpu) {
      return Duration{used_ns_.fetch_add(cpu.count(), std::memory_order_relaxed)} + cpu;
    }

   private:
    unsigned cores_;
    Group threads_;
    std::atomic<std::int64_t> used_ns_{0};
  };

  /// `group` and `account` outlive it; null: there are none.
  explicit RealtimeBudget(Group* group = nullptr, Account* account = nullptr)
      : group_(group), account_(account) {}

  static constexpr Duration kWindow = std::chrono::seconds{1};
  static constexpr int kMostPercent = 50;  ///< of one core, in any window
  static constexpr Duration kSampleEvery = kWindow / 20;
  static constexpr Duration kFirstPause = std::chrono::seconds{5};
  static constexpr Duration kLongestPause = std::chrono::seconds{80};

  /// Whether a sample is due: a caller that has nothing else to do may leave it out.
  [[nodiscard]] bool due(MonoTime now) const { return now >= next_; }

  /// What the thread has used so far. True while it may go before others.
  bool sample(MonoTime now, Duration cpu);

  [[nodiscard]] bool allowed() const { return allowed_; }

 private:
  struct Sample {
    MonoTime at;
    Duration cpu{0};
    Duration all{0};  ///< of the account
  };

  /// By so many cores' worth, of one of a sample's figures.
  [[nodiscard]] bool overdrawn(const Sample& latest, Duration Sample::*used,
                               std::int64_t cores) const;
  bool sent_back(const Sample& latest);
  void keep(const Sample& sample);

  // One more than fit a window: the oldest is from before it.
  std::array<Sample, kWindow / kSampleEvery + 2> samples_;
  Group* group_;
  Account* account_;
  Duration latest_cpu_{0};
  std::size_t count_ = 0;
  std::size_t next_slot_ = 0;
  bool allowed_ = true;
  Duration pause_ = kFirstPause;
  MonoTime pardoned_{};
  MonoTime next_{};
};

}  // namespace udperf::pacing
