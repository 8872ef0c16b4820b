#include "engine/offload_check.hpp"

#include <algorithm>

namespace udperf::engine {
namespace {

// A sealed PROBE and a little more; smaller datagrams are segmented in the same way.
constexpr std::size_t kLeastBytes = 64;

constexpr std::uint64_t kProbes = std::uint64_t{2} * session::Preflight::kDatagrams;

/// As large as the data, or as what the session may send beside it: smaller datagrams are merged
/// and cut in the same way.
std::size_t probe_bytes(const ControlChannel& channel, std::uint32_t payload_bytes) {
  const std::uint64_t most = std::max<std::uint64_t>(channel.affordable() / kProbes, kLeastBytes);
  return static_cast<std::size_t>(std::clamp<std::uint64_t>(payload_bytes, kLeastBytes, most));
}

}  // namespace

bool offload_in_question(const ControlChannel& channel, std::uint32_t payload_bytes) {
  // Larger than the path takes in one piece: nothing will be merged anyway.
  return channel.merges_sends() && payload_bytes <= wire::kMaxControlBytes * 2 &&
         channel.affordable() >= kProbes * kLeastBytes;
}

void ask_offload(session::Preflight& preflight, const OffloadQuestion& about,
                 ControlChannel& channel, MonoTime now) {
  const auto question = preflight.start(now);
  const std::size_t bytes = probe_bytes(channel, about.payload_bytes);
  if (!channel.send_merged(question.merged, bytes)) {
    return;  // without them the others would tell nothing
  }
  for (const wire::Probe& probe : question.single) {
    channel.send(wire::encode(wire::MessageType::probe, about.session, about.stream, probe,
                              bytes - wire::kTrailerBytes));
  }
}

}  // namespace udperf::engine
