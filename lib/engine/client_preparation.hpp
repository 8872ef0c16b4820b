#pragma once

#include <cstdint>
#include <optional>

#include "engine/path_probes.hpp"
#include "engine/path_sizes.hpp"
#include "engine/test_state.hpp"
#include "session/preflight.hpp"

namespace udperf::engine {

/// What a client does between ACCEPT and GO, one after the other: measures the
/// idle path, finds the size of datagrams and whether offload works where it
/// has to, and waits for its time.
class ClientPreparation {
 public:
  struct Settings {
    std::uint64_t session = 0;
    Duration handshake_rtt{0};
    /// See ClientControl::Settings.
    std::optional<std::uint32_t> payload_fallback;
    MonoTime go_at{};
  };

  /// `params` as granted. `probes` and `test` outlive it.
  ClientPreparation(const Settings& settings, const TestParams& params, PathProbes& probes,
                    TestState& test)
      : settings_(settings), params_(params), probes_(probes), test_(test) {}

  /// Does what is due; returns when again. Nothing when it is time for GO.
  [[nodiscard]] std::optional<MonoTime> step(ControlChannel& channel, MonoTime now);
  /// False where the answer is to none of its questions but perhaps to a usual
  /// probe.
  bool on_reply(const wire::ProbeReply& reply, std::size_t bytes, MonoTime now);

  /// As granted, but for the size of datagrams that was found.
  [[nodiscard]] const TestParams& params() const { return params_; }
  /// Whether that is not the size that was granted.
  [[nodiscard]] bool size_changed() const { return size_changed_; }
  [[nodiscard]] std::optional<PathMtu> mtu(Way way) const { return sizes_.result(way); }

 private:
  enum class Stage : std::uint8_t { probing, sizing, preflight, waiting };

  std::optional<MonoTime> probe_idle(ControlChannel& channel, MonoTime now);
  std::optional<MonoTime> find_size(ControlChannel& channel, MonoTime now);
  void settle_size();
  std::optional<MonoTime> begin_offload(ControlChannel& channel, MonoTime now);
  std::optional<MonoTime> check_offload(ControlChannel& channel, MonoTime now);
  std::optional<MonoTime> wait_for_go(ControlChannel& channel, MonoTime now);

  Settings settings_;
  TestParams params_;
  PathProbes& probes_;
  TestState& test_;
  PathSizes sizes_;
  session::Preflight preflight_;
  Stage stage_ = Stage::probing;
  bool size_changed_ = false;
};

}  // namespace udperf::engine
