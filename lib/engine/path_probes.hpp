#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <vector>

#include "engine/control_channel.hpp"
#include "session/prober.hpp"

namespace udperf::engine {

/// The round trips of a test at the client: of the idle path before data flows,
/// and under load. Of the thread of the session's control, but for last_rtt().
class PathProbes {
 public:
  /// `wait`: how long the answers to a burst are waited for.
  PathProbes(std::uint64_t session, Duration wait, MonoTime now)
      : prober_(session), wait_(wait), burst_since_(now), next_(now) {}

  /// False when the answer belongs to no probe of these.
  bool on_reply(const wire::ProbeReply& reply, const Arrival& arrival);

  /// A few probes come close together from now on.
  void begin_burst(MonoTime now) { burst_since_ = next_ = now; }
  /// Goes on with it; returns when again. Nothing once it is over: all were
  /// answered, or waited for long enough, as a path that loses them must not
  /// hold the test up.
  [[nodiscard]] std::optional<MonoTime> burst(ControlChannel& channel, MonoTime now);

  /// No probe before `until`.
  void rest(MonoTime until) { next_ = until; }
  /// Sends one that is due, the next so much later. Returns when the next is.
  MonoTime send_due(ControlChannel& channel, Duration every, MonoTime now);

  /// What was measured by now is of the idle path.
  void take_idle(MonoTime now) { idle_ = prober_.take(now); }
  /// It is of the loaded path, where that has not been said before.
  void take_loaded(MonoTime now);
  /// It is nothing that counts.
  void discard(MonoTime now) { static_cast<void>(prober_.take(now)); }

  [[nodiscard]] const std::optional<RttSummary>& idle() const { return idle_; }
  [[nodiscard]] const std::optional<RttSummary>& loaded() const { return loaded_; }
  /// Each loaded round trip, by the client's clock.
  [[nodiscard]] const std::vector<session::Prober::Sample>& loaded_samples() const {
    return loaded_samples_;
  }
  /// Latest round trip; 0 = none yet. From any thread.
  [[nodiscard]] Duration last_rtt() const { return Duration{last_rtt_ns_.load()}; }

 private:
  session::Prober prober_;
  Duration wait_;
  MonoTime burst_since_;
  MonoTime next_;
  std::optional<RttSummary> idle_;
  std::optional<RttSummary> loaded_;
  std::vector<session::Prober::Sample> loaded_samples_;
  std::atomic<std::int64_t> last_rtt_ns_{0};
};

}  // namespace udperf::engine
