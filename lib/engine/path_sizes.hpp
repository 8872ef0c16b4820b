#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "engine/control_channel.hpp"
#include "model/test_params.hpp"
#include "session/path_mtu_search.hpp"

namespace udperf::engine {

/// --packet-size auto: asks the path, in each direction that is to carry data,
/// for the largest datagram that crosses it whole.
class PathSizes {
 public:
  /// `params.payload_bytes` is the most that is looked for; `rtt` what an
  /// answer takes.
  void begin(const TestParams& params, IpFamily family, Duration rtt, MonoTime now);
  /// Sends what is due. Returns when again; nothing once all is known.
  [[nodiscard]] std::optional<MonoTime> step(ControlChannel& channel, MonoTime now);
  /// `bytes`: of the whole answer. False when it is the answer to no probe of
  /// these.
  bool on_reply(const wire::ProbeReply& reply, std::size_t bytes, MonoTime now);

  /// What crosses the path in all directions; `fallback` stands for one that
  /// did not answer. Nothing where no direction was asked.
  [[nodiscard]] std::optional<std::uint32_t> smallest(std::uint32_t fallback) const;
  /// What was found out about a direction; absent where it was not asked.
  [[nodiscard]] std::optional<PathMtu> result(Way way) const;

 private:
  void send_probes(Way way, ControlChannel& channel, MonoTime now);
  std::optional<session::PathMtuSearch>& search(Way way) {
    return searches_[static_cast<std::size_t>(way)];
  }

  std::array<std::optional<session::PathMtuSearch>, 2> searches_;  ///< by Way
};

}  // namespace udperf::engine
