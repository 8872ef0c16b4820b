#pragma once

#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "rounds/light_rounds.hpp"
#include "sim/sim_world.hpp"

namespace udperf::test {

/// All that a monitor's engine tells.
class KeptRounds final : public rounds::Listener {
 public:
  void on_round(rounds::Round&& round) override {
    rounds[round.target].push_back(std::move(round));
  }
  void on_removed(std::uint64_t target) override { removed.push_back(target); }
  void on_clock_step(Duration by) override { steps.push_back(by); }
  void on_asleep(Duration time) override { sleeps.push_back(time); }

  std::map<std::uint64_t, std::vector<rounds::Round>> rounds;
  std::vector<std::uint64_t> removed;
  std::vector<Duration> steps;
  std::vector<Duration> sleeps;
};

/// A server, and the rounds to it in the same world.
template <typename Listener>
class SimMonitor {
 public:
  explicit SimMonitor(std::uint64_t seed, const engine::ServerOptions& server = {})
      : world(seed, server), random_(seed + 50) {
    world.network.up.delay = world.network.down.delay = std::chrono::milliseconds{5};
    rounds::LightRounds::Settings settings;
    settings.threads = {&executor_};
    settings.open =
        [this](const net::PortOptions& port) -> Result<std::unique_ptr<net::DatagramPort>> {
      return world.network.connect(world.network.fresh_port(2), port.remote);
    };
    settings.suspended = [this] { return slept_; };
    engine_.emplace(std::move(settings), world.clock, random_, kept);
  }

  std::uint64_t add(Duration interval = std::chrono::seconds{10}) {
    rounds::Target target;
    target.options.host = "server";
    target.options.auto_packet_size = false;
    target.options.params = rounds::light_params(20, 200, interval);
    target.interval = interval;
    const auto id = engine_->add(target);
    engine_->set_servers(id, std::vector<Endpoint>{world.network.server});
    return id;
  }

  rounds::LightRounds& engine() { return *engine_; }
  /// What it has got so far of a target.
  std::vector<rounds::Round>& of(std::uint64_t target) { return kept.rounds[target]; }

  void run(Duration time) {
    const MonoTime end = world.clock.now() + time;
    while (world.clock.now() < end) {
      const MonoTime now = world.clock.now();
      world.network.deliver(now);
      MonoTime next = executor_.step(now);
      next = world.server ? std::min(next, world.server->step()) : next;
      next = std::min({next, world.network.next_arrival(), end});
      world.clock.move_to(std::max(next, now + std::chrono::microseconds{1}));
    }
  }

  /// Nothing is stepped for so long, as under SIGSTOP.
  void stand_still(Duration time) { world.clock.advance(time); }

  /// This host is suspended: only the wall clock, and what counts that time, go on.
  void sleep(Duration time) {
    slept_ += time;
    world.clock.unix_offset += time;
  }

  SimWorld world;
  Listener kept;

 private:
  Duration slept_{0};
  SeededRandom random_;
  SimExecutor executor_;
  std::optional<rounds::LightRounds> engine_;
};

}  // namespace udperf::test
