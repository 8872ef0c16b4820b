#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>

#include "app/monitor/round_source.hpp"

namespace udperf::app {

/// The options of a round that has to be over within `deadline`: what would take longer is sent
/// faster, or shorter.
[[nodiscard]] engine::ClientOptions fit_to_deadline(engine::ClientOptions options,
                                                    Duration deadline);

/// Runs a round now and waits for it: for GET /probe.
class Prober {
 public:
  explicit Prober(const Clock& clock);
  Prober(const Prober&) = delete;
  Prober& operator=(const Prober&) = delete;
  ~Prober();

  /// Nothing where too many run already, or at the end. Returns by the deadline: what has not ended
  /// then has failed. `on_over` is called once: when nothing runs any more, which may be later.
  [[nodiscard]] std::optional<monitor::RoundResult> run(const RoundTest& test, Duration deadline,
                                                        std::function<void()> on_over = {});
  /// Nobody waits any more, and nothing else is begun. From any thread.
  void end();

 private:
  static constexpr std::size_t kMostFlying = 16;

  struct Flight {
    std::optional<monitor::RoundResult> result;
    std::function<void()> on_over;
    bool wanted = true;  ///< somebody waits for the result
  };

  void take(monitor::RoundResult round);
  /// A flight that could not be begun.
  void give_up(std::uint64_t id);
  [[nodiscard]] std::optional<monitor::RoundResult> wait_for(std::uint64_t id, Duration deadline,
                                                             std::unique_lock<std::mutex>& lock);

  const Clock& clock_;
  std::mutex mutex_;
  std::condition_variable done_;
  std::map<std::uint64_t, Flight> flights_;
  std::size_t flying_ = 0;
  bool ending_ = false;
  std::uint64_t next_ = 1;
  std::unique_ptr<RoundSource> source_;
};

}  // namespace udperf::app
