#include "sim/sim_world.hpp"

#include <algorithm>

#include "engine/client_outcome.hpp"

namespace udperf::test {

MonoTime SimExecutor::step(MonoTime now) {
  MonoTime next = kNever;
  for (std::size_t i = 0; i < tasks_.size(); ++i) {  // a step may add tasks
    next = std::min(next, tasks_[i]->step(now, buffers_).at);
  }
  const auto finished = [](engine::Task* task) {
    if (task->over()) {
      task->release();
    }
    return task->released();
  };
  tasks_.erase(std::remove_if(tasks_.begin(), tasks_.end(), finished), tasks_.end());
  return next;
}

SimServer::SimServer(SimNetwork& network, engine::ServerOptions options, std::uint64_t seed,
                     const ClockFault& fault)
    : options_(std::move(options)),
      random_(seed),
      clock_(std::make_unique<SimClock>(network.clock(), fault)),
      listener_(network.listen()),
      executor_(std::make_unique<SimExecutor>()),
      sessions_(std::make_unique<engine::ServerSessions>(options_, *listener_, *clock_, random_,
                                                         observer_, *executor_)) {
  network.server_time = [clock = clock_.get()](MonoTime truth) { return clock->at(truth); };
}

MonoTime SimServer::step() {
  const MonoTime now = clock_->now();
  sessions_->step(now);
  const MonoTime tasks = executor_->step(now);
  // What has ended is buried, or looked at soon.
  return clock_->truth_of(std::min(tasks, sessions_->step(now)));
}

SimClient::SimClient(SimNetwork& network, const Options& options, std::uint64_t seed)
    : network_(network), options_(options), random_(seed), begun_(network.clock().now()) {
  begin_handshake(options.local.value_or(network_.fresh_port(options.host)), std::nullopt, begun_);
}

void SimClient::begin_handshake(const Endpoint& local,
                                std::optional<session::ClientHandshake::Settings::Joining> joining,
                                MonoTime now) {
  session::ClientHandshake::Settings settings;
  settings.params = options_.params;
  settings.key = options_.key;
  settings.timeout = options_.connect_timeout;
  settings.joining = joining;
  pending_.push_back(engine::Pending{network_.connect(local, network_.server),
                                     session::ClientHandshake{settings, random_, now}});
}

MonoTime SimClient::step(MonoTime now) {
  if (done()) {
    return kNever;
  }
  if (!conversation_) {
    return step_handshakes(now);
  }
  const MonoTime next = executor_.step(now);
  if (conversation_->ended()) {
    finish(now);
    return now;
  }
  return next;
}

MonoTime SimClient::step_handshakes(MonoTime now) {
  MonoTime next = kNever;
  for (engine::Pending& one : pending_) {
    if (!one.handshake.done() && !one.handshake.failed()) {
      next = std::min(next, engine::step_handshake(one, buffers_, now));
    }
    if (one.handshake.failed() || interrupted_) {
      outcome_.emplace();
      outcome_->error =
          one.handshake.failed() ? std::optional{one.handshake.error()} : std::nullopt;
      outcome_->retry_after_ms = one.handshake.retry_after_ms();
      done_at_ = now;
      pending_.clear();
      return kNever;
    }
  }
  const bool all = std::all_of(pending_.begin(), pending_.end(),
                               [](const auto& one) { return one.handshake.done(); });
  if (!all) {
    return next;
  }
  if (connection_.session == 0) {
    connection_.session = pending_.front().handshake.session();
    connection_.accept = pending_.front().handshake.accept();
    connection_.rtt = (now - begun_) / 2;
    for (std::uint16_t i = 1; i < connection_.accept.params.streams; ++i) {
      begin_handshake(
          network_.fresh_port(options_.host),
          session::ClientHandshake::Settings::Joining{
              connection_.session, static_cast<std::uint8_t>(i), connection_.accept.server_nonce},
          now);
    }
    if (pending_.size() > 1) {
      return now;
    }
  }
  begin_test(now);
  return now;
}

void SimClient::begin_test(MonoTime now) {
  engine::ClientConversation::Settings settings;
  settings.session = connection_.session;
  settings.server_nonce = connection_.accept.server_nonce;
  settings.params = connection_.accept.params;
  settings.handshake_rtt = connection_.rtt;
  settings.same_host = options_.same_host;
  settings.few_probes = options_.few_probes;
  if (options_.auto_packet_size) {
    settings.payload_fallback = options_.params.payload_bytes;
  }
  conversation_ = std::make_unique<engine::ClientConversation>(settings, shared_, now);
  conversation_->on_started = [] {};
  conversation_->on_ended = [] {};
  crypto::Key token_key{};
  random_.fill(token_key);
  shared_.peer_tells_queue.store(!options_.server_is_old &&
                                 (connection_.accept.capabilities & wire::kCapQueue) != 0);
  shared_.peer_buffer.store(connection_.accept.receive_buffer);
  std::vector<const engine::Lane*> views;
  for (std::size_t i = 0; i < pending_.size(); ++i) {
    engine::Lane::Settings lane;
    lane.role = session::Role::client;
    lane.session = connection_.session;
    lane.stream = static_cast<std::uint8_t>(i);
    lane.params = connection_.accept.params;
    lane.sealer = pending_[i].handshake.sealer();
    lane.token_key = token_key;
    lanes_.push_back(std::make_unique<engine::Lane>(lane, std::move(pending_[i].port),
                                                    network_.clock(), shared_,
                                                    i == 0 ? conversation_.get() : nullptr));
    lanes_.back()->launch = [this](engine::Task& task) { executor_.add(task); };
    views.push_back(lanes_.back().get());
  }
  conversation_->set_lanes(views);
  for (const auto& lane : lanes_) {
    executor_.add(*lane);
  }
  if (interrupted_) {
    conversation_->interrupt();
  }
}

void SimClient::interrupt() {
  interrupted_ = true;
  if (conversation_) {
    conversation_->interrupt();
  }
}

void SimClient::finish(MonoTime now) {
  shared_.quit.store(true);
  executor_.step(now);
  outcome_.emplace();
  outcome_->params = connection_.accept.params;
  outcome_->server = network_.server;
  engine::fill_outcome(*conversation_, lanes_, connection_, *outcome_);
  done_at_ = now;
  lanes_.clear();
}

SimWorld::SimWorld(std::uint64_t seed, engine::ServerOptions options, const ClockFault& fault)
    : network(clock, seed), seed_(seed) {
  server.emplace(network, std::move(options), seed + 1, fault);
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
      if (client) {
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
