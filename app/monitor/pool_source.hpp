#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

#include "app/monitor/round_source.hpp"
#include "engine/stop_token.hpp"

namespace udperf::app {

/// A round's document is not kept longer than this.
inline constexpr std::size_t kMostDocumentBytes = std::size_t{256} << 10U;

/// Rounds as whole tests, each on a thread of a pool that grows as far as it is needed, and to
/// `most_threads`. What finds no thread waits, and its lateness is told.
class PoolSource final : public RoundSource {
 public:
  PoolSource(const Clock& clock, OnRound on_round, std::size_t most_threads = 64);
  PoolSource(const PoolSource&) = delete;
  PoolSource& operator=(const PoolSource&) = delete;
  ~PoolSource() override;

  void start(RoundOrder order) override;

 private:
  void work();
  [[nodiscard]] monitor::RoundResult run(const RoundOrder& order);

  const Clock& clock_;
  OnRound on_round_;
  std::size_t most_threads_;
  engine::StopToken stop_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<RoundOrder> waiting_;
  std::vector<std::thread> threads_;
  std::size_t idle_ = 0;
  bool ending_ = false;
};

}  // namespace udperf::app
