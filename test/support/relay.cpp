#include "support/relay.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <queue>
#include <thread>
#include <utility>

#include "net/socket_address.hpp"
#include "os/fd.hpp"
#include "support/relay_sockets.hpp"

namespace udperf::test {

namespace {

using SteadyClock = std::chrono::steady_clock;

/// A datagram that is held back.
struct Held {
  SteadyClock::time_point due;
  std::uint64_t number = 0;  // keeps those of one due time in order
  int fd = -1;
  Endpoint to;
  unsigned copies = 1;
  std::vector<std::byte> bytes;
  Delayed log;
  bool data = false;

  bool operator<(const Held& other) const {  // the queue's top is the greatest
    return std::pair{other.due, other.number} < std::pair{due, number};
  }
};

}  // namespace

class Relay::Engine {
 public:
  Engine(const Endpoint& server, os::Fd listener, RelayScript script)
      : server_(server),
        listener_(std::move(listener)),
        wake_(::eventfd(0, EFD_CLOEXEC)),
        script_(std::move(script)),
        thread_([this] { run(); }) {}
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;
  ~Engine() {
    ::eventfd_write(wake_.get(), 1);
    thread_.join();
  }

  [[nodiscard]] Endpoint endpoint() const { return local_endpoint(listener_); }
  void set_script(RelayScript script) {
    const std::lock_guard lock{mutex_};
    script_ = std::move(script);
  }
  [[nodiscard]] RelayLog log() const {
    const std::lock_guard lock{mutex_};
    RelayLog copy = log_;
    copy.still_held = held_.size();
    copy.clients = upstream_.size();
    copy.lost_in_relay = kernel_drops(listener_);
    for (const auto& [client, fd] : upstream_) {
      copy.lost_in_relay += kernel_drops(fd);
    }
    return copy;
  }

 private:
  void run();
  void wait_for_work(std::vector<pollfd>& waiting) const;
  void read_clients();
  void read_server(const Endpoint& client, const os::Fd& fd);
  void pass(Direction direction, unsigned index, int fd, const Endpoint& to);
  void note(const Passage& passage, const Fate& fate);
  void release_due();
  void forward(int fd, const Endpoint& to, std::span<const std::byte> datagram, unsigned copies);
  const os::Fd* upstream_of(const Endpoint& client);

  const Endpoint server_;
  const os::Fd listener_;
  const os::Fd wake_;
  RelayBatch batch_;

  mutable std::mutex mutex_;  // guards what follows, but for the waiting for it
  RelayScript script_;
  RelayLog log_;
  std::map<Endpoint, os::Fd> upstream_;
  std::priority_queue<Held> held_;
  std::uint64_t held_number_ = 0;

  std::thread thread_;  // last: starts when all else is there
};

void Relay::Engine::run() {
  ::prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
  std::vector<pollfd> waiting;
  while (true) {
    wait_for_work(waiting);
    if (waiting.front().revents != 0) {
      return;
    }
    const std::lock_guard lock{mutex_};
    release_due();
    read_clients();
    for (const auto& [client, fd] : upstream_) {
      read_server(client, fd);
    }
  }
}

void Relay::Engine::wait_for_work(std::vector<pollfd>& waiting) const {
  waiting.assign({{wake_.get(), POLLIN, 0}, {listener_.get(), POLLIN, 0}});
  timespec patience{3600, 0};
  {
    const std::lock_guard lock{mutex_};
    for (const auto& [client, fd] : upstream_) {
      waiting.push_back({fd.get(), POLLIN, 0});
    }
    if (!held_.empty()) {
      const auto left = std::max<Duration>(Duration{0}, held_.top().due - SteadyClock::now());
      patience = {left.count() / 1'000'000'000, left.count() % 1'000'000'000};
    }
  }
  ::ppoll(waiting.data(), waiting.size(), &patience, nullptr);
}

void Relay::Engine::read_clients() {
  const unsigned got = batch_.receive(listener_);
  for (unsigned i = 0; i < got; ++i) {
    if (const auto* fd = upstream_of(batch_.from(i))) {
      pass(Direction::to_server, i, fd->get(), server_);
    } else {
      ++log_.send_failures;
    }
  }
}

void Relay::Engine::read_server(const Endpoint& client, const os::Fd& fd) {
  const unsigned got = batch_.receive(fd);
  for (unsigned i = 0; i < got; ++i) {
    // A server of another test may still send to the port, which was its client's before.
    if (batch_.from(i) == server_) {
      pass(Direction::to_client, i, listener_.get(), client);
    }
  }
}

const os::Fd* Relay::Engine::upstream_of(const Endpoint& client) {
  const auto known = upstream_.find(client);
  if (known != upstream_.end()) {
    return &known->second;
  }
  auto fd = make_relay_socket({IpAddress::loopback(server_.address.family), 0});
  return fd ? &upstream_.emplace(client, std::move(*fd)).first->second : nullptr;
}

void Relay::Engine::pass(Direction direction, unsigned index, int fd, const Endpoint& to) {
  const auto datagram = batch_.datagram(index);
  auto passage = inspect_datagram(direction, datagram);
  passage.arrived = batch_.arrived(index);
  passage.count = log_.types[static_cast<std::size_t>(direction)][passage.type].received;
  const auto fate = decide_fate(script_, passage);
  note(passage, fate);
  if (fate.drop) {
    return;
  }
  if (fate.delay > Duration{0}) {
    held_.push({SteadyClock::now() + fate.delay, held_number_++, fd, to, fate.copies,
                std::vector<std::byte>(datagram.begin(), datagram.end()),
                Delayed{direction, passage.sequence, passage.arrived, Duration{0}},
                passage.is(wire::MessageType::data)});
    return;
  }
  forward(fd, to, datagram, fate.copies);
}

void Relay::Engine::note(const Passage& passage, const Fate& fate) {
  auto& count = log_.types[static_cast<std::size_t>(passage.direction)][passage.type];
  const DataEvent event{passage.direction, passage.stream, passage.sequence, passage.bytes};
  const bool data = passage.is(wire::MessageType::data);
  ++count.received;
  if (fate.drop) {
    ++count.dropped;
    if (data) {
      log_.dropped.push_back(event);
    }
    return;
  }
  const unsigned extra = fate.copies - 1;
  count.duplicated += extra;
  count.delayed += fate.delay > Duration{0} ? 1U : 0U;
  count.forwarded += fate.copies;
  if (data) {
    log_.duplicated.insert(log_.duplicated.end(), extra, event);
  }
}

void Relay::Engine::release_due() {
  const auto now = SteadyClock::now();
  while (!held_.empty() && held_.top().due <= now) {
    const auto& held = held_.top();
    forward(held.fd, held.to, held.bytes, held.copies);
    if (held.data) {
      log_.delayed.push_back(held.log);
      log_.delayed.back().left = SteadyClock::now().time_since_epoch();
    }
    held_.pop();
  }
}

void Relay::Engine::forward(int fd, const Endpoint& to, std::span<const std::byte> datagram,
                            unsigned copies) {
  const net::SocketAddress address{to};
  for (unsigned i = 0; i < copies; ++i) {
    const auto sent =
        ::sendto(fd, datagram.data(), datagram.size(), 0, address.raw(), address.size());
    if (sent < 0) {
      ++log_.send_failures;
    }
  }
}

Relay::Relay(std::unique_ptr<Engine> engine) : engine_(std::move(engine)) {}
Relay::Relay(Relay&&) noexcept = default;
Relay& Relay::operator=(Relay&&) noexcept = default;
Relay::~Relay() = default;

Result<Relay> Relay::start(const Endpoint& server, RelayScript script) {
  auto listener = make_relay_socket({IpAddress::loopback(server.address.family), 0});
  if (!listener) {
    return tl::unexpected(listener.error());
  }
  return Relay{std::make_unique<Engine>(server, std::move(*listener), std::move(script))};
}

Endpoint Relay::endpoint() const {
  return engine_->endpoint();
}
void Relay::set_script(RelayScript script) {
  engine_->set_script(std::move(script));
}
RelayLog Relay::log() const {
  return engine_->log();
}

}  // namespace udperf::test
