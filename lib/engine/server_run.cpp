#include "engine/server_run.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <mutex>
#include <new>
#include <thread>
#include <vector>

#include "engine/client_connect.hpp"
#include "engine/event.hpp"
#include "engine/server_sessions.hpp"
#include "engine/worker.hpp"
#include "net/udp_listener.hpp"

namespace udperf::engine {
namespace {

/// A fixed set of threads for all sessions' tasks, some for each urgency: what has deadlines must
/// not wait for what has none, nor lose its place in the system to the processor time of others. A
/// task goes to the thread of its urgency with the fewest.
class Pool final : public Executor {
 public:
  /// `threads`: for each urgency.
  Pool(const Clock& clock, std::size_t threads, Worker::Waiting waiting, Realtime realtime) {
    for (const Urgency urgency : {Urgency::bulk, Urgency::arrival, Urgency::deadline}) {
      for (std::size_t i = 0; i < threads; ++i) {
        set_for(urgency).push_back(
            std::make_unique<Worker>(clock, Worker::Settings{waiting, urgency, realtime}));
      }
    }
  }

  void add(Task& task) override {
    const std::lock_guard lock{mutex_};
    if (stopped_) {
      task.release();
      return;
    }
    Workers& workers = set_for(task.urgency());
    const auto least =
        std::min_element(workers.begin(), workers.end(),
                         [](const auto& a, const auto& b) { return a->load() < b->load(); });
    (*least)->add(task);
  }

  /// Ends the threads: every task is released afterwards.
  void stop() {
    Sets ended;  // outlives the lock: tasks that still run may ask for it
    const std::lock_guard lock{mutex_};
    stopped_ = true;
    ended.swap(workers_);
  }

  void wake() override {
    const std::lock_guard lock{mutex_};
    for (const Workers& workers : workers_) {
      for (const auto& worker : workers) {
        worker->wake();
      }
    }
  }

 private:
  using Workers = std::vector<std::unique_ptr<Worker>>;
  using Sets = std::array<Workers, 3>;

  [[nodiscard]] Workers& set_for(Urgency urgency) {
    return workers_.at(static_cast<std::size_t>(urgency));
  }

  std::mutex mutex_;
  bool stopped_ = false;
  Sets workers_;
};

std::size_t worker_count() {
  constexpr std::size_t kLeast = 2;  // one may be busy with a sender at full speed
  constexpr std::size_t kMost = 32;
  return std::clamp<std::size_t>(std::thread::hardware_concurrency(), kLeast, kMost);
}

/// Where memory runs out, the loop goes on a moment later: sessions end and give theirs back.
MonoTime step(ServerSessions& sessions, MonoTime now) {
  constexpr Duration kPause = std::chrono::milliseconds{10};
  try {
    return sessions.step(now);
  } catch (const std::bad_alloc&) {
    return now + kPause;
  }
}

}  // namespace

Result<void> run_server(const ServerOptions& options, const Clock& clock, RandomSource& random,
                        ServerObserver& observer, const StopToken& stop) {
  // Classic data comes to the listener itself, handshakes only to any other.
  const std::uint32_t buffer = options.classic ? options.buffer.value_or(kDefaultBuffer)
                                               : net::UdpListener::kHandshakeBuffer;
  auto listener = net::UdpListener::open(options.bind, options.port, buffer);
  if (!listener) {
    return tl::unexpected{listener.error()};
  }
  Pool pool{clock, worker_count(),
            options.spin ? Worker::Waiting::spinning : Worker::Waiting::asleep, options.realtime};
  ServerSessions sessions{options, **listener, clock, random, observer, pool};
  observer.on_ready((*listener)->local());

  constexpr Duration kLongestStop = std::chrono::seconds{3};
  MonoTime stop_by = kNever;
  while (true) {
    const MonoTime now = clock.now();
    MonoTime next = step(sessions, now);
    if (stop.take_counters_request()) {
      observer.on_counters(sessions.counters());
    }
    stop.drain();
    if (stop.requested() && stop_by == kNever) {
      stop_by = now + kLongestStop;
      sessions.shut_down();
    }
    const bool one_off_done = options.one_off && sessions.finished() > 0;
    if ((stop.requested() || one_off_done) && (sessions.count() == 0 || now >= stop_by)) {
      break;
    }
    next = std::min({next, stop_by, observer.on_turn(now)});
    const std::array<int, 3> fds{(*listener)->fd(), sessions.wake_fd(),
                                 stop.requested() ? -1 : stop.wait_fd()};
    wait_readable(fds, next == kNever ? Duration::max() : next - clock.now());
  }
  pool.stop();
  sessions.step(clock.now());  // what had not ended by itself has now
  observer.on_counters(sessions.counters());
  return {};
}

}  // namespace udperf::engine
