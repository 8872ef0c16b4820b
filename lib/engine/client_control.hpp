#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <vector>

#include "engine/client_preparation.hpp"
#include "engine/client_timing.hpp"
#include "engine/path_probes.hpp"
#include "engine/server_clock.hpp"
#include "engine/session_control.hpp"
#include "engine/stream_endpoint.hpp"
#include "engine/test_state.hpp"
#include "session/backoff.hpp"

namespace udperf::engine {

/// The client's control of the session after ACCEPT: measures the idle path,
/// says GO, watches over the test, and says BYE. Runs on the first stream's
/// thread; ended() may be read from any.
class ClientControl final : public SessionControl {
 public:
  struct Settings {
    std::uint64_t session = 0;
    wire::Nonce server_nonce{};
    TestParams params;
    Duration handshake_rtt{0};
    /// --packet-size auto: the path is asked for the largest datagram that
    /// crosses whole, at most params.payload_bytes. Where it does not answer,
    /// this is taken.
    std::optional<std::uint32_t> payload_fallback;
    bool same_host = false;       ///< both ends read the same clock
    bool few_probes = false;      ///< see ClientOptions
    bool sparse_control = false;  ///< the test is light: see session/light.hpp
    /// GO is not said before: at most 5 s from now, as no server waits much
    /// longer.
    MonoTime go_at{};
    /// Whose test it is: notified once data may flow, and once all is over.
    /// Null: nobody.
    const Task* root = nullptr;
  };

  using Streams = std::vector<std::unique_ptr<StreamEndpoint>>;

  /// `streams`: of the test, all there before the first step. They outlive it.
  ClientControl(const Settings& settings, const Streams& streams, TestState& shared, MonoTime now);

  void on_message(const ControlMessage& message, ControlChannel& channel) override;
  void on_stray(std::span<const std::byte>, ControlChannel&) override {}
  MonoTime on_timer(ControlChannel& channel, MonoTime now) override;
  void abandon() noexcept override;

  /// The user wants to stop; from any thread.
  void interrupt();

  enum class End : std::uint8_t {
    complete,
    interrupted,
    server_gone,  ///< ICMP says that nothing listens there any more
    server_silent,
    server_stopping,  ///< it said BYE
    never_started,    ///< GO was not answered
    overdue,          ///< the test did not end in its time
    out_of_memory,    ///< this host had none left
  };
  [[nodiscard]] bool ended() const {
    return stage_.load(std::memory_order_acquire) == Stage::ended;
  }
  [[nodiscard]] End end() const { return end_; }

  /// Figures; after ended().
  [[nodiscard]] const PathProbes& probes() const { return probes_; }
  /// What is known of the server's clock for the time in which data flowed.
  [[nodiscard]] ClockEstimate clock() const {
    return clock_.estimate(settings_.same_host, data_since_,
                           data_until_ != MonoTime{} ? data_until_ : data_since_);
  }
  /// What --packet-size auto found out about a direction; absent where it was
  /// not asked.
  [[nodiscard]] std::optional<PathMtu> mtu(Way way) const { return preparation_.mtu(way); }
  /// When data began to flow; MonoTime{} where it never did.
  [[nodiscard]] MonoTime data_since() const { return data_since_; }
  /// As said in GO.
  [[nodiscard]] const TestParams& params() const { return preparation_.params(); }
  /// Latest round trip, for the live view; 0 = none yet. From any thread.
  [[nodiscard]] Duration last_rtt() const { return probes_.last_rtt(); }

 private:
  enum class Stage : std::uint8_t { preparing, going, running, clocks, leaving, ended };

  void set_stage(Stage stage) { stage_.store(stage, std::memory_order_release); }
  [[nodiscard]] Stage stage() const { return stage_.load(std::memory_order_relaxed); }
  void on_probe_reply(const wire::ProbeReply& reply, const ControlMessage& message,
                      ControlChannel& channel);
  void on_bye(const wire::Bye& bye, ControlChannel& channel, MonoTime now);
  MonoTime prepare(ControlChannel& channel, MonoTime now);
  void go(ControlChannel& channel, MonoTime now);
  void say_go(ControlChannel& channel) const;
  void begin_data(MonoTime now);
  MonoTime watch(ControlChannel& channel, MonoTime now);
  MonoTime end_data(ControlChannel& channel, MonoTime now);
  void leave_warm_up(MonoTime now);
  [[nodiscard]] bool all_complete() const;
  /// Every stream is done; only the server may still ask for reports.
  [[nodiscard]] bool settled() const { return data_until_ != MonoTime{}; }
  [[nodiscard]] MonoTime may_leave_at(MonoTime now) const;
  MonoTime leave(ControlChannel& channel, MonoTime now);
  [[nodiscard]] bool clock_worth_another_look(MonoTime now) const;
  MonoTime probe_after(ControlChannel& channel, MonoTime now);
  void note_interrupt(ControlChannel& channel, MonoTime now);
  [[nodiscard]] std::optional<End> trouble(MonoTime now) const;
  void finish(End end, ControlChannel& channel, MonoTime now);
  void tell_root() const;

  Settings settings_;
  const Streams& streams_;
  TestState& shared_;
  Duration probe_every_;
  PathProbes probes_;
  ClientPreparation preparation_;
  ClientDeadlines deadlines_;
  session::Backoff go_backoff_;
  ServerClock clock_;
  std::atomic<Stage> stage_{Stage::preparing};
  std::atomic<bool> interrupt_{false};
  bool interrupt_said_ = false;
  bool server_bye_ = false;
  bool warmed_up_ = false;
  End end_ = End::complete;
  MonoTime going_since_{};
  MonoTime data_since_{};
  MonoTime data_until_{};
};

}  // namespace udperf::engine
