#pragma once

#include <atomic>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "engine/client_test.hpp"
#include "engine/executor.hpp"
#include "rounds/host_watch.hpp"
#include "rounds/lateness_watch.hpp"
#include "rounds/light_rounds.hpp"

namespace udperf::rounds {

/// What the targets of one LightRounds have in common.
struct Common {
  engine::OpenPort open;
  const Clock& clock;
  RandomSource& random;
  Listener& listener;
  HostWatch watch;
  LatenessWatch lateness;
};

/// The rounds to one target. All its tasks run on one executor, so that none of them waits for
/// another thread.
class TargetTask final : public engine::Task {
 public:
  TargetTask(std::uint64_t id, const Target& target, Common& common, engine::Executor& executor);

  engine::Wake step(MonoTime now, net::ReceiveBuffers& buffers) override;
  [[nodiscard]] bool over() const override { return over_.load(std::memory_order_acquire); }

  /// From any thread.
  void set_servers(Result<std::vector<Endpoint>> servers);
  void remove();

 private:
  /// A round that has not been told of.
  struct Running {
    Round round;
    std::unique_ptr<engine::ClientTest> test;  ///< null once it is over, or where there was none
    Duration asleep{0};                        ///< of the host, when it was opened
    Duration stood_still{0};
    bool over = false;
    bool looked = false;  ///< at the host's lateness, when it was due
  };

  void take_inbox();
  void open_due(MonoTime now);
  void open(Running& running);
  void pass_missed(MonoTime now);
  [[nodiscard]] engine::ClientTest::Settings test_settings(const Running& running);
  void watch(Running& running, MonoTime now);
  void close(Running& running, MonoTime now);
  void note_server(Running& running);
  void judge(Running& running, MonoTime now);
  void end_without_test(Running& running, Ending ending, Error error);
  void note_ending(const Round& round);
  void hand_over(MonoTime now);
  [[nodiscard]] MonoTime due(std::uint64_t number) const;
  [[nodiscard]] MonoTime opens(std::uint64_t number) const { return due(number) - lead_; }
  [[nodiscard]] engine::Wake next_wake() const;

  const std::uint64_t id_;
  Target target_;
  Common& common_;
  engine::Executor& executor_;
  Duration lead_;  ///< a session is opened so long before its data begins
  MonoTime first_due_;
  std::uint64_t next_ = 0;  ///< the round that is opened next
  std::deque<Running> running_;

  struct Inbox {
    std::mutex mutex;
    std::optional<Result<std::vector<Endpoint>>> servers;
  };
  Inbox inbox_;
  Result<std::vector<Endpoint>> servers_;

  /// Of a target that is down.
  struct Down {
    unsigned failures = 0;
    std::uint64_t pass = 0;      ///< rounds in which it is not asked
    std::optional<Error> error;  ///< of the last round that was tried
    bool silent = false;         ///< nobody answered in that
  };
  Down down_;
  struct Server {
    std::uint64_t instance = 0;
    wire::Digest host{};
    std::uint64_t round = 0;  ///< that found it
  };
  std::optional<Server> server_;
  std::atomic<bool> removed_{false};
  std::atomic<bool> over_{false};
};

}  // namespace udperf::rounds
