#include "engine/server_run.hpp"

#include <system_error>

#include <algorithm>
#include <array>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "engine/port_options.hpp"
#include "engine/server_sessions.hpp"
#include "engine/worker.hpp"
#include "net/udp_listener.hpp"
#include "os/event.hpp"

namespace udperf::engine {
namespace {

/// A fixed set of threads for all sessions' tasks, some for each urgency: what has deadlines must
/// not wait for what has none, nor lose its place in the system to the processor time of others.
/// What tolerates delay has threads apart, as there may be very many of it. A task goes to the
/// thread of its kind with the least to do, so that those at full speed share all threads evenly.
class Pool final : public Executor {
 public:
  /// `threads`: for each urgency.
  Pool(const Clock& clock, std::size_t threads, Worker::Waiting waiting, Realtime realtime) {
    for (const Urgency urgency : {Urgency::bulk, Urgency::arrival, Urgency::deadline}) {
      for (std::size_t i = 0; i < threads; ++i) {
        workers_[static_cast<std::size_t>(urgency)].push_back(std::make_unique<Worker>(
            clock, Worker::Settings{waiting, urgency, realtime,
                                    &group_[static_cast<std::size_t>(urgency)]}));
      }
    }
    constexpr std::size_t kMostPatient = 4;
    for (std::size_t i = 0; i < std::min(threads / 2, kMostPatient); ++i) {
      workers_[kTolerant].push_back(std::make_unique<Worker>(
          clock, Worker::Settings{Worker::Waiting::asleep, Urgency::arrival, realtime}));
    }
  }

  void add(Task& task) override {
    const std::lock_guard lock{mutex_};
    if (stopped_) {
      task.release();
      return;
    }
    Workers& workers =
        workers_[task.tolerates_delay() ? kTolerant : static_cast<std::size_t>(task.urgency())];
    const auto least =
        std::min_element(workers.begin(), workers.end(),
                         [](const auto& a, const auto& b) { return a->load() < b->load(); });
    (*least)->add(task);
  }

  /// Ends the threads: every task is released afterwards.
  void stop() {
    Sets ended;  // outlives the lock: tasks that still run may ask for it
    {
      const std::lock_guard lock{mutex_};
      stopped_ = true;
      ended.swap(workers_);
    }
    for (const Workers& workers : ended) {  // all before any is gone: tasks notify each other
      for (const auto& worker : workers) {
        worker->stop();
      }
    }
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
  static constexpr std::size_t kTolerant = 3;  ///< behind one for each urgency
  using Sets = std::array<Workers, kTolerant + 1>;

  std::array<ThreadScheduling::Group, kTolerant> group_;  ///< outlive the workers
  std::mutex mutex_;
  bool stopped_ = false;
  Sets workers_;
};

std::size_t worker_count() {
  constexpr std::size_t kLeast = 2;  // one may be busy with a sender at full speed
  constexpr std::size_t kMost = 32;
  return std::clamp<std::size_t>(std::thread::hardware_concurrency(), kLeast, kMost);
}

/// The services of one process and the loop that runs them.
class ServiceLoop final : public Neighbours {
 public:
  ServiceLoop(const Clock& clock, ServerObserver& observer, const StopToken& stop)
      : clock_(clock), observer_(observer), stop_(stop) {}

  void add(Service& service) { services_.push_back(&service); }

  void add(const std::vector<std::unique_ptr<Service>>& services) {
    for (const auto& service : services) {
      add(*service);
    }
  }

  [[nodiscard]] session::Occupancy beside(const Service& self, const IpAddress& client,
                                          MonoTime now) const override {
    session::Occupancy sum;
    for (const Service* const other : services_) {
      sum = other == &self ? sum : session::together(sum, other->occupancy(client, now));
    }
    return sum;
  }
  [[nodiscard]] std::size_t sessions_beside(const Service& self) const override {
    std::size_t sum = 0;
    for (const Service* const other : services_) {
      sum += other == &self ? 0 : other->admitted();
    }
    return sum;
  }

  /// Until a stop is requested, one session is over where that is `one_off`, or something is wrong
  /// that waiting does not mend: see fault().
  void run(bool one_off, const std::function<void()>& on_counters) {
    constexpr Duration kLongestStop = std::chrono::seconds{3};
    MonoTime stop_by = kNever;
    while (true) {
      const MonoTime now = clock_.now();
      MonoTime next = step(now);
      stop_.drain();  // first: what is asked for from here on ends the wait
      if (stop_.take_counters_request()) {
        on_counters();
      }
      if (fault_) {
        return;
      }
      if (stop_.requested() && stop_by == kNever) {
        stop_by = now + kLongestStop;
        for (Service* const service : services_) {
          service->shut_down();
        }
      }
      const bool done = stop_.requested() || (one_off && finished() > 0);
      if (done && (count() == 0 || now >= stop_by)) {
        return;
      }
      wait(std::min({next, stop_by, tell_observer(now)}));
    }
  }

  /// Does what is due in every service; returns when the next thing is.
  MonoTime step(MonoTime now) {
    MonoTime next = kNever;
    for (Service* const service : services_) {
      next = std::min(next, step(*service, now));
    }
    return next;
  }

  [[nodiscard]] Result<void> fault() const {
    return fault_ ? Result<void>{tl::unexpected{*fault_}} : Result<void>{};
  }

 private:
  static constexpr Duration kPause = std::chrono::milliseconds{10};

  /// Where memory, or threads, run out, the loop goes on a moment later: sessions end and give
  /// theirs back.
  MonoTime step(Service& service, MonoTime now) {
    try {
      return service.step(now);
    } catch (const std::bad_alloc&) {
      return now + kPause;
    } catch (const std::system_error&) {
      return now + kPause;
    } catch (const std::exception& problem) {
      fault_ = Error{ErrorCode::internal, std::string{"internal error: "} + problem.what(), 0, {}};
      return now;
    }
  }

  MonoTime tell_observer(MonoTime now) {
    try {
      return observer_.on_turn(now);
    } catch (const std::bad_alloc&) {
      return now + kPause;
    }
  }

  void wait(MonoTime until) {
    fds_.assign(1, stop_.requested() ? -1 : stop_.wait_fd());
    for (const Service* const service : services_) {
      service->add_fds(fds_);
    }
    os::wait_readable(fds_, until == kNever ? Duration::max() : until - clock_.now());
  }

  [[nodiscard]] std::size_t count() const {
    std::size_t sum = 0;
    for (const Service* const service : services_) {
      sum += service->count();
    }
    return sum;
  }

  [[nodiscard]] std::uint64_t finished() const {
    std::uint64_t sum = 0;
    for (const Service* const service : services_) {
      sum += service->finished();
    }
    return sum;
  }

  const Clock& clock_;
  ServerObserver& observer_;
  const StopToken& stop_;
  std::vector<Service*> services_;
  std::vector<int> fds_;
  std::optional<Error> fault_;
};

using Services = std::vector<std::unique_ptr<Service>>;

Result<Services> make_services(const std::vector<ServiceMaker>& makers, const ServiceSite& site) {
  Services services;
  for (const ServiceMaker& make : makers) {
    auto service = make(site);
    if (!service) {
      return tl::unexpected{service.error()};
    }
    services.push_back(*std::move(service));
  }
  return services;
}

/// Who has its clients on the port itself; null: nobody.
PortGuest* guest_of(const Services& services) {
  for (const auto& service : services) {
    if (PortGuest* const guest = service->as_port_guest()) {
      return guest;
    }
  }
  return nullptr;
}

Worker::Waiting waiting_of(const ServerOptions& options) {
  return options.spin ? Worker::Waiting::spinning : Worker::Waiting::asleep;
}

}  // namespace

Result<void> run_server(const ServerOptions& options, const Clock& clock, RandomSource& random,
                        ServerObserver& observer, const StopToken& stop,
                        const std::vector<ServiceMaker>& more) {
  const std::uint32_t buffer = options.data_on_port ? options.buffer.value_or(kDefaultBuffer)
                                                    : net::UdpListener::kHandshakeBuffer;
  auto listener = net::UdpListener::open(options.bind, options.port, buffer, options.bind_device);
  if (!listener) {
    return tl::unexpected{listener.error()};
  }
  Pool pool{clock, worker_count(), waiting_of(options), options.realtime};
  SessionMemory memory{options.max_memory.count()};
  ServiceLoop loop{clock, observer, stop};
  const ServiceSite site{pool, memory, loop, listener->get()};
  const auto others = make_services(more, site);
  if (!others) {
    return tl::unexpected{others.error()};
  }
  ServerSessions sessions{options, site, clock, random, observer, guest_of(*others)};
  loop.add(sessions);
  loop.add(*others);
  observer.on_ready((*listener)->local());
  const auto tell_counters = [&] {
    ServerCounters counters = sessions.counters();
    for (const auto& service : *others) {
      service->add_counts(counters.of_others);
    }
    observer.on_counters(counters);
  };
  loop.run(options.one_off, tell_counters);
  pool.stop();
  loop.step(clock.now());  // what had not ended by itself has now
  tell_counters();
  return loop.fault();
}

Result<void> run_services(const ServerOptions& options, const Clock& clock,
                          ServerObserver& observer, const StopToken& stop,
                          const std::vector<ServiceMaker>& services) {
  Pool pool{clock, worker_count(), waiting_of(options), options.realtime};
  SessionMemory memory{options.max_memory.count()};
  ServiceLoop loop{clock, observer, stop};
  const auto made = make_services(services, {pool, memory, loop});
  if (!made) {
    return tl::unexpected{made.error()};
  }
  loop.add(*made);
  loop.run(options.one_off, [] {});
  pool.stop();
  loop.step(clock.now());
  return loop.fault();
}

}  // namespace udperf::engine
