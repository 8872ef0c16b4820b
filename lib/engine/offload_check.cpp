#include "engine/offload_check.hpp"

#include <algorithm>

namespace udperf::engine {
namespace {

// A sealed PROBE and a little more; smaller datagrams are segmented in the same way.
constexpr std::size_t kLeastBytes = 64;

/// As large as the data, or as what the session may send beside it: smaller datagrams are merged
/// and cut in the same way.
std::size_t probe_bytes(const StreamEndpoint& lane) {
  constexpr std::uint64_t kProbes = std::uint64_t{2} * session::Preflight::kDatagrams;
  const std::uint64_t most = std::max<std::uint64_t>(lane.affordable() / kProbes, kLeastBytes);
  return static_cast<std::size_t>(
      std::clamp<std::uint64_t>(lane.payload_bytes(), kLeastBytes, most));
}

bool affordable(const StreamEndpoint& lane) {
  constexpr std::uint64_t kProbes = std::uint64_t{2} * session::Preflight::kDatagrams;
  return lane.affordable() >= kProbes * kLeastBytes;
}

}  // namespace

bool offload_in_question(StreamEndpoint& lane) {
  // Larger than the path takes in one piece: nothing will be merged anyway.
  return lane.sends() && lane.port().gso_active() &&
         lane.payload_bytes() <= wire::kMaxControlBytes * 2 && affordable(lane);
}

void ask_offload(session::Preflight& preflight, StreamEndpoint& lane, MonoTime now) {
  const auto question = preflight.start(now);
  const std::size_t bytes = probe_bytes(lane);
  if (!lane.send_merged(question.merged, bytes)) {
    return;  // without them the others would tell nothing
  }
  const std::size_t trailer = wire::kTrailerBytes;
  for (const wire::Probe& probe : question.single) {
    lane.send(wire::encode(wire::MessageType::probe, lane.session(), lane.stream(), probe,
                           bytes - trailer));
  }
}

}  // namespace udperf::engine
