#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "engine/client_test.hpp"
#include "engine/server_sessions.hpp"
#include "sim/sim_clock.hpp"
#include "sim/sim_network.hpp"
#include "support/fake_neighbours.hpp"
#include "support/recording_observer.hpp"

namespace udperf::test {

/// Runs tasks in the simulated world: all of them at every moment at which anything happens.
class SimExecutor final : public engine::Executor, public engine::TaskHome {
 public:
  void add(engine::Task& task) override {
    tasks_.push_back(&task);
    task.set_home(this);
    told_ = true;
  }
  void wake() override { told_ = true; }
  void notify(const engine::Task& /*task*/) noexcept override { told_ = true; }

  /// Steps every task. Returns when the first of them wants to be stepped again.
  MonoTime step(MonoTime now);

 private:
  std::vector<engine::Task*> tasks_;
  net::ReceiveBuffers buffers_;
  bool told_ = false;  ///< something has changed that a task may look at
};

/// A server in the simulated world, made of the classes that ship.
class SimServer {
 public:
  SimServer(SimNetwork& network, engine::ServerOptions options, std::uint64_t seed,
            const ClockFault& fault = {}, engine::FallbackProtocol* fallback = nullptr);

  MonoTime step();

  [[nodiscard]] const SimClock& clock() const { return *clock_; }
  [[nodiscard]] engine::ServerSessions& sessions() { return *sessions_; }
  [[nodiscard]] const RecordingObserver& observer() const { return observer_; }
  [[nodiscard]] const engine::SessionMemory& memory() const { return memory_; }

 private:
  engine::ServerOptions options_;
  SeededRandom random_;
  RecordingObserver observer_;
  std::unique_ptr<SimClock> clock_;
  std::unique_ptr<SimListenPort> listener_;
  std::unique_ptr<SimExecutor> executor_;
  engine::SessionMemory memory_{options_.max_memory.count()};
  FakeNeighbours alone_;
  std::unique_ptr<engine::ServerSessions> sessions_;
};

/// A client in the simulated world, from HELLO to its outcome.
class SimClient {
 public:
  struct Options {
    TestParams params;
    std::uint8_t host = 2;
    std::optional<crypto::Key> key;
    Duration connect_timeout = std::chrono::seconds{5};
    std::optional<Endpoint> local;
    bool same_host = true;
    bool few_probes = false;
    bool light = false;          ///< a monitor's
    bool server_is_old = false;  ///< takes the server for one that tells nothing of its socket
    bool auto_packet_size =
        false;  ///< up to params.payload_bytes, which is taken where none is found
  };

  SimClient(SimNetwork& network, const Options& options, std::uint64_t seed);

  MonoTime step(MonoTime now);
  [[nodiscard]] bool done() const { return done_; }
  [[nodiscard]] const TestOutcome& outcome() const { return test_->outcome(); }
  [[nodiscard]] MonoTime done_at() const { return done_at_; }
  [[nodiscard]] std::uint32_t sessions_max() const { return outcome().concurrent_sessions_max; }
  [[nodiscard]] bool connected() const { return test_->granted(); }
  [[nodiscard]] std::uint64_t memory_used() const { return test_->memory_used(); }
  void interrupt() { test_->interrupt(); }

 private:
  SeededRandom random_;
  SimExecutor executor_;
  std::unique_ptr<engine::ClientTest> test_;
  bool done_ = false;
  MonoTime done_at_{};
};

/// One server and some clients over one network, stepped together in time order.
class SimWorld {
 public:
  /// `fault`: of the server's clocks. `fallback`: another protocol at its port; outlives the world.
  explicit SimWorld(std::uint64_t seed, engine::ServerOptions options = {},
                    const ClockFault& fault = {}, engine::FallbackProtocol* fallback = nullptr);

  FakeClock clock;
  SimNetwork network;
  std::optional<SimServer> server;
  std::vector<std::unique_ptr<SimClient>> clients;
  bool server_stands_still = false;  ///< as SIGSTOP does: its sockets go on taking datagrams
  bool clients_stand_still = false;  ///< likewise

  SimClient& add_client(const SimClient::Options& options);
  /// Goes on until `until` says so, or the time is over; true when it said so.
  bool run(Duration limit, const std::function<bool()>& until);
  /// Goes on until every client is done; false when that takes longer than `limit`.
  bool run_clients(Duration limit);

 private:
  std::uint64_t seed_;
  std::uint64_t added_ = 0;
};

}  // namespace udperf::test
