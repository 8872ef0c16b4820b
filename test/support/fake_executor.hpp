#pragma once

#include <algorithm>
#include <vector>

#include "engine/executor.hpp"

namespace udperf::test {

/// Keeps the tasks that it is given, and who of them was notified; a test steps them. Outlives
/// them.
class FakeExecutor final : public engine::Executor, public engine::TaskHome {
 public:
  void add(engine::Task& task) override {
    task.set_home(this);
    tasks.push_back(&task);
  }
  void wake() override {}
  void notify(const engine::Task& task) noexcept override { notified.push_back(&task); }

  /// How often since last asked.
  [[nodiscard]] std::ptrdiff_t take_notified(const engine::Task& task) {
    const auto count = std::count(notified.begin(), notified.end(), &task);
    notified.clear();
    return count;
  }

  std::vector<engine::Task*> tasks;
  std::vector<const engine::Task*> notified;
};

}  // namespace udperf::test
