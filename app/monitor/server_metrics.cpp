#include "app/monitor/server_metrics.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>
#include <string_view>
#include <utility>

#include "app/monitor/http_server.hpp"
#include "app/monitor/metrics.hpp"
#include "app/monitor/routes.hpp"
#include "base/saturating.hpp"

namespace udperf::app {
namespace {

using engine::ServerCounters;
using prometheus::MetricType;

/// Payload and packets of the sessions that are over, one way.
struct WaySums {
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0;
  std::uint64_t lost = 0;
  std::uint64_t rx_socket_drop = 0;
};

struct Tally {
  std::uint64_t opened = 0;
  std::uint64_t closed = 0;
  std::map<TestStatus, std::uint64_t> by_status;
  std::map<std::string_view, std::uint64_t> refused;  ///< by reason
  WaySums received;                                   ///< by this server
  WaySums sent;
  ServerCounters counters;
};

struct DropReason {
  const char* reason;
  std::uint64_t ServerCounters::*member;
};
constexpr std::array<DropReason, 8> kDropReasons{{
    {"bad_cookie", &ServerCounters::bad_cookies},
    {"expired_cookie", &ServerCounters::expired_cookies},
    {"malformed", &ServerCounters::malformed},
    {"unknown_session", &ServerCounters::unknown_session},
    {"denied", &ServerCounters::denied},
    {"unauthenticated", &ServerCounters::unauthenticated},
    {"rate_limited", &ServerCounters::rate_limited},
    {"out_of_memory", &ServerCounters::out_of_memory},
}};

const char* status_name(TestStatus status) {
  constexpr std::array<const char*, 4> kNames{"complete", "incomplete", "interrupted", "error"};
  return kNames.at(static_cast<std::size_t>(status));
}

/// How sessions ended, and what got no session.
void add_by_reason(const Tally& tally, Exposition& text) {
  Family closed{"udperf_server_sessions_closed_total", "Sessions that are over, by how they ended.",
                MetricType::Counter};
  for (const TestStatus status :
       {TestStatus::complete, TestStatus::incomplete, TestStatus::interrupted, TestStatus::error}) {
    const auto found = tally.by_status.find(status);
    const std::uint64_t count = found != tally.by_status.end() ? found->second : 0;
    closed.add({{"status", status_name(status)}}, static_cast<double>(count));
  }
  text.add(std::move(closed));
  Family refusals{"udperf_server_refusals_total", "Requests that were refused, by reason.",
                  MetricType::Counter};
  for (const std::string_view reason : refusal_reasons()) {
    const auto found = tally.refused.find(reason);
    const std::uint64_t count = found != tally.refused.end() ? found->second : 0;
    refusals.add({{"reason", std::string{reason}}}, static_cast<double>(count));
  }
  text.add(std::move(refusals));
  Family drops{"udperf_server_datagrams_dropped_total", "Datagrams left unanswered, by reason.",
               MetricType::Counter};
  for (const DropReason& drop : kDropReasons) {
    drops.add({{"reason", drop.reason}}, static_cast<double>(tally.counters.*drop.member));
  }
  text.add(std::move(drops));
  Family others{"udperf_server_services_total",
                "What services beside the native one have counted, such as classic clients' runs.",
                MetricType::Counter};
  for (const engine::NamedCount& one : tally.counters.of_others) {
    others.add({{"what", one.name}}, static_cast<double>(one.count));
  }
  text.add(std::move(others));
}

std::string metrics_of(const Tally& tally) {
  Exposition text;
  text.add(build_info());
  const auto one = [&text](const char* name, const char* help, MetricType type, double value) {
    Family family{name, help, type};
    family.add({}, value);
    text.add(std::move(family));
  };
  const auto counter = [&one](const char* name, const char* help, std::uint64_t value) {
    one(name, help, MetricType::Counter, static_cast<double>(value));
  };
  one("udperf_server_active_sessions", "Sessions that run now.", MetricType::Gauge,
      static_cast<double>(tally.opened - std::min(tally.opened, tally.closed)));
  counter("udperf_server_sessions_total", "Sessions that were accepted.", tally.opened);
  counter("udperf_server_light_sessions_total", "Of these, light ones, as of a monitor.",
          tally.counters.light_sessions);
  add_by_reason(tally, text);
  counter("udperf_server_hellos_total", "Requests for a test that came.", tally.counters.hellos);
  counter("udperf_server_received_packets_total", "Datagrams that arrived in tests that are over.",
          tally.received.packets);
  counter("udperf_server_received_bytes_total", "Their payload.", tally.received.bytes);
  counter("udperf_server_lost_packets_total", "Datagrams of these tests that did not arrive.",
          tally.received.lost);
  counter("udperf_server_rx_socket_drops_total", "Of these, dropped at this host's socket.",
          tally.received.rx_socket_drop);
  counter("udperf_server_sent_packets_total", "Datagrams sent in tests that are over.",
          tally.sent.packets);
  counter("udperf_server_sent_bytes_total", "Their payload.", tally.sent.bytes);
  return text.take();
}

class Metrics final : public ServerMetrics {
 public:
  Metrics(engine::ServerObserver& next, engine::StopToken& stop) : next_(next), stop_(stop) {}

  [[nodiscard]] Result<void> listen(const Endpoint& at) {
    auto server = HttpServer::open(at, WebConfig{},
                                   [this](const HttpRequest& request) { return answer(request); });
    if (!server) {
      return tl::unexpected{server.error()};
    }
    server_ = *std::move(server);
    return {};
  }

  void counters_asked_for() override { forward_ = true; }
  [[nodiscard]] Endpoint local() const override { return server_->local(); }

  void on_ready(const Endpoint& local) override { next_.on_ready(local); }
  void on_service_ready(const std::string& name, const Endpoint& local) override {
    next_.on_service_ready(name, local);
  }
  void on_session_opened(std::uint64_t session, const Endpoint& client,
                         const TestParams& params) override {
    {
      const std::lock_guard lock{mutex_};
      ++tally_.opened;
    }
    next_.on_session_opened(session, client, params);
  }
  void on_session_closed(const SessionOutcome& outcome) override {
    {
      const std::lock_guard lock{mutex_};
      ++tally_.closed;
      ++tally_.by_status[outcome.status];
      add(outcome);
    }
    next_.on_session_closed(outcome);
  }
  void on_fallback_closed(const engine::FallbackOutcome& outcome) override {
    next_.on_fallback_closed(outcome);
  }
  void on_refused(const Endpoint& client, const engine::Refusal& refusal) override {
    {
      const std::lock_guard lock{mutex_};
      ++tally_.refused[refusal.kind];
    }
    next_.on_refused(client, refusal);
  }
  void on_warning(const Warning& warning) override { next_.on_warning(warning); }
  void on_counters(const ServerCounters& counters) override {
    bool asked_here = false;
    {
      const std::lock_guard lock{mutex_};
      tally_.counters = counters;
      asked_here = std::exchange(asked_, false);
    }
    told_.notify_all();
    if (forward_.exchange(false) || !asked_here) {
      next_.on_counters(counters);
    }
  }
  MonoTime on_turn(MonoTime now) override { return next_.on_turn(now); }

 private:
  /// What a client told is in it, and may be any number.
  void add(const SessionOutcome& outcome) {
    const auto grow = [](std::uint64_t& sum, std::uint64_t by) { sum = saturating_add(sum, by); };
    for (const StreamOutcome& stream : streams(outcome.up)) {
      if (stream.rx) {
        grow(tally_.received.packets, stream.rx->unique);
        grow(tally_.received.bytes, stream.rx->unique_bytes);
        grow(tally_.received.lost, stream.rx->lost);
        grow(tally_.received.rx_socket_drop, stream.rx->rx_socket_drop.value_or(0));
      }
    }
    for (const StreamOutcome& stream : streams(outcome.down)) {
      if (stream.tx) {
        grow(tally_.sent.packets, stream.tx->packets);
        grow(tally_.sent.bytes, stream.tx->payload_bytes);
      }
    }
  }

  static const std::vector<StreamOutcome>& streams(const std::optional<WayOutcome>& way) {
    static const std::vector<StreamOutcome> none;
    return way ? way->streams : none;
  }

  HttpReply answer(const HttpRequest& request) {
    if (request.path == "/healthz") {
      return http_problem(200, "ok");
    }
    if (request.path != "/metrics") {
      return http_problem(404, "there is nothing; see /metrics and /healthz");
    }
    HttpReply reply;
    reply.type = kExpositionType;
    reply.body = metrics_of(fresh());
    return reply;
  }

  /// The server's thread tells its counters when it is asked; where it is busy, the last are told.
  Tally fresh() {
    std::unique_lock lock{mutex_};
    asked_ = true;
    stop_.request_counters();
    told_.wait_for(lock, std::chrono::milliseconds{500}, [this] { return !asked_; });
    return tally_;
  }

  engine::ServerObserver& next_;
  engine::StopToken& stop_;
  std::mutex mutex_;
  std::condition_variable told_;
  Tally tally_;
  bool asked_ = false;
  std::atomic<bool> forward_{false};
  std::unique_ptr<HttpServer> server_;  ///< last: its threads use the rest
};

}  // namespace

Result<std::unique_ptr<ServerMetrics>> ServerMetrics::open(const Endpoint& listen,
                                                           engine::ServerObserver& next,
                                                           engine::StopToken& stop) {
  auto metrics = std::make_unique<Metrics>(next, stop);
  if (const auto listening = metrics->listen(listen); !listening) {
    Error error = listening.error();
    if (error.what.starts_with("--listen")) {
      error.what.replace(0, 8, "--metrics");
    }
    return tl::unexpected{std::move(error)};
  }
  return metrics;
}

}  // namespace udperf::app
