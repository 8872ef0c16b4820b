#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "model/test_params.hpp"

namespace udperf::traffic {

/// What one way of a profile sends.
struct ProfileWay {
  TrafficShape shape;
  SendRate rate;
};

/// Traffic by name: all that `--profile` decides of a test.
struct ProfileTraffic {
  Profile id = Profile::none;
  Direction direction = Direction::up;
  ProfileWay up;
  ProfileWay down;
  /// Of the datagrams; 0: the largest that the path takes whole.
  std::uint32_t payload_bytes = 0;
  /// The sizes are those of IPv4 packets less 28 bytes of headers: over IPv6, 20 less.
  bool ip_sizes = false;
  std::string trace_file;    ///< of a trace; rate and sizes follow from what is in it
  bool trace_loops = false;  ///< it begins again at its end
};

/// One row of `udperf profiles`.
struct ProfileRow {
  std::string_view usage;  ///< "voip-g711", "isochronous:FPS:MEAN[,STDDEV]"
  std::string_view what;   ///< one sentence
  std::string_view from;   ///< where the figures come from
  bool fixed = true;       ///< the usage is the name: there is nothing to fill in
};
[[nodiscard]] std::span<const ProfileRow> profile_rows();

/// What a name, with its parameters, stands for; ErrorCode::usage with a sentence about what is
/// wrong with it.
[[nodiscard]] Result<ProfileTraffic> parse_profile(std::string_view text);

/// Puts a profile into a test's parameters.
void apply_profile(const ProfileTraffic& profile, TestParams& params);

/// Leaves out the mix of a way that does not run, and makes payload_bytes the largest of those that
/// do, where they are mixes.
void settle_sizes(TestParams& params);

/// Lets traffic with a shape of its own leave datagram by datagram where it is slow enough for that
/// and nobody asked for merged buffers: these are one packet to captures, filters and shapers of
/// the sending host, and frames, bursts and bunches are what would be merged.
void settle_offload(TestParams& params);

/// Who chooses the header of datagrams whose size is not known before the family is.
enum class HeaderChoice : std::uint8_t {
  fixed,   ///< it is in the parameters, and no datagram is smaller
  fitted,  ///< the compact one where the full one has no room
};

/// Sizes of IPv4 packets over IPv6, where `ip_sizes`: 20 bytes of header less for the payload.
void fit_ip_sizes(TestParams& params, HeaderChoice choice);

}  // namespace udperf::traffic
