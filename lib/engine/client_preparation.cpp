#include "engine/client_preparation.hpp"

#include <algorithm>

#include "engine/offload_check.hpp"

namespace udperf::engine {

std::optional<MonoTime> ClientPreparation::step(ControlChannel& channel, MonoTime now) {
  switch (stage_) {
    case Stage::probing:
      return probe_idle(channel, now);
    case Stage::sizing:
      return find_size(channel, now);
    case Stage::preflight:
      return check_offload(channel, now);
    case Stage::waiting:
      return wait_for_go(channel, now);
  }
  return std::nullopt;
}

bool ClientPreparation::on_reply(const wire::ProbeReply& reply, std::size_t bytes, MonoTime now) {
  return sizes_.on_reply(reply, bytes, now) || preflight_.on_reply(reply, now);
}

std::optional<MonoTime> ClientPreparation::probe_idle(ControlChannel& channel, MonoTime now) {
  if (const auto next = probes_.burst(channel, now)) {
    return next;
  }
  probes_.take_idle(now);
  if (!settings_.payload_fallback) {
    return begin_offload(channel, now);
  }
  stage_ = Stage::sizing;
  const RttSummary& idle = *probes_.idle();
  const Duration rtt = idle.delay.n > 0 ? Duration{idle.delay.p50_ns} : settings_.handshake_rtt;
  sizes_.begin(params_, channel.family(), rtt, now);
  return now;
}

std::optional<MonoTime> ClientPreparation::find_size(ControlChannel& channel, MonoTime now) {
  if (const auto next = sizes_.step(channel, now)) {
    return next;
  }
  settle_size();
  return begin_offload(channel, now);
}

void ClientPreparation::settle_size() {
  TestParams sized = params_;
  sized.payload_bytes =
      sizes_.smallest(*settings_.payload_fallback).value_or(params_.payload_bytes);
  if (check_params(sized)) {
    return;  // an amount that does not divide into such datagrams: as granted
  }
  size_changed_ = sized.payload_bytes != params_.payload_bytes;
  params_ = sized;
  test_.payload_bytes.set(sized.payload_bytes);
}

std::optional<MonoTime> ClientPreparation::begin_offload(ControlChannel& channel, MonoTime now) {
  if (includes(params_.direction, Way::up) && offload_in_question(channel, params_.payload_bytes)) {
    stage_ = Stage::preflight;
    ask_offload(preflight_, {settings_.session, 0, params_.payload_bytes}, channel, now);
    return now;
  }
  return wait_for_go(channel, now);
}

std::optional<MonoTime> ClientPreparation::check_offload(ControlChannel& channel, MonoTime now) {
  const auto verdict = preflight_.verdict(now);
  if (!verdict) {
    return preflight_.next_timeout();
  }
  test_.agreed.gso_broken = *verdict == session::Preflight::Verdict::broken;
  return wait_for_go(channel, now);
}

/// A server is not left alone meanwhile: it would take the client for gone.
std::optional<MonoTime> ClientPreparation::wait_for_go(ControlChannel& channel, MonoTime now) {
  constexpr Duration kSignOfLife = std::chrono::seconds{1};
  if (now >= settings_.go_at) {
    probes_.discard(now);
    return std::nullopt;
  }
  if (stage_ != Stage::waiting) {
    stage_ = Stage::waiting;
    probes_.rest(now + kSignOfLife);
  }
  return std::min(probes_.send_due(channel, kSignOfLife, now), settings_.go_at);
}

}  // namespace udperf::engine
