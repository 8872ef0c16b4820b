#pragma once

#include <condition_variable>
#include <cstdint>
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

  /// Nothing where too many run already. Returns by the deadline: what has not ended then has
  /// failed.
  [[nodiscard]] std::optional<monitor::RoundResult> run(const RoundTest& test, Duration deadline);

 private:
  static constexpr std::size_t kMostFlying = 16;

  void take(monitor::RoundResult round);

  const Clock& clock_;
  std::mutex mutex_;
  std::condition_variable done_;
  std::map<std::uint64_t, std::optional<monitor::RoundResult>> results_;
  std::size_t flying_ = 0;
  std::uint64_t next_ = 1;
  std::unique_ptr<RoundSource> source_;
};

}  // namespace udperf::app
