#pragma once

#include <array>
#include <atomic>
#include <optional>
#include <vector>

#include "engine/stream_endpoint.hpp"
#include "engine/test_state.hpp"
#include "session/backoff.hpp"
#include "session/clock_corridor.hpp"
#include "session/path_mtu_search.hpp"
#include "session/preflight.hpp"
#include "session/prober.hpp"

namespace udperf::engine {

/// The client's control of the session after ACCEPT: measures the idle path, says GO, watches over
/// the test, and says BYE. Runs on the first stream's thread; ended() may be read from any.
class ClientControl final : public SessionControl {
 public:
  struct Settings {
    std::uint64_t session = 0;
    wire::Nonce server_nonce{};
    TestParams params;
    Duration handshake_rtt{0};
    /// --packet-size auto: the path is asked for the largest datagram that crosses whole, at most
    /// params.payload_bytes. Where it does not answer, this is taken.
    std::optional<std::uint32_t> payload_fallback;
    bool same_host = false;   ///< both ends read the same clock
    bool few_probes = false;  ///< see ClientOptions
    bool seldom = false;      ///< the test is light: see session/light.hpp
    /// GO is not said before: at most 5 s from now, as no server waits much longer.
    MonoTime go_at{};
    /// Whose test it is: notified once data may flow, and once all is over. Null: nobody.
    const Task* root = nullptr;
  };

  ClientControl(const Settings& settings, TestState& shared, MonoTime now);

  void on_message(const ControlMessage& message, ControlChannel& channel) override;
  void on_stray(std::span<const std::byte>, ControlChannel&) override {}
  MonoTime on_timer(ControlChannel& channel, MonoTime now) override;
  void abandon() noexcept override;

  /// All streams of the test, set before the first step.
  void set_streams(std::vector<const StreamEndpoint*> streams) { streams_ = std::move(streams); }

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
  [[nodiscard]] const std::optional<RttSummary>& idle() const { return idle_; }
  [[nodiscard]] const std::optional<RttSummary>& loaded() const { return loaded_; }
  /// Each loaded round trip, by the client's clock.
  [[nodiscard]] const std::vector<session::Prober::Sample>& loaded_samples() const {
    return loaded_samples_;
  }
  /// What is known of the server's clock for the time in which data flowed.
  [[nodiscard]] ClockEstimate clock() const;
  /// What --packet-size auto found out about a direction; absent where it was not asked.
  [[nodiscard]] std::optional<PathMtu> mtu(Way way) const;
  /// When data began to flow; MonoTime{} where it never did.
  [[nodiscard]] MonoTime data_since() const { return data_since_; }
  /// As said in GO.
  [[nodiscard]] const TestParams& params() const { return settings_.params; }
  /// Latest round trip, for the live view; 0 = none yet.
  [[nodiscard]] Duration last_rtt() const { return Duration{last_rtt_ns_.load()}; }

 private:
  void on_probe_reply(const wire::ProbeReply& reply, const ControlMessage& message,
                      ControlChannel& channel);
  void note_clocks(const wire::ProbeReply& reply, const ControlChannel& channel, MonoTime now);
  void take_loaded(MonoTime now);
  void leave_warm_up(MonoTime now);
  [[nodiscard]] bool clock_worth_another_look(MonoTime now) const;
  MonoTime probe_after(ControlChannel& channel, MonoTime now);
  enum class Stage : std::uint8_t {
    probing,
    sizing,
    preflight,
    waiting,  ///< for the time to say GO
    going,
    running,
    clocks,
    ended
  };

  void set_stage(Stage stage) { stage_.store(stage, std::memory_order_release); }
  [[nodiscard]] Stage stage() const { return stage_.load(std::memory_order_relaxed); }
  MonoTime probe_idle(ControlChannel& channel, MonoTime now);
  void begin_sizing(ControlChannel& channel, MonoTime now);
  MonoTime find_size(ControlChannel& channel, MonoTime now);
  void send_size_probes(Way way, ControlChannel& channel, MonoTime now);
  bool on_size_reply(const wire::ProbeReply& reply, std::size_t bytes, MonoTime now);
  void settle_size();
  MonoTime prepare_data(ControlChannel& channel, MonoTime now);
  MonoTime check_offload(ControlChannel& channel, MonoTime now);
  void say_go(ControlChannel& channel) const;
  MonoTime go_in_time(ControlChannel& channel, MonoTime now);
  void go(ControlChannel& channel, MonoTime now);
  MonoTime watch(ControlChannel& channel, MonoTime now);
  void begin_data(MonoTime now);
  void tell_root() const;
  void finish(End end, ControlChannel& channel, MonoTime now);
  std::optional<End> trouble(MonoTime now) const;
  [[nodiscard]] bool all_complete() const;
  void note_interrupt(ControlChannel& channel, MonoTime now);

  Settings settings_;
  TestState& shared_;
  session::Prober prober_;
  std::array<std::optional<session::PathMtuSearch>, 2> sizes_;  ///< by Way
  bool size_changed_ = false;
  session::Preflight preflight_;
  session::Backoff go_backoff_;
  std::vector<const StreamEndpoint*> streams_;
  std::atomic<Stage> stage_{Stage::probing};
  std::atomic<bool> interrupt_{false};
  std::atomic<std::int64_t> last_rtt_ns_{0};
  bool interrupt_said_ = false;
  bool server_bye_ = false;
  End end_ = End::complete;
  MonoTime accepted_;
  MonoTime stage_since_;
  MonoTime last_turn_;
  MonoTime listening_since_;  ///< without having stood still ourselves
  Duration probe_every_;
  MonoTime next_probe_;
  MonoTime deadline_ = kNever;
  std::optional<MonoTime> all_complete_at_;
  std::optional<RttSummary> idle_;
  std::optional<RttSummary> loaded_;
  bool warmed_up_ = false;
  std::vector<session::Prober::Sample> loaded_samples_;
  session::ClockCorridor corridor_;
  MonoTime data_since_{};
  MonoTime data_until_{};
  /// Wall clock minus monotonic clock, ours and the server's: changes only when one is set.
  struct WallClock {
    std::int64_t first_ns = 0;
    std::int64_t latest_ns = 0;
    bool set = false;  ///< during the test
  };
  void note_wall(WallClock& wall, std::int64_t difference_ns) const;
  WallClock our_wall_;
  WallClock server_wall_;
  bool walls_known_ = false;
};

}  // namespace udperf::engine
