#include "engine/server_control.hpp"

#include <algorithm>

#include "base/saturating.hpp"
#include "engine/offload_check.hpp"
#include "session/admission.hpp"
#include "session/light.hpp"
#include "wire/unchecked.hpp"

namespace udperf::engine {
namespace {

using namespace std::chrono_literals;
using wire::MessageType;

constexpr Duration kServerWindUp = 1500ms;
constexpr Duration kDrain = 12s;  // for late datagrams and both reports
constexpr Duration kHeard = 2s;
constexpr Duration kLookAgain = 250ms;

/// `before`: bytes that have come already. Where the trace that is played is the client's alone,
/// its rate is a mean that says nothing of ten seconds. Who is to send nothing has what talk may
/// take.
session::RatePolicer watch_of(const TestParams& params, std::uint64_t before, MonoTime now) {
  const std::uint64_t bps = includes(params.direction, Way::up)
                                ? session::charged_bps(params, Way::up)
                                : session::ControlBudget::kBytesPerSecond * 8;
  if (!includes(params.direction, Way::up) || params.shape(Way::up).spacing != Spacing::trace) {
    return {bps, params.payload_bytes, before, now};
  }
  constexpr Duration kLongestMean = 10min;
  const Duration whole =
      std::min(session::granted_time(params).value_or(kLongestMean), kLongestMean);
  return {bps, params.payload_bytes, before, now,
          std::max(session::RatePolicer::kWindow, session::slowest_time(params, whole))};
}

}  // namespace

ServerControl::ServerControl(const Settings& settings, TestState& shared, MonoTime now)
    : settings_(settings),
      shared_(shared),
      path_validation_(
          settings.secret, now,
          settings.sparse_control ? session::kLightPace : session::PathValidationPace{}),
      opened_(now) {
  shared_.agreed.sparse_control = settings.sparse_control;
  shared_.heard(now);
  shared_.proven.set(now);  // its cookie came back
}

void ServerControl::add_stream(const StreamEndpoint* stream) {
  const std::lock_guard lock{streams_mutex_};
  streams_.push_back(stream);
}

void ServerControl::notify_streams() const noexcept {
  const std::lock_guard lock{streams_mutex_};
  for (const StreamEndpoint* const stream : streams_) {
    stream->notify();
  }
}

bool ServerControl::all_complete() const {
  const std::lock_guard lock{streams_mutex_};
  return std::all_of(streams_.begin(), streams_.end(),
                     [](const StreamEndpoint* stream) { return stream->complete(); });
}

bool ServerControl::all_delivered() const {
  const std::lock_guard lock{streams_mutex_};
  return std::all_of(streams_.begin(), streams_.end(),
                     [](const StreamEndpoint* stream) { return stream->delivered(); });
}

void ServerControl::greet(ControlChannel& channel) const {
  wire::Accept accept = settings_.accept;
  accept.receive_buffer = channel.receive_buffer_bytes();
  channel.send(wire::encode(MessageType::accept, settings_.session, 0, accept));
}

void ServerControl::on_message(const ControlMessage& message, ControlChannel& channel) {
  const MonoTime now = channel.clock_now();
  if (message.type == MessageType::go) {
    if (const auto go = wire::decode<wire::Go>(message.inner)) {
      on_go(*go, channel, now);
    }
  } else if (message.type == MessageType::bye) {
    if (const auto bye = wire::decode<wire::Bye>(message.inner)) {
      on_bye(*bye, now);
    }
  } else if (message.type == MessageType::probe_reply) {
    const auto reply = wire::decode<wire::ProbeReply>(message.inner);
    if (reply && path_validation_.on_reply(*reply, now)) {
      shared_.proven.set(path_validation_.proven());
    } else if (reply) {
      preflight_.on_reply(*reply, now);
    }
  }
}

void ServerControl::on_go(const wire::Go& go, ControlChannel& channel, MonoTime now) {
  std::size_t joined = 0;
  {
    const std::lock_guard lock{streams_mutex_};
    joined = streams_.size();
  }
  if (go.server_nonce != settings_.server_nonce || joined != settings_.params.streams ||
      go.payload_bytes > settings_.params.payload_bytes) {
    return;
  }
  if (!start_.gone) {
    TestParams final_params = settings_.params;
    final_params.payload_bytes = go.payload_bytes;
    if (!is_possible(final_params)) {
      return;
    }
    start_.gone = true;
    path_validation_.prove(now);  // the server's nonce is as good as a probe's number
    shared_.proven.set(now);
    shared_.agreed.peer_buffer = go.receive_buffer;
    if (go.round_trip_ns != 0) {  // this end's own may all be of a path that its data fill
      shared_.note_least_round_trip(Duration{saturate<std::int64_t>(go.round_trip_ns)});
    }
    shared_.payload_bytes.set(go.payload_bytes);
    settings_.params = final_params;
    // The client's data may be on its way already: only our own waits for the preflight, and that
    // only where there is none of the client's to count.
    start_.checking = !includes(settings_.params.direction, Way::up) &&
                      offload_in_question(channel, go.payload_bytes);
    if (start_.checking) {
      ask_offload(preflight_, {settings_.session, 0, go.payload_bytes}, channel, now);
    } else {
      begin(now);
    }
  }
  channel.send(wire::encode(MessageType::go_ack, settings_.session, 0, wire::Empty{}));
}

/// Whether the test can be had with this size. It is worked out for a few sizes and no more: who
/// means it names one that he has tried.
bool ServerControl::is_possible(const TestParams& final_params) {
  constexpr unsigned kMostSizes = 8;
  const std::uint32_t size = final_params.payload_bytes;
  if (size == settings_.params.payload_bytes) {
    return true;
  }
  if (start_.sizes == kMostSizes || size == start_.refused) {
    return false;
  }
  ++start_.sizes;
  start_.refused = size;
  return !check_params(final_params) && as_light(final_params);
}

/// A rate in bits is the more datagrams the smaller they are: a light test stays one. A path's MTU
/// makes no datagram that much smaller.
bool ServerControl::as_light(const TestParams& final_params) const {
  constexpr std::uint32_t kLeastShare = 4;
  return !settings_.light ||
         final_params.payload_bytes >= settings_.params.payload_bytes / kLeastShare ||
         session::is_light(final_params);
}

void ServerControl::begin(MonoTime now) {
  start_.checking = false;
  started_at_ = now;
  set_end(now);
  if (settings_.watched != nullptr) {
    rate_policer_ = watch_of(settings_.params, settings_.watched->beside_talk(now), now);
  }
  shared_.started.store(true, std::memory_order_release);
  notify_streams();
}

/// What was granted, and no more.
void ServerControl::set_end(MonoTime now) {
  auto granted = session::granted_time(settings_.params);
  if (granted) {
    granted = session::slowest_time(settings_.params, *granted);
  }
  if (settings_.max_duration) {
    granted = std::min(granted.value_or(*settings_.max_duration), *settings_.max_duration);
  }
  if (granted) {
    data_until_ns_.store(to_ns(saturating_after(now, *granted)));
    hard_end_ns_.store(to_ns(saturating_after(saturating_after(now, *granted), kDrain)));
  }
}

MonoTime ServerControl::validate_path(ControlChannel& channel, MonoTime now) {
  // Before GO nothing is sent but answers, and afterwards only what is asked for; and nobody is
  // asked who is not heard at all.
  if (!running() || complete_at_) {
    return kNever;
  }
  if (shared_.silence(now) > kHeard) {
    return now + kLookAgain;  // another stream may hear of it
  }
  if (const auto probe = path_validation_.poll(now)) {
    channel.send(wire::encode(MessageType::probe, settings_.session, 0, *probe));
  }
  return path_validation_.next();
}

void ServerControl::on_bye(const wire::Bye& bye, MonoTime now) {
  switch (bye.reason) {
    case wire::ByeReason::done:
      end(TestStatus::complete, "complete");
      break;
    case wire::ByeReason::interrupted:
      shared_.stop(TxEnd::peer_stopped);
      wind_up_by(now, TestStatus::interrupted, "interrupted by the client");
      break;
    default:
      end(complete_at_ ? TestStatus::complete : TestStatus::incomplete,
          running() ? "the client gave up" : "the client left before the start");
      break;
  }
}

void ServerControl::wind_up_by(MonoTime now, TestStatus status, const char* reason) {
  if (!wind_up_) {
    wind_up_ = WindUp{now + kServerWindUp + shared_.round_trip(), status, reason};
  }
}

void ServerControl::on_stray(std::span<const std::byte> datagram, ControlChannel& channel) {
  const auto request = wire::read_unchecked<wire::Request>(datagram);  // only who asks matters
  if (!request || request->nonce != settings_.client_nonce) {
    channel.hand_on(datagram);
  } else if (channel.authentic(datagram)) {
    greet(channel);  // the first one was lost
  }
}

void ServerControl::abandon() noexcept {
  if (!ended()) {
    reason_ = "out of memory";  // short enough to need none
    ended_.store(true, std::memory_order_release);
    notify_streams();
    settings_.on_ended();
  }
}

MonoTime ServerControl::on_timer(ControlChannel& channel, MonoTime now) {
  if (!ended() && shared_.out_of_memory.load(std::memory_order_relaxed)) {
    channel.send(
        wire::encode(MessageType::bye, settings_.session, 0, wire::Bye{wire::ByeReason::failed}));
    end(TestStatus::incomplete, "out of memory: more than --max-memory leaves to one session");
  }
  if (ended() || !check_liveness(now) || !check_end(channel, now)) {
    return kNever;
  }
  const MonoTime next_probe = validate_path(channel, now);
  if (start_.checking) {
    if (const auto verdict = preflight_.verdict(now)) {
      shared_.agreed.gso_broken = *verdict == session::Preflight::Verdict::broken;
      begin(now);
    }
  }
  if (shut_down_.load() && !shut_down_said_) {
    say_shut_down(channel, now);
  }
  if (running() && all_complete()) {
    complete_at_ = complete_at_.value_or(now);
  }
  if (!ended()) {
    end_if_due(now);
  }
  if (ended()) {
    return kNever;
  }
  return std::min({next_probe, next_end(), start_.checking ? preflight_.next_timeout() : kNever});
}

void ServerControl::say_shut_down(ControlChannel& channel, MonoTime now) {
  shut_down_said_ = true;
  shared_.stop(TxEnd::interrupted);
  channel.send(wire::encode(MessageType::bye, settings_.session, 0,
                            wire::Bye{wire::ByeReason::shutting_down}));
  wind_up_by(now, TestStatus::incomplete, "the server is shutting down");
  if (!running()) {
    end(TestStatus::incomplete, "the server is shutting down");
  }
}

void ServerControl::end(TestStatus status, std::string reason) {
  if (ended()) {
    return;
  }
  status_ = status;
  reason_ = std::move(reason);
  shared_.stop(TxEnd::peer_silent);  // what still sends, has nobody to send to
  shared_.quit.store(true, std::memory_order_release);
  ended_.store(true, std::memory_order_release);
  notify_streams();
  settings_.on_ended();
}

}  // namespace udperf::engine
