#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "base/time.hpp"
#include "model/reports.hpp"
#include "wire/messages.hpp"

namespace udperf::session {

/// Sends PROBEs and learns round-trip times from their answers (RFC 2681). Each probe has its own
/// number and is never repeated, so an answer always belongs to one question. Pure; memory is
/// bounded.
class Prober {
 public:
  explicit Prober(std::uint64_t session) : session_(session) {}

  /// A new probe to send now, padded to `bytes` (0 = as small as it is).
  [[nodiscard]] std::vector<std::byte> probe(MonoTime now, std::size_t bytes = 0);

  /// `arrived`: by the kernel's stamp where `kernel_stamp`. False when the answer belongs to no
  /// probe of ours.
  bool on_reply(const wire::ProbeReply& reply, MonoTime arrived, bool kernel_stamp);

  /// Begins a new set of figures: what was measured so far is returned. Probes that may still be
  /// on their way now are not among those sent: nobody knows yet what becomes of them.
  [[nodiscard]] RttSummary take(MonoTime now);

  /// A round trip that was measured, and when its probe left.
  struct Sample {
    MonoTime at;
    Duration rtt;
  };
  /// Those of the present set, in no particular order where there were very many.
  [[nodiscard]] const std::vector<Sample>& samples() const { return samples_; }

  [[nodiscard]] std::uint64_t sent() const { return sent_; }
  [[nodiscard]] std::uint64_t answered() const { return samples_.size() + thinned_; }
  [[nodiscard]] std::optional<Duration> last_rtt() const { return last_; }

 private:
  static constexpr std::size_t kMostWaiting = 4096;
  static constexpr std::size_t kMostKept = 1U << 16U;

  std::uint64_t session_;
  std::uint64_t next_id_ = 1;
  std::uint64_t sent_ = 0;
  std::map<std::uint64_t, MonoTime> waiting_;  ///< of this set
  std::vector<Sample> samples_;
  std::uint64_t thinned_ = 0;
  bool kernel_stamps_ = true;  ///< at both ends, of all answers of the present set
  std::optional<Duration> last_;
  Duration longest_{0};
};

/// What an answer to a probe needs to know beside the probe.
struct ProbeContext {
  std::uint64_t session = 0;
  std::size_t bytes = 0;    ///< that the probe had
  std::size_t padding = 0;  ///< bytes that the answer is to have at least; 0 = as it is
  MonoTime arrived;
  bool kernel_stamp = false;  ///< `arrived` is the kernel's
  ClockAnchor clock;          ///< both of the replier's clocks, now
  std::uint32_t sessions_max = 0;
  std::uint32_t path_mtu = 0;
};

/// The answer to a probe, departing at `now`.
[[nodiscard]] std::vector<std::byte> answer_probe(const wire::Probe& probe,
                                                  const ProbeContext& context, MonoTime now);

}  // namespace udperf::session
