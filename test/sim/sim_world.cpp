#include "sim/sim_world.hpp"

#include <algorithm>

namespace udperf::test {
MonoTime SimExecutor::step(MonoTime now) {
  MonoTime next = kNever;
  told_ = false;
  for (std::size_t i = 0; i < tasks_.size(); ++i) {  // a step may add tasks
    next = std::min(next, tasks_[i]->step(now, buffers_).at);
  }
  const auto finished = [](engine::Task* task) {
    if (task->over()) {
      task->set_home(nullptr);
      task->release();
    }
    return task->released();
  };
  tasks_.erase(std::remove_if(tasks_.begin(), tasks_.end(), finished), tasks_.end());
  return told_ ? now : next;
}

SimServer::SimServer(SimNetwork& network, engine::ServerOptions options, std::uint64_t seed,
                     const ClockFault& fault, engine::FallbackProtocol* fallback)
    : options_(std::move(options)),
      random_(seed),
      clock_(std::make_unique<SimClock>(network.clock(), fault)),
      listener_(network.listen()),
      executor_(std::make_unique<SimExecutor>()),
      sessions_(std::make_unique<engine::ServerSessions>(
          options_, engine::ServiceSite{*executor_, memory_, alone_, listener_.get()}, *clock_,
          random_, observer_, fallback)) {
  network.server_time = [clock = clock_.get()](MonoTime truth) { return clock->at(truth); };
}

MonoTime SimServer::step() {
  const MonoTime now = clock_->now();
  sessions_->step(now);
  const MonoTime tasks = executor_->step(now);
  // What has ended is reaped, or looked at soon.
  return clock_->truth_of(std::min(tasks, sessions_->step(now)));
}

SimClient::SimClient(SimNetwork& network, const Options& options, std::uint64_t seed)
    : random_(seed) {
  engine::ClientTest::Settings settings;
  settings.options.key = options.key;
  settings.options.params = options.params;
  settings.options.few_probes = options.few_probes;
  settings.options.light = options.light;
  settings.options.auto_packet_size = options.auto_packet_size;
  settings.options.connect_timeout = options.connect_timeout;
  settings.servers = {network.server};
  settings.connect_by = network.clock().now() + options.connect_timeout;
  settings.streams = &executor_;
  settings.senders = &executor_;
  settings.open =
      [&network, local = options.local, host = options.host](
          const net::PortOptions& port) mutable -> Result<std::unique_ptr<net::DatagramPort>> {
    const Endpoint from = local.value_or(network.fresh_port(host));
    local.reset();  // the other streams have ports of their own
    return network.connect(from, port.remote);
  };
  if (!options.same_host) {
    settings.host = {};
  }
  if (options.server_is_old) {
    settings.capabilities = ~wire::kCapQueue;
  }
  test_ = std::make_unique<engine::ClientTest>(std::move(settings), network.clock(), random_);
  executor_.add(*test_);
}

MonoTime SimClient::step(MonoTime now) {
  if (done_) {
    return kNever;
  }
  const MonoTime next = executor_.step(now);
  if (test_->over()) {
    done_ = true;
    done_at_ = now;
    return now;
  }
  return next;
}

SimWorld::SimWorld(std::uint64_t seed, engine::ServerOptions options, const ClockFault& fault,
                   engine::FallbackProtocol* fallback)
    : network(clock, seed), seed_(seed) {
  server.emplace(network, std::move(options), seed + 1, fault, fallback);
}

SimClient& SimWorld::add_client(const SimClient::Options& options) {
  clients.push_back(std::make_unique<SimClient>(network, options, seed_ + 100 + ++added_));
  return *clients.back();
}

bool SimWorld::run(Duration limit, const std::function<bool()>& until) {
  const MonoTime end = clock.now() + limit;
  while (!until()) {
    const MonoTime now = clock.now();
    if (now >= end) {
      return false;
    }
    network.deliver(now);
    MonoTime next = kNever;
    if (server && !server_stands_still) {
      next = std::min(next, server->step());
    }
    for (const auto& client : clients) {
      if (client && !clients_stand_still) {
        next = std::min(next, client->step(now));
      }
    }
    next = std::min(next, network.next_arrival());
    // At once means in a microsecond: what was sent in this moment is on its way by then.
    next = std::max(next, now + std::chrono::microseconds{1});
    clock.move_to(std::min(next, end));
  }
  return true;
}

bool SimWorld::run_clients(Duration limit) {
  return run(limit, [this] {
    return std::all_of(clients.begin(), clients.end(),
                       [](const auto& client) { return !client || client->done(); });
  });
}

}  // namespace udperf::test
