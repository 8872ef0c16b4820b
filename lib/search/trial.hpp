#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/endpoint.hpp"
#include "base/time.hpp"
#include "model/outcome.hpp"

namespace udperf::search {

/// What a trial is for.
enum class Step : std::uint8_t {
  approach,    ///< short, ever faster, until something gives way
  overload,    ///< faster than the bottleneck: what comes out then is the bottleneck's rate
  host,        ///< below what this pair of hosts managed when they were the limit
  loss_check,  ///< far below a rate that lost: does the path lose whatever the rate?
  bisect,      ///< between a rate that passed and one that failed
  confirm,     ///< the answer, for at least three seconds
  adjust,      ///< the sender follows the feedback (RFC 9097 s8.1)
};

/// One test to run.
struct Trial {
  Step step = Step::approach;
  double rate_bps = 0;  ///< payload; of `adjust` the most that may be sent
  Duration duration{0};
  Duration interval{0};  ///< of the receiver's rows
  bool single = false;   ///< each datagram by itself, without segmentation offload
};

/// The rate at which data came out at the end of a trial, after what a token bucket had saved up
/// was spent: of all arrivals between the start of an interval and the last arrival.
struct LateRate {
  double low_bps = 0;   ///< one datagram less than was counted: not above the truth
  double high_bps = 0;  ///< one datagram more
  Duration span{0};
  bool steady = false;     ///< both halves of the span had the same rate
  bool saturated = true;   ///< nowhere in the span did the losses pause, where there were any
  double burst_bytes = 0;  ///< what arrived before the span beyond that rate
};

/// What was measured in one sub-interval of a test whose rate is adjusted (dt of RFC 9097 s5.3).
struct SubInterval {
  double start_s = 0;         ///< since the first arrival
  double ip_bps = 0;          ///< received, IP and UDP headers included
  double offered_ip_bps = 0;  ///< sent: of the sequence numbers that were passed in it
  double loss_ratio = 0;
  std::optional<std::int64_t> rtt_min_ns;
  std::optional<std::int64_t> rtt_max_ns;
};

/// What a trial came to, as both ends' reports have it.
struct Observation {
  bool complete = false;  ///< both ends finished their books
  std::uint32_t payload_bytes = 0;
  IpFamily family = IpFamily::v4;
  std::optional<double> granted_bps;  ///< what the server allowed, where that is less than asked
  double offered_bps = 0;
  double goodput_bps = 0;
  std::uint64_t sent = 0;
  std::uint64_t lost = 0;
  std::uint64_t host_lost = 0;  ///< of these, in the receiving socket or the sending host
  std::optional<LateRate> late;
  /// Seconds of delay that came on top in each second of the trial: the queue's growth.
  std::optional<double> growth;
  std::optional<Duration> grown;  ///< by how much in all
  std::optional<std::int64_t> rtt_idle_p50_ns;
  std::optional<std::int64_t> rtt_idle_min_ns;
  std::optional<std::int64_t> rtt_loaded_p50_ns;
  std::uint32_t streams = 1;
  bool merged = false;                     ///< segmentation offload was used
  std::uint64_t skipped = 0;               ///< deadlines that the sending host missed for good
  std::vector<SubInterval> sub_intervals;  ///< complete ones; only where the rate was adjusted

  [[nodiscard]] double loss_ratio() const {
    return sent > 0 ? static_cast<double>(lost) / static_cast<double>(sent) : 0;
  }
};

/// Reads a trial's reports: counts summed over the streams, rates from the receiver's rows.
/// `outcome` may have ended in any way; without both reports the observation is not complete.
[[nodiscard]] Observation observe(const TestOutcome& outcome, Way way);

/// What a trial says of its rate.
enum class Verdict : std::uint8_t {
  passed,
  lossy,         ///< more was lost than asked for, most of it in the network
  congested,     ///< less came out than went in, or the queue grew all the time
  host_limited,  ///< the sender did not reach the rate, or the hosts lost what was lost
  unusable,      ///< the test did not complete
};

[[nodiscard]] const char* verdict_name(Verdict verdict);
/// `max_loss`: the share that may be lost, 0..1.
[[nodiscard]] Verdict judge(const Trial& trial, const Observation& seen, double max_loss);

}  // namespace udperf::search
