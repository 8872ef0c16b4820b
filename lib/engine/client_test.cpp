#include "engine/client_test.hpp"

#include <algorithm>
#include <utility>

#include "engine/client_outcome.hpp"
#include "engine/server_lookup.hpp"

namespace udperf::engine {
namespace {

/// Both ends know that the test is light.
bool both_know_light(const ClientOptions& options, const wire::Accept& accept) {
  return options.light && (accept.capabilities & wire::kCapLight) != 0;
}

ClientControl::Settings control_settings(const ClientTest::Settings& settings,
                                         const Connection& connection, const Task& root) {
  ClientControl::Settings out;
  out.session = connection.session;
  out.server_nonce = connection.accept.server_nonce;
  out.params = connection.accept.params;
  out.handshake_rtt = connection.rtt;
  out.payload_fallback = connection.payload_fallback;
  out.same_host = connection.accept.host == settings.host;
  out.few_probes = settings.options.few_probes;
  out.sparse_control = both_know_light(settings.options, connection.accept);
  out.go_at = settings.go_at;
  out.root = &root;
  return out;
}

/// Where something is drawn at random and no seed was given, one that the amount can be cut by.
ClientTest::Settings with_seed(ClientTest::Settings settings, RandomSource& random) {
  constexpr int kTries = 16;
  TestParams& params = settings.options.params;
  if (params.seed == 0 && (params.shape_up.drawn() || params.shape_down.drawn())) {
    for (int i = 0; i < kTries && (params.seed == 0 || check_params(params)); ++i) {
      params.seed = random.next_u64() % kMostSeed + 1;
    }
  }
  return settings;
}

}  // namespace

ClientTest::ClientTest(Settings settings, const Clock& clock, RandomSource& random)
    : settings_(with_seed(std::move(settings), random)),
      clock_(clock),
      random_(random),
      begun_(clock.now()),
      memory_(settings_.options.light ? kMostLightMemory : kMostMemory),
      connect_({&settings_.options, settings_.servers,
                settings_.ports.value_or(StreamPorts{settings_.options}), settings_.connect_by,
                settings_.open, settings_.on_hello, settings_.connect_time},
               clock, random) {
  const ClientOptions& options = settings_.options;
  outcome_.start = clock.unix_now();
  outcome_.server_name = options.host;
  outcome_.labels = options.labels;
  outcome_.authenticated = options.key.has_value();
  connect_.fill(outcome_);
}

ClientTest::~ClientTest() = default;

/// By the clock that nobody sets: a test that ended before it began would be absurd.
UnixTime ClientTest::unix_now() const {
  return outcome_.start + (clock_.now() - begun_);
}

void ClientTest::interrupt() {
  interrupted_.store(true);
  if (speaking_.load()) {
    control_->interrupt();
  }
  notify();
}

Wake ClientTest::step(MonoTime now, net::ReceiveBuffers& buffers) {
  constexpr Duration kSoon = std::chrono::milliseconds{1};
  if (stage_ == Stage::connecting) {
    return step_connect(buffers, now);
  }
  if (stage_ == Stage::running && control_->ended()) {
    end_tasks();
  }
  if (stage_ == Stage::ending) {
    if (!idle()) {
      return Wake{now + kSoon};  // theirs is the word: they are let go of a moment later
    }
    finish();
  }
  return Wake{};
}

Wake ClientTest::step_connect(net::ReceiveBuffers& buffers, MonoTime now) {
  if (interrupted_.load()) {
    connect_.give_up();
    connect_.fill(outcome_);
    fail(interrupted_before_start());
    return Wake{};
  }
  const MonoTime next = connect_.step(buffers, now);
  if (!connect_.over()) {
    return Wake{next};
  }
  connect_.fill(outcome_);
  if (auto connection = connect_.take()) {
    connection_ = std::move(*connection);
    connection_->accept.capabilities &= settings_.capabilities;
    begin();
  } else {
    fail(connection.error());
  }
  return Wake{};
}

void ClientTest::begin() {
  control_ = std::make_unique<ClientControl>(control_settings(settings_, *connection_, *this),
                                             endpoints_, shared_, clock_.now());
  crypto::Key token_key{};
  random_.fill(token_key);
  shared_.agreed.peer_tells_queue = (connection_->accept.capabilities & wire::kCapQueue) != 0;
  shared_.agreed.peer_buffer = connection_->accept.receive_buffer;
  for (std::size_t i = 0; i < connection_->streams.size(); ++i) {
    add_stream(i, token_key);
  }
  stage_ = Stage::running;
  speaking_.store(true);
  if (interrupted_.load()) {
    control_->interrupt();
  }
  if (settings_.on_granted) {
    settings_.on_granted(*this);
  }
  for (const auto& endpoint : endpoints_) {
    settings_.streams->add(*endpoint);
    ++given_;
  }
}

void ClientTest::add_stream(std::size_t i, const crypto::Key& token_key) {
  Connection::Stream& stream = connection_->streams[i];
  StreamEndpoint::Settings settings;
  settings.role = session::Role::client;
  settings.session = connection_->session;
  settings.stream = static_cast<std::uint8_t>(i);
  settings.params = connection_->accept.params;
  settings.sealer = stream.sealer;
  settings.token_key = token_key;
  settings.payload_seed = random_.next_u64();
  settings.trace = settings_.options.profile.trace;
  settings.feedback_patience = settings_.options.feedback_patience;
  settings.memory = &memory_;
  settings.senders = settings_.senders;
  settings.light = settings_.options.light;
  settings.sparse_control = both_know_light(settings_.options, connection_->accept);
  settings.control_stream = i == 0 ? nullptr : endpoints_.front().get();
  endpoints_.push_back(std::make_unique<StreamEndpoint>(
      settings, std::move(stream.port), clock_, shared_, i == 0 ? control_.get() : nullptr));
}

std::vector<const StreamEndpoint*> ClientTest::endpoints() const {
  std::vector<const StreamEndpoint*> out;
  out.reserve(endpoints_.size());
  for (const auto& endpoint : endpoints_) {
    out.push_back(endpoint.get());
  }
  return out;
}

void ClientTest::end_tasks() {
  stage_ = Stage::ending;
  shared_.quit.store(true, std::memory_order_release);
  for (const auto& endpoint : endpoints_) {
    endpoint->notify();
  }
}

bool ClientTest::idle() const {
  return std::all_of(endpoints_.begin(), endpoints_.begin() + static_cast<std::ptrdiff_t>(given_),
                     [](const auto& endpoint) { return endpoint->idle(); });
}

void ClientTest::fail(Error error) {
  outcome_.end = unix_now();
  outcome_.status = interrupted_.load() ? TestStatus::interrupted : TestStatus::error;
  outcome_.error = std::move(error);
  conclude();
}

void ClientTest::finish() {
  outcome_.end = unix_now();
  fill_outcome(*control_, endpoints_, *connection_, outcome_);
  outcome_.concurrent_sessions_max =
      std::max(outcome_.concurrent_sessions_max, shared_.sessions_max.load());
  outcome_.control_refused = shared_.control_refused.load();
  if (shared_.agreed.gso_broken) {
    outcome_.warnings.push_back(broken_offload_warning());
  }
  const auto& told = settings_.options.profile.warnings;
  outcome_.warnings.insert(outcome_.warnings.end(), told.begin(), told.end());
  conclude();
}

void ClientTest::conclude() {
  stage_ = Stage::over;
  if (settings_.on_over) {
    settings_.on_over();
  }
}

void ClientTest::abandon() noexcept {
  shared_.quit.store(true, std::memory_order_release);
  for (const auto& endpoint : endpoints_) {
    endpoint->notify();
  }
  outcome_.status = TestStatus::error;
  conclude();
}

}  // namespace udperf::engine
