#pragma once

#include <atomic>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "engine/stream_endpoint.hpp"
#include "engine/test_state.hpp"
#include "session/control_budget.hpp"
#include "session/path_validation.hpp"
#include "session/preflight.hpp"
#include "session/rate_policer.hpp"

namespace udperf::engine {

/// The server's control of one session after ACCEPT: waits for GO, watches over the test and ends
/// it. Runs on the first stream's thread; ended() and the requests may be used from any.
class ServerControl final : public SessionControl {
 public:
  struct Settings {
    std::uint64_t session = 0;
    wire::Nonce client_nonce{};
    wire::Nonce server_nonce{};
    TestParams params;
    wire::Accept accept;  ///< to be said again when REQUEST is
    std::optional<Duration> max_duration;
    /// What comes from the client, which may send as fast as was granted and no faster; null: any.
    session::ControlBudget* watched = nullptr;
    crypto::Key secret{};         ///< of the session; nobody else knows it
    bool light = false;           ///< the session is counted as a light one
    bool sparse_control = false;  ///< the test is light: see session/light.hpp
    /// Called on a stream's thread when the session is over.
    std::function<void()> on_ended;
  };

  ServerControl(const Settings& settings, TestState& shared, MonoTime now);

  void on_message(const ControlMessage& message, ControlChannel& channel) override;
  void on_stray(std::span<const std::byte> datagram, ControlChannel& channel) override;
  MonoTime on_timer(ControlChannel& channel, MonoTime now) override;
  void abandon() noexcept override;

  /// The server stops; from any thread.
  void shut_down() {
    shut_down_.store(true);
    notify_streams();
  }
  /// Has every stream look at what has changed; from any thread.
  void notify_streams() const noexcept;
  /// Says ACCEPT, with what the socket can hold.
  void greet(ControlChannel& channel) const;
  /// Another stream has joined. It must outlive the session's tasks; from any thread.
  void add_stream(const StreamEndpoint* stream);

  [[nodiscard]] bool ended() const { return ended_.load(std::memory_order_acquire); }
  /// After ended(): whether both ends closed their books, and how it ended in words.
  [[nodiscard]] TestStatus status() const { return status_; }
  [[nodiscard]] const std::string& reason() const { return reason_; }
  [[nodiscard]] bool sparse_control() const { return settings_.sparse_control; }
  [[nodiscard]] bool running() const { return shared_.started.load(); }
  /// When data could flow. Only where it is running.
  [[nodiscard]] MonoTime started_at() const { return started_at_; }
  /// When data should have flowed and the session must be over, as granted; kNever where that is
  /// not known. From any thread.
  [[nodiscard]] MonoTime data_until() const { return mono_from_ns(data_until_ns_.load()); }
  [[nodiscard]] MonoTime hard_end() const { return mono_from_ns(hard_end_ns_.load()); }

 private:
  void on_go(const wire::Go& go, ControlChannel& channel, MonoTime now);
  [[nodiscard]] bool is_possible(const TestParams& final_params);
  [[nodiscard]] bool as_light(const TestParams& final_params) const;
  void begin(MonoTime now);
  void set_end(MonoTime now);
  [[nodiscard]] bool check_end(ControlChannel& channel, MonoTime now);
  [[nodiscard]] bool sends_too_much(MonoTime now);
  MonoTime validate_path(ControlChannel& channel, MonoTime now);
  void say_shut_down(ControlChannel& channel, MonoTime now);
  void end_if_due(MonoTime now);
  void on_bye(const wire::Bye& bye, MonoTime now);
  void end(TestStatus status, std::string reason);
  [[nodiscard]] bool check_liveness(MonoTime now);
  [[nodiscard]] MonoTime next_end() const;
  void note_distance(MonoTime now);
  void wind_up_by(MonoTime now, TestStatus status, const char* reason);
  [[nodiscard]] bool all_complete() const;
  [[nodiscard]] bool all_delivered() const;

  Settings settings_;
  TestState& shared_;
  mutable std::mutex streams_mutex_;
  std::vector<const StreamEndpoint*> streams_;
  std::atomic<bool> shut_down_{false};
  std::atomic<bool> ended_{false};
  session::Preflight preflight_;
  session::PathValidation path_validation_;
  session::RatePolicer rate_policer_;
  std::atomic<std::int64_t> data_until_ns_{to_ns(kNever)};
  std::atomic<std::int64_t> hard_end_ns_{to_ns(kNever)};
  struct Start {
    bool gone = false;          ///< GO has been said
    bool checking = false;      ///< the preflight runs, data waits for it
    unsigned sizes = 0;         ///< that GO has named, other than the granted one
    std::uint32_t refused = 0;  ///< the last of them
  };
  Start start_;
  bool shut_down_said_ = false;
  MonoTime opened_;
  MonoTime started_at_{};
  /// It was told to end early, and why: what is still open at that time stays open.
  struct WindUp {
    MonoTime by{};
    TestStatus status = TestStatus::incomplete;
    std::string reason;
  };
  std::optional<WindUp> wind_up_;
  std::optional<MonoTime> complete_at_;
  TestStatus status_ = TestStatus::incomplete;
  std::string reason_;
};

}  // namespace udperf::engine
