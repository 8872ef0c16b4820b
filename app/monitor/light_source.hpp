#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <vector>

#include "app/monitor/address_book.hpp"
#include "app/monitor/setup.hpp"
#include "crypto/crypto.hpp"
#include "engine/worker_pool.hpp"
#include "monitor/round.hpp"
#include "monitor/schedule.hpp"
#include "rounds/light_rounds.hpp"

namespace udperf::app {

/// What a light round came to, but for its target and its number. One that was not tried was not
/// measured: it is neither down nor loss.
[[nodiscard]] monitor::RoundResult light_result(const rounds::Round& round, Duration every);

/// Light rounds to any number of targets on a few threads, one after the other without a pause.
/// Those threads only measure: what they come to waits for take().
class LightSource final : public rounds::Listener {
 public:
  /// `on_news`, from any thread: there is something to take().
  LightSource(const Clock& clock, std::function<void()> on_news);
  LightSource(const LightSource&) = delete;
  LightSource& operator=(const LightSource&) = delete;
  /// As stop().
  ~LightSource() override;

  /// Whether such rounds can be run here: they are light, and fill the time from one to the next.
  [[nodiscard]] static bool takes(const MonitorModule& module);

  // From any thread:
  /// Rounds to this target from now on, numbered after `last_number` and after all of its that were
  /// told. Those by other options end.
  void watch(std::uint64_t target, const engine::ClientOptions& options, Duration every,
             std::uint64_t last_number = 0);
  void leave(std::uint64_t target);
  [[nodiscard]] bool watches(std::uint64_t target) const;
  [[nodiscard]] std::size_t size() const;
  /// Time so far in which this process did not run though it should have.
  [[nodiscard]] Duration stood_still() const { return rounds_.stood_still(); }

  /// The rounds that have come to an end since the call before; of one target in their order. So
  /// many wait (see most_waiting()); those after them are told as one gap a target.
  [[nodiscard]] std::vector<monitor::RoundResult> take();
  /// This host was suspended so long, and the clock of the rounds with it: those that would have
  /// been. Their numbers are passed over. Those that ran are told by themselves.
  [[nodiscard]] std::vector<monitor::DueRound> slept(Duration time, MonoTime now);

  /// Ends what runs: what servers are told of that, they are told within 2 s.
  void stop();

 private:
  struct Watched {
    Duration every{0};
    std::uint64_t number = 0;                      ///< of the last that was told
    std::optional<engine::ClientOptions> waiting;  ///< until its addresses are known
    std::uint64_t engine_id = 0;                   ///< 0: it waits
    std::uint64_t unheard = 0;                     ///< intervals whose rounds nobody took in time
    UnixTime unheard_since;
  };
  struct Landed {
    std::uint64_t target = 0;
    Duration every{0};
    rounds::Round round;
  };

  void on_round(rounds::Round&& round) override;
  void on_removed(std::uint64_t engine_id) override;
  void on_servers(std::uint64_t target, Result<std::vector<Endpoint>> servers);
  [[nodiscard]] bool give_number(monitor::RoundResult& result);
  [[nodiscard]] std::size_t most_waiting() const;
  void take_unheard(std::vector<monitor::RoundResult>& gaps);

  std::function<void()> on_news_;
  crypto::SystemRandom random_;
  mutable std::mutex mutex_;
  std::map<std::uint64_t, Watched> watched_;
  std::map<std::uint64_t, std::uint64_t> targets_;  ///< by the engine's ids, until it forgets them
  std::condition_variable removed_;
  std::vector<Landed> landed_;
  bool unheard_ = false;  ///< some target has unheard rounds
  engine::WorkerPool pool_;
  engine::WorkerPool sleeper_;  ///< one thread, which has nothing else to do
  rounds::LightRounds rounds_;
  AddressBook addresses_;  ///< last: its thread uses the rest
  bool stopped_ = false;
};

}  // namespace udperf::app
