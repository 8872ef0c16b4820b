#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "base/endpoint.hpp"
#include "base/random.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "clock/clock.hpp"
#include "engine/client_run.hpp"
#include "engine/executor.hpp"
#include "engine/port_options.hpp"
#include "model/outcome.hpp"
#include "model/test_params.hpp"

namespace udperf::rounds {

/// What became of a round.
enum class Ending : std::uint8_t {
  complete,      ///< both ends closed their books
  cut_short,     ///< it had started and could not be finished: the books hold what is certain
  name,          ///< the target's name has no address; `outcome.error` has the resolver's words
  unreachable,   ///< there is no way to it, as this host or a router says
  refused,       ///< ICMP says that nothing listens there
  timeout,       ///< nobody answered
  busy,          ///< the server has no place for it now
  denied,        ///< the server said no: policy, key, version, or it is shutting down
  failed,        ///< this host could not: no socket, a parameter that is out of range
  not_measured,  ///< this host slept, stood, had no network, was to end it or did not ask: no loss
};

/// One round to one target: a test, or why there was none. A plain value.
struct Round {
  std::uint64_t target = 0;  ///< as add() returned it
  std::uint64_t number = 0;  ///< of this target, from 0 on; one for each interval that passed
  /// How many intervals in a row this stands for: more than 1 where this host did not run.
  std::uint64_t intervals = 1;
  Ending ending = Ending::not_measured;
  MonoTime due{};                 ///< when its data was to begin: first due plus number * interval
  UnixTime start;                 ///< by this host's clock when its data began, or was to begin
  Duration length{0};             ///< from there to the end of its test; 0 where there was none
  Duration lateness{0};           ///< of its beginning, after `due`
  Duration host_lateness{0};      ///< of that, what this host kept from every thread of the process
  Duration asleep{0};             ///< this host was suspended so long meanwhile (CLOCK_BOOTTIME)
  Duration stood_still{0};        ///< this process did not run so long meanwhile
  bool tried = true;              ///< false: no answer before, so not asked now: not_measured
  bool target_down = false;       ///< not tried since nobody answered; else it had said no, or ...
  bool server_restarted = false;  ///< another server process, or host, than in the round before
  TestOutcome outcome;            ///< with exact books; of a round without a test only its error
};

class TargetTask;

/// Gets what the rounds come to. Called on the threads that run them: hand it on, and return.
class Listener {
 public:
  Listener() = default;
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  virtual ~Listener() = default;

  /// Of one target in order of their numbers, each number once.
  virtual void on_round(Round&& round) = 0;
  /// The target is gone: nothing more is told of it.
  virtual void on_removed(std::uint64_t /*target*/) {}
  /// The wall clock was set by so much against the monotonic one. Once a step, whatever the number
  /// of targets.
  virtual void on_clock_step(Duration /*by*/) {}
  /// This host was suspended so long. Once, whatever the number of targets.
  virtual void on_asleep(Duration /*time*/) {}
};

/// What to ask one target for, again and again.
struct Target {
  /// Of these `host` is for messages only, `wait_server` and `retry_busy` are not looked at, and
  /// `connect_timeout` is bounded by the interval.
  engine::ClientOptions options;
  Duration interval = std::chrono::seconds{10};  ///< from round to round, at least 200 ms
  /// As set_servers() says it; absent: that comes later.
  std::optional<Result<std::vector<Endpoint>>> servers = std::nullopt;
};

/// The parameters of a round that is no load: `packets` datagrams of `payload_bytes` each way,
/// spread over the interval.
[[nodiscard]] TestParams light_params(std::uint64_t packets = 100,
                                      std::uint32_t payload_bytes = 200,
                                      Duration interval = std::chrono::seconds{10});

/// Measures targets without a pause: a round is an ordinary test, and the session of the next one
/// is opened before the data of this one ends, so that nothing between them goes unmeasured. All
/// times are of the monotonic clock. It owns no thread: its tasks run on the executors that it is
/// given, all of one target on one of them.
class LightRounds {
 public:
  struct Settings {
    std::vector<engine::Executor*> threads;  ///< at least one
    /// Whose thread does nothing else: by it is told what this host keeps from every thread. Null:
    /// the first of those above.
    engine::Executor* sleeper = nullptr;
    engine::OpenPort open = {};  ///< empty: the system's sockets
    /// How long this host has been suspended so far; empty: as the system says.
    std::function<Duration()> suspended = {};
  };

  /// `random` is used by all the threads.
  LightRounds(Settings settings, const Clock& clock, RandomSource& random, Listener& listener);
  LightRounds(const LightRounds&) = delete;
  LightRounds& operator=(const LightRounds&) = delete;
  /// Precondition: idle(), or the executors' threads have ended.
  ~LightRounds();

  /// From any thread, as all below. Its first round is due at a random moment within one interval,
  /// so that many targets are spread; until its addresses are told, its rounds end with `name`.
  std::uint64_t add(const Target& target);
  /// Where the target is from now on, in the order of preference, or why that is not known. What
  /// runs is not touched.
  void set_servers(std::uint64_t target, Result<std::vector<Endpoint>> servers);
  /// Ends its rounds; those that run are told as not measured, then on_removed().
  void remove(std::uint64_t target);
  /// The same for all of them.
  void shut_down();
  /// Time so far in which this process did not run though it should have.
  [[nodiscard]] Duration stood_still() const;
  /// Nothing is left that runs.
  [[nodiscard]] bool idle() const;

 private:
  struct Shared;
  void forget_removed();

  std::unique_ptr<Shared> shared_;
  mutable std::mutex mutex_;
  std::map<std::uint64_t, std::unique_ptr<TargetTask>> targets_;
  std::vector<std::uint64_t> removed_;  ///< of those, that are to be forgotten
  std::uint64_t next_ = 1;
};

}  // namespace udperf::rounds
