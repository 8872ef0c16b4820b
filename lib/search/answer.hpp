#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "search/trial.hpp"

namespace udperf::search {

/// One trial as it is published.
struct TrialPart {
  Step step = Step::approach;
  double rate_bps = 0;
  double duration_s = 0;
  std::uint32_t payload_bytes = 0;
  std::optional<double> offered_bps;
  std::optional<double> goodput_bps;
  std::optional<double> loss_ratio;
  std::optional<std::int64_t> rtt_p50_ns;  ///< under the trial's load
  Verdict verdict = Verdict::unusable;
};

/// What ended the search where it ended.
enum class Limit : std::uint8_t {
  network,         ///< faster is lost or queued in the network
  host_limited,    ///< faster is more than these two hosts manage
  max_rate,        ///< faster was not wanted
  server_policy,   ///< faster is not allowed by the server
  path_loss,       ///< the path loses more than was asked for at every rate
  below_min_rate,  ///< not even the slowest rate that was wanted passed
  unstable,        ///< the path changed under the search more than once
  time,            ///< the search time was over
};
[[nodiscard]] const char* limit_name(Limit limit);

/// How the search is made.
enum class Algorithm : std::uint8_t {
  udperf,   ///< docs/search.md
  rfc9097,  ///< the load adjustment of RFC 9097 s8.1
};
[[nodiscard]] const char* algorithm_name(Algorithm algorithm);

/// The Maximum IP-Layer Capacity of RFC 9097 s5 with what s9 wants beside it.
struct Capacity {
  double test_interval_s = 0;
  double sub_interval_s = 0;
  std::uint32_t flows = 1;
  std::uint32_t payload_bytes = 0;
  /// Which of the sub-intervals has the maximum; nothing where none met the loss target.
  std::optional<std::size_t> maximum;
  std::vector<SubInterval> sub_intervals;
};

/// What a search came to, so far or in the end.
struct Answer {
  Algorithm algorithm = Algorithm::udperf;
  Way way = Way::up;
  double max_loss = 0;
  std::optional<double> answer_bps;     ///< payload
  std::optional<double> answer_ip_bps;  ///< with IP and UDP headers
  bool confirmed = false;
  std::optional<double> bracket_low_bps;
  std::optional<double> bracket_high_bps;
  std::optional<Limit> limited_by;
  bool underestimate_likely = false;
  bool shaper_suspected = false;
  /// Payload rate that came out at the end of an overload; nothing where there was none.
  std::optional<double> bottleneck_bps;
  std::optional<std::int64_t> rtt_idle_p50_ns;    ///< smallest of the trials
  std::optional<std::int64_t> rtt_loaded_p50_ns;  ///< at the answer
  double duration_s = 0;
  std::vector<TrialPart> trials;
  std::optional<Capacity> capacity;  ///< of rfc9097 only
};

/// What a search with one size of datagrams came to.
struct SizeAnswer {
  std::uint32_t frame_bytes = 0;  ///< of Ethernet, FCS included; unfragmented
  std::uint32_t payload_bytes = 0;
  Answer answer;
};
/// Frames that a datagram of this length is sent in over Ethernet, 64 bytes at least.
[[nodiscard]] std::uint32_t ethernet_frame_bytes(std::uint32_t payload_bytes, IpFamily family);
/// Payload of the frame sizes of RFC 2544 s9.1 over IPv4, smallest first.
[[nodiscard]] std::vector<std::uint32_t> rfc2544_payloads();

}  // namespace udperf::search
