#include "engine/client_run.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <memory>
#include <optional>
#include <vector>

#include "engine/client_outcome.hpp"
#include "engine/client_test.hpp"
#include "engine/live_view.hpp"
#include "engine/server_lookup.hpp"
#include "engine/worker.hpp"
#include "model/forever.hpp"
#include "net/device.hpp"
#include "os/event.hpp"

namespace udperf::engine {
namespace {

using namespace std::chrono_literals;

/// Threads that are there before they are needed, each for one task or, where there are many, for
/// some.
class Threads final : public Executor {
 public:
  Threads(const Clock& clock, const ClientOptions& options)
      : clock_(clock),
        waiting_(options.spin ? Worker::Waiting::spinning : Worker::Waiting::asleep),
        realtime_(options.realtime) {}

  void begin(std::size_t count, Urgency urgency) {
    constexpr std::size_t kMost = 32;  // streams beyond share threads
    for (std::size_t i = 0; i < std::min(count, kMost); ++i) {
      workers_.push_back(
          std::make_unique<Worker>(clock_, Worker::Settings{waiting_, urgency, realtime_}));
    }
  }
  void add(Task& task) override {
    workers_[next_.fetch_add(1, std::memory_order_relaxed) % workers_.size()]->add(task);
  }
  void wake() override {
    for (const auto& worker : workers_) {
      worker->wake();
    }
  }
  /// Ends them; they still may be notified.
  void stop() {
    for (const auto& worker : workers_) {
      worker->stop();
    }
  }

 private:
  const Clock& clock_;
  Worker::Waiting waiting_;
  Realtime realtime_;
  std::atomic<std::size_t> next_{0};
  std::vector<std::unique_ptr<Worker>> workers_;
};

/// Ends threads at the end of a scope, however that is left.
class Ends {
 public:
  Ends(Threads& streams, Threads& senders) : streams_(streams), senders_(senders) {}
  Ends(const Ends&) = delete;
  Ends& operator=(const Ends&) = delete;
  ~Ends() {
    streams_.stop();
    senders_.stop();
  }

 private:
  Threads& streams_;
  Threads& senders_;
};

/// Runs one ClientTest from the calling thread, with threads for its streams.
class Shell final : public TaskHome {
 public:
  Shell(const ClientOptions& options, const Clock& clock, ClientObserver& observer,
        const StopToken& stop, UnixTime start)
      : options_(options),
        clock_(clock),
        observer_(observer),
        stop_(stop),
        start_(start),
        streams_(clock, options),
        senders_(clock, options) {}

  TestOutcome run(std::vector<Endpoint> servers, const ConnectTime& time, const StreamPorts& ports,
                  RandomSource& random) {
    ClientTest::Settings settings;
    settings.options = options_;
    settings.servers = std::move(servers);
    settings.ports = ports;
    settings.connect_by = time.first_by(clock_.now());
    settings.connect_time = time;
    settings.streams = &streams_;
    settings.senders = &senders_;
    settings.on_hello = [this](const Endpoint& server) { observer_.on_trace("HELLO", server); };
    settings.on_granted = [this](const ClientTest& test) {
      observer_.on_granted(test.accept().instance);
      begin_threads(test);
    };
    ClientTest test{std::move(settings), clock_, random};
    const Ends threads{streams_, senders_};  // before the test whose tasks they run
    test.set_home(this);
    while (!test.over()) {
      turn(test);
    }
    if (view_ && !announced_) {
      announce(test);
    }
    unheard_ = test.unheard();
    TestOutcome outcome = test.take_outcome();
    tell_rest(outcome);
    return outcome;
  }

  /// After run().
  [[nodiscard]] const ClientConnect::Unheard& unheard() const { return unheard_; }

  void notify(const Task& /*task*/) noexcept override { told_.raise(); }

 private:
  void begin_threads(const ClientTest& test) {
    const std::vector<const StreamEndpoint*> endpoints = test.endpoints();
    const StreamEndpoint& first = *endpoints.front();
    streams_.begin(endpoints.size(), first.urgency());
    if (first.sends() && !first.sends_itself()) {
      senders_.begin(endpoints.size(),
                     first.params().rate(Way::up).limited() ? Urgency::deadline : Urgency::bulk);
    }
    view_.emplace(first.params().interval, first.params().amount.duration == kForever);
  }

  void turn(ClientTest& test) {
    told_.take();
    if (stop_.requested() && !interrupted_) {
      interrupted_ = true;
      test.interrupt();
    }
    const MonoTime next = std::min(test.step(clock_.now(), buffers_).at, show(test));
    if (!test.over()) {
      const std::array<int, 3> fds{interrupted_ ? -1 : stop_.wait_fd(), told_.fd(), test.read_fd()};
      os::wait_readable(fds, next == kNever ? Duration::max() : next - clock_.now());
    }
  }

  /// Tells the observer what there is to tell. Returns when to look again.
  MonoTime show(const ClientTest& test) {
    constexpr Duration kTick = std::chrono::milliseconds{50};
    if (!view_) {
      return kNever;
    }
    if (test.started() && !announced_) {
      announce(test);
    }
    const MonoTime now = clock_.now();
    tell(test, now);
    return now + std::min(kTick, std::max<Duration>(options_.params.interval / 2, kTick / 10));
  }

  void tell(const ClientTest& test, MonoTime now) {
    const std::vector<const StreamEndpoint*> endpoints = test.endpoints();
    std::vector<StreamSnapshot> snapshots(endpoints.size());
    for (const Way way : {Way::up, Way::down}) {
      if (includes(endpoints.front()->params().direction, way)) {
        std::transform(endpoints.begin(), endpoints.end(), snapshots.begin(),
                       [way](const StreamEndpoint* stream) { return stream->snapshot(way); });
        view_->report(way, snapshots, test.control().last_rtt(), now, observer_);
      }
    }
  }

  void announce(const ClientTest& test) {
    announced_ = true;
    TestOutcome outcome = test.outcome();
    outcome.start = start_;
    outcome.params.payload_bytes = test.payload_bytes();
    observer_.on_started(outcome);
  }

  /// The intervals that nobody told of, and keeps what was told.
  void tell_rest(TestOutcome& outcome) {
    for (const Way way : {Way::up, Way::down}) {
      auto& part = way == Way::up ? outcome.up : outcome.down;
      if (part && view_) {
        view_->finish(way, *part, clock_.now(), observer_);
        part->seen = view_->seen(way);
      }
    }
  }

  const ClientOptions& options_;
  const Clock& clock_;
  ClientObserver& observer_;
  const StopToken& stop_;
  UnixTime start_;
  os::Event told_;
  Threads streams_;
  Threads senders_;
  net::ReceiveBuffers buffers_;
  std::optional<LiveView> view_;
  bool interrupted_ = false;
  bool announced_ = false;
  ClientConnect::Unheard unheard_;
};

TestOutcome failed_lookup(const ClientOptions& options, const Error& error, const StopToken& stop) {
  TestOutcome outcome = planned_outcome(options);
  outcome.authenticated = options.key.has_value();
  outcome.status = stop.requested() ? TestStatus::interrupted : TestStatus::error;
  outcome.error = error;
  return outcome;
}

/// Whether waiting may mend why a test did not begin, and how long to wait before the next try;
/// nothing when the last one was the last.
std::optional<Duration> retry_wait(const ClientOptions& options, const TestOutcome& last,
                                   Duration since_start) {
  if (!last.error || last.status != TestStatus::error) {
    return std::nullopt;
  }
  if (last.error->code == ErrorCode::unreachable && since_start < options.wait_server) {
    return 200ms;
  }
  const bool busy = last.error->code == ErrorCode::refused && last.retry_after_ms.has_value();
  if (busy && since_start < options.retry_busy) {
    return std::clamp<Duration>(std::chrono::milliseconds{*last.retry_after_ms}, 100ms, 2s);
  }
  return std::nullopt;
}

/// The attempts at one test: more than one where waiting may mend it, or where flows are silent.
class Attempts {
 public:
  Attempts(const ClientOptions& options, const Clock& clock, RandomSource& random,
           ClientObserver& observer, const StopToken& stop)
      : options_(options),
        clock_(clock),
        random_(random),
        observer_(observer),
        stop_(stop),
        start_(clock.unix_now()),
        begun_(clock.now()),
        ports_(options),
        time_(options, begun_) {}

  TestOutcome run() {
    TestOutcome outcome;
    if (const auto device = net::check_device(options_.bind_device); !device) {
      outcome = failed_lookup(options_, device.error(), stop_);
    } else {
      do {
        outcome = attempt();
      } while (begins_another(outcome));
    }
    // By the clock that nobody sets: a test that ended before it began would be absurd.
    outcome.start = start_;
    outcome.end = start_ + (clock_.now() - begun_);
    return outcome;
  }

 private:
  TestOutcome attempt() {
    unheard_ = {};
    auto servers = look_up_server(options_, clock_, stop_, time_.latest());
    if (!servers) {
      return failed_lookup(options_, servers.error(), stop_);
    }
    Shell shell{options_, clock_, observer_, stop_, start_};
    TestOutcome outcome = shell.run(*std::move(servers), time_, ports_, random_);
    unheard_ = shell.unheard();
    return outcome;
  }

  /// Waits where that may mend why the last one came to nothing.
  bool begins_another(const TestOutcome& last) {
    if (stop_.requested()) {
      return false;
    }
    if (const auto wait = retry_wait(options_, last, clock_.now() - begun_)) {
      observer_.on_trace("trying again: " + last.error->message(), std::nullopt);
      stop_.pause(*wait, clock_);
      time_ = ConnectTime{options_, clock_.now()};
      return true;
    }
    // Of many flows, without those that get no answer.
    return ports_.drop(unheard_.silent, unheard_.answered) && time_.enough(clock_.now());
  }

  const ClientOptions& options_;
  const Clock& clock_;
  RandomSource& random_;
  ClientObserver& observer_;
  const StopToken& stop_;
  UnixTime start_;
  MonoTime begun_;
  StreamPorts ports_;
  ConnectTime time_;
  ClientConnect::Unheard unheard_;
};

}  // namespace

TestOutcome run_client(const ClientOptions& options, const Clock& clock, RandomSource& random,
                       ClientObserver& observer, const StopToken& stop) {
  TestOutcome outcome = Attempts{options, clock, random, observer, stop}.run();
  if (outcome.session) {
    for (const Warning& warning : outcome.warnings) {
      observer.on_warning(warning);
    }
  }
  return outcome;
}

}  // namespace udperf::engine
