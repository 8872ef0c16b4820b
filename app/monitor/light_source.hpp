#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>

#include "app/monitor/round_source.hpp"
#include "crypto/crypto.hpp"
#include "engine/worker_pool.hpp"
#include "rounds/light_rounds.hpp"

namespace udperf::app {

/// Light rounds to any number of targets on a few threads, one after the other without a pause.
class LightSource final : public rounds::Listener {
 public:
  LightSource(const Clock& clock, RoundSource::OnRound on_round);
  /// Ends what runs, and tells of it.
  ~LightSource() override;

  void watch(std::uint64_t target, const engine::ClientOptions& options, Duration every);
  void leave(std::uint64_t target);
  void set_servers(std::uint64_t target, Result<std::vector<Endpoint>> servers);

  /// Whether such rounds can be run here: what is sent fills the time from one to the next.
  [[nodiscard]] static bool takes(const engine::ClientOptions& options, Duration every);

 private:
  void on_round(rounds::Round&& round) override;

  RoundSource::OnRound on_round_;
  crypto::SystemRandom random_;
  std::mutex mutex_;
  std::map<std::uint64_t, std::uint64_t> theirs_;  ///< by our ids
  std::map<std::uint64_t, std::uint64_t> ours_;
  engine::WorkerPool pool_;
  rounds::LightRounds rounds_;
};

}  // namespace udperf::app
