#include "engine/path_sizes.hpp"

#include <algorithm>

#include "session/control_budget.hpp"

namespace udperf::engine {
namespace {

// Numbers that no other probes use.
constexpr std::uint64_t kSizesUp = std::uint64_t{1} << 62U;
constexpr std::uint64_t kSizesDown = kSizesUp + session::PathMtuSearch::kMostProbes;

}  // namespace

void PathSizes::begin(const TestParams& params, IpFamily family, Duration rtt, MonoTime now) {
  for (const Way way : {Way::up, Way::down}) {
    if (includes(params.direction, way)) {
      session::PathMtuSearch::Settings settings;
      settings.highest = params.payload_bytes;
      settings.headers = ip_udp_header_bytes(family);
      settings.first_id = way == Way::up ? kSizesUp : kSizesDown;
      settings.rtt = rtt;
      search(way).emplace(settings, now);
    }
  }
}

std::optional<MonoTime> PathSizes::step(ControlChannel& channel, MonoTime now) {
  MonoTime next = kNever;
  bool done = true;
  for (const Way way : {Way::up, Way::down}) {
    if (const auto& one = search(way)) {
      send_probes(way, channel, now);
      done = done && one->done();
      next = std::min(next, one->next_timeout());
    }
  }
  return done ? std::nullopt : std::optional{next};
}

void PathSizes::send_probes(Way way, ControlChannel& channel, MonoTime now) {
  session::PathMtuSearch& asked = *search(way);
  for (const auto& one : asked.poll(now)) {
    wire::Probe probe;
    probe.id = one.id;
    probe.t1_ns = to_ns(now);
    probe.reply_bytes = static_cast<std::uint16_t>(way == Way::down ? one.bytes : 0);
    // A server answers with a multiple of what it gets, and no more.
    constexpr auto kShare = static_cast<std::uint32_t>(session::ControlBudget::kMultiple);
    const std::uint32_t asks = one.bytes / kShare + 1;
    const auto status = channel.send_probe(probe, way == Way::up ? one.bytes : asks);
    if (status == net::SendOutcome::Status::too_big && way == Way::up) {
      asked.on_local_limit(one.bytes);
    }
  }
  if (way == Way::up) {
    if (const auto hint = channel.take_mtu_hint()) {
      asked.on_hint(*hint);
    }
  }
}

bool PathSizes::on_reply(const wire::ProbeReply& reply, std::size_t bytes, MonoTime now) {
  auto& up = search(Way::up);
  auto& down = search(Way::down);
  if (down && reply.path_mtu != 0) {
    down->on_hint(reply.path_mtu);
  }
  return (up && up->on_reply(reply.id, reply.received_bytes, now)) ||
         (down && down->on_reply(reply.id, static_cast<std::uint32_t>(bytes), now));
}

std::optional<std::uint32_t> PathSizes::smallest(std::uint32_t fallback) const {
  std::optional<std::uint32_t> least;
  for (const auto& one : searches_) {
    if (one) {
      const std::uint32_t found = one->result().payload_bytes.value_or(fallback);
      least = std::min(least.value_or(found), found);
    }
  }
  return least;
}

std::optional<PathMtu> PathSizes::result(Way way) const {
  const auto& one = searches_[static_cast<std::size_t>(way)];
  return one ? std::optional{one->result()} : std::nullopt;
}

}  // namespace udperf::engine
