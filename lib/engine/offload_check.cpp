#include "engine/offload_check.hpp"

#include <algorithm>

namespace udperf::engine {
namespace {

// A sealed PROBE and a little more; smaller datagrams are segmented in the same way.
constexpr std::size_t kLeastBytes = 64;

std::size_t probe_bytes(const Lane& lane) {
  return std::max<std::size_t>(lane.payload_bytes(), kLeastBytes);
}

}  // namespace

bool offload_in_question(Lane& lane) {
  // Larger than the path takes in one piece: nothing will be merged anyway.
  return lane.sends() && lane.port().gso_active() &&
         probe_bytes(lane) <= wire::kMaxControlBytes * 2;
}

void ask_offload(session::Preflight& preflight, Lane& lane, MonoTime now) {
  const auto question = preflight.start(now);
  const std::size_t bytes = probe_bytes(lane);
  lane.send_merged(question.merged, bytes);
  const std::size_t trailer = wire::kTrailerBytes;
  for (const wire::Probe& probe : question.single) {
    lane.send(wire::encode(wire::MessageType::probe, lane.session(), lane.stream(), probe,
                           bytes - trailer));
  }
}

}  // namespace udperf::engine
