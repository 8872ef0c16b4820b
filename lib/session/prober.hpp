#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "base/time.hpp"
#include "model/reports.hpp"
#include "wire/messages.hpp"

namespace udperf::session {

/// Sends PROBEs and learns from their answers: round-trip times (RFC 2681), and the corridor in
/// which the peer's clock must lie (metrics 5). Each probe has its own number and is never
/// repeated, so an answer always belongs to one question. Pure; memory is bounded.
class Prober {
 public:
  explicit Prober(std::uint64_t session) : session_(session) {}

  /// A new probe to send now, padded to `bytes` (0 = as small as it is).
  [[nodiscard]] std::vector<std::byte> probe(MonoTime now, std::size_t bytes = 0);

  /// False when the answer belongs to no probe of ours.
  bool on_reply(const wire::ProbeReply& reply, MonoTime now);

  /// Begins a new set of figures: what was measured so far is returned.
  [[nodiscard]] RttSummary take();

  [[nodiscard]] std::uint64_t sent() const { return sent_; }
  [[nodiscard]] std::uint64_t answered() const { return rtts_.size() + thinned_; }
  [[nodiscard]] std::optional<Duration> last_rtt() const { return last_; }
  [[nodiscard]] Duration longest_rtt() const { return longest_; }

  /// Bounds of the peer's monotonic clock minus ours, from both directions' smallest differences:
  /// true whatever the path's asymmetry (metrics 5). Nothing before the first answer.
  struct Corridor {
    std::int64_t low_ns = 0;
    std::int64_t high_ns = 0;
  };
  [[nodiscard]] const std::optional<Corridor>& corridor() const { return corridor_; }

 private:
  static constexpr std::size_t kMostWaiting = 4096;
  static constexpr std::size_t kMostKept = 1U << 16U;

  std::uint64_t session_;
  std::uint64_t next_id_ = 1;
  std::uint64_t sent_ = 0;
  std::map<std::uint64_t, MonoTime> waiting_;
  std::vector<std::int64_t> rtts_;
  std::uint64_t thinned_ = 0;
  std::optional<Duration> last_;
  Duration longest_{0};
  std::optional<Corridor> corridor_;
};

/// What an answer to a probe needs to know beside the probe.
struct ProbeContext {
  std::uint64_t session = 0;
  std::size_t bytes = 0;    ///< that the probe had
  std::size_t padding = 0;  ///< bytes that the answer is to have at least; 0 = as it is
  MonoTime arrived;
  std::uint32_t sessions_max = 0;
  std::uint32_t path_mtu = 0;
};

/// The answer to a probe, departing at `now`.
[[nodiscard]] std::vector<std::byte> answer_probe(const wire::Probe& probe,
                                                  const ProbeContext& context, MonoTime now);

}  // namespace udperf::session
