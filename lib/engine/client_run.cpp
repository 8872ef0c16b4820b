#include "engine/client_run.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <memory>

#include "engine/client_connect.hpp"
#include "engine/client_conversation.hpp"
#include "engine/client_outcome.hpp"
#include "engine/event.hpp"
#include "engine/lane.hpp"
#include "engine/live_view.hpp"
#include "engine/worker.hpp"

namespace udperf::engine {
namespace {

constexpr std::size_t kMostWorkers = 32;  // of each kind: streams beyond share threads

/// Everything that exists while a test runs; torn down in the right order: threads first.
class Test {
 public:
  Test(Connection& connection, const ClientOptions& options, const Clock& clock,
       RandomSource& random)
      : clock_(clock),
        waiting_(options.spin ? Worker::Waiting::spinning : Worker::Waiting::asleep),
        realtime_(options.realtime),
        conversation_(conversation_settings(connection, options), shared_, clock.now()) {
    crypto::Key token_key{};
    random.fill(token_key);
    shared_.peer_tells_queue.store((connection.accept.capabilities & wire::kCapQueue) != 0);
    shared_.peer_buffer.store(connection.accept.receive_buffer);
    for (std::size_t i = 0; i < connection.streams.size(); ++i) {
      Connection::Stream& stream = connection.streams[i];
      Lane::Settings settings;
      settings.role = session::Role::client;
      settings.session = connection.session;
      settings.stream = static_cast<std::uint8_t>(i);
      settings.params = connection.accept.params;
      settings.sealer = stream.sealer;
      settings.token_key = token_key;
      settings.payload_seed = random.next_u64();
      settings.trace = options.profile.trace;
      settings.feedback_patience = options.feedback_patience;
      lanes_.push_back(std::make_unique<Lane>(settings, std::move(stream.port), clock, shared_,
                                              i == 0 ? &conversation_ : nullptr));
      lanes_.back()->launch = [this, i](Task& task) { senders_[i % senders_.size()]->add(task); };
      lanes_.back()->poke = [this, i] { senders_[i % senders_.size()]->wake(); };
    }
  }

  /// `announce` is called once data may flow, or when it is clear that it never will.
  void run(ClientObserver& observer, const StopToken& stop, const std::function<void()>& announce) {
    std::vector<const Lane*> views;
    for (const auto& lane : lanes_) {
      views.push_back(lane.get());
    }
    conversation_.set_lanes(views);
    conversation_.on_ended = [this] { ended_.raise(); };
    conversation_.on_started = [this] {
      for (const auto& worker : receivers_) {
        worker->wake();
      }
    };
    start_threads();
    view_.emplace(views, conversation_);
    watch(*view_, observer, stop, announce);
    shared_.quit.store(true, std::memory_order_release);
    receivers_.clear();
    senders_.clear();
  }

  ClientConversation& conversation() { return conversation_; }
  [[nodiscard]] std::uint32_t sessions_max() const { return shared_.sessions_max.load(); }
  [[nodiscard]] std::uint32_t payload_bytes() const { return lanes_.front()->payload_bytes(); }
  [[nodiscard]] bool offload_broken() const { return shared_.gso_broken.load(); }
  const std::vector<std::unique_ptr<Lane>>& lanes() const { return lanes_; }
  /// What was told of the intervals; after run().
  void fill_seen(TestOutcome& outcome) const {
    if (outcome.up) {
      outcome.up->seen = view_->seen(Way::up);
    }
    if (outcome.down) {
      outcome.down->seen = view_->seen(Way::down);
    }
  }

 private:
  static ClientConversation::Settings conversation_settings(const Connection& connection,
                                                            const ClientOptions& options) {
    ClientConversation::Settings settings;
    settings.session = connection.session;
    settings.server_nonce = connection.accept.server_nonce;
    settings.params = connection.accept.params;
    settings.handshake_rtt = connection.rtt;
    settings.payload_fallback = connection.payload_fallback;
    settings.same_host = connection.accept.host == host_fingerprint();
    settings.few_probes = options.few_probes;
    return settings;
  }

  void start_threads() {
    const std::size_t count = std::min(lanes_.size(), kMostWorkers);
    const bool sends = lanes_.front()->sends() && !lanes_.front()->sends_itself();
    const Urgency urgency =
        lanes_.front()->params().rate(Way::up).limited() ? Urgency::deadline : Urgency::bulk;
    for (std::size_t i = 0; i < count; ++i) {
      receivers_.push_back(std::make_unique<Worker>(
          clock_, Worker::Settings{waiting_, lanes_.front()->urgency(), realtime_}));
      if (sends) {
        senders_.push_back(
            std::make_unique<Worker>(clock_, Worker::Settings{waiting_, urgency, realtime_}));
      }
    }
    for (std::size_t i = 0; i < lanes_.size(); ++i) {
      receivers_[i % count]->add(*lanes_[i]);
    }
  }

  void watch(LiveView& view, ClientObserver& observer, const StopToken& stop,
             const std::function<void()>& announce) {
    constexpr Duration kTick = std::chrono::milliseconds{50};
    bool told = false;
    bool announced = false;
    const Duration tick =
        std::min(kTick, std::max<Duration>(lanes_.front()->params().interval / 2, kTick / 10));
    while (!conversation_.ended()) {
      const int stop_fd = told ? -1 : stop.wait_fd();
      const std::array<int, 2> fds{stop_fd, ended_.fd()};
      wait_readable(fds, tick);
      if (stop.requested() && !told) {
        told = true;
        conversation_.interrupt();
        receivers_.front()->wake();
      }
      if (shared_.started.load(std::memory_order_acquire) && !announced) {
        announced = true;
        announce();
      }
      view.report(clock_.now(), observer);
    }
    if (!announced) {
      announce();
    }
  }

  const Clock& clock_;
  Worker::Waiting waiting_;
  Realtime realtime_;
  SharedTest shared_;
  Event ended_;
  ClientConversation conversation_;
  std::vector<std::unique_ptr<Lane>> lanes_;
  std::vector<std::unique_ptr<Worker>> senders_;
  std::vector<std::unique_ptr<Worker>> receivers_;
  std::optional<LiveView> view_;
};

/// Where something is drawn at random and no seed was given, one that the amount can be cut by.
ClientOptions with_seed(ClientOptions options, RandomSource& random) {
  constexpr int kTries = 16;
  TestParams& params = options.params;
  if (params.seed == 0 && (params.shape_up.drawn() || params.shape_down.drawn())) {
    for (int i = 0; i < kTries && (params.seed == 0 || check_params(params)); ++i) {
      params.seed = random.next_u64() % kMostSeed + 1;
    }
  }
  return options;
}

}  // namespace

TestOutcome run_client(const ClientOptions& asked, const Clock& clock, RandomSource& random,
                       ClientObserver& observer, const StopToken& stop) {
  const ClientOptions options = with_seed(asked, random);
  TestOutcome outcome;
  outcome.start = clock.unix_now();
  const MonoTime begun = clock.now();
  // By the clock that nobody sets: a test that ended before it began would be absurd.
  const auto now_unix = [&] { return outcome.start + (clock.now() - begun); };
  outcome.params = options.params;
  outcome.server_name = options.host;
  outcome.labels = options.labels;
  outcome.authenticated = options.key.has_value();

  auto connection = connect_client(options, clock, random, observer, stop, outcome);
  if (!connection) {
    outcome.end = now_unix();
    outcome.status = stop.requested() ? TestStatus::interrupted : TestStatus::error;
    outcome.error = connection.error();
    return outcome;
  }
  Test test{*connection, options, clock, random};
  test.run(observer, stop, [&] {
    outcome.params.payload_bytes = test.payload_bytes();
    observer.on_started(outcome);
  });
  outcome.end = now_unix();
  fill_outcome(test.conversation(), test.lanes(), *connection, outcome);
  test.fill_seen(outcome);
  outcome.concurrent_sessions_max = std::max(outcome.concurrent_sessions_max, test.sessions_max());
  if (test.offload_broken()) {
    outcome.warnings.push_back(broken_offload_warning());
  }
  outcome.warnings.insert(outcome.warnings.end(), options.profile.warnings.begin(),
                          options.profile.warnings.end());
  for (const Warning& warning : outcome.warnings) {
    observer.on_warning(warning);
  }
  return outcome;
}

}  // namespace udperf::engine
