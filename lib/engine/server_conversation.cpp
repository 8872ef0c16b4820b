#include "engine/server_conversation.hpp"

#include <algorithm>

#include "engine/offload_check.hpp"

namespace udperf::engine {
namespace {

using namespace std::chrono_literals;
using wire::MessageType;

constexpr Duration kGoPatience = 10s;      // from ACCEPT
constexpr Duration kSilenceBeforeGo = 4s;  // its probes and JOINs come much closer together
constexpr Duration kSilenceUp = 2800ms;    // a client that stood still for two seconds comes back
constexpr Duration kSilenceDown = 2500ms;  // nobody must be sent to for longer
constexpr Duration kAfterRefused = 250ms;  // an ICMP error alone could be forged or old
constexpr Duration kLinger = 3s;           // for a client that missed our report
constexpr Duration kLongestLinger = 15s;   // however long it goes on asking
constexpr Duration kWindUp = 1500ms;

}  // namespace

ServerConversation::ServerConversation(const Settings& settings, SharedTest& shared, MonoTime now)
    : settings_(settings), shared_(shared), opened_(now) {
  shared_.heard(now);
}

void ServerConversation::add_lane(const Lane* lane) {
  const std::lock_guard lock{lanes_mutex_};
  lanes_.push_back(lane);
}

bool ServerConversation::all_complete() const {
  const std::lock_guard lock{lanes_mutex_};
  return std::all_of(lanes_.begin(), lanes_.end(),
                     [](const Lane* lane) { return lane->complete(); });
}

void ServerConversation::on_message(MessageType type, std::span<const std::byte> datagram,
                                    Lane& lane, MonoTime now) {
  if (type == MessageType::go) {
    if (const auto go = wire::decode<wire::Go>(datagram)) {
      on_go(*go, lane, now);
    }
  } else if (type == MessageType::bye) {
    if (const auto bye = wire::decode<wire::Bye>(datagram)) {
      on_bye(*bye, now);
    }
  } else if (type == MessageType::probe_reply) {
    if (const auto reply = wire::decode<wire::ProbeReply>(datagram)) {
      preflight_.on_reply(*reply, now);
    }
  }
}

void ServerConversation::on_go(const wire::Go& go, Lane& lane, MonoTime now) {
  std::size_t joined = 0;
  {
    const std::lock_guard lock{lanes_mutex_};
    joined = lanes_.size();
  }
  if (go.server_nonce != settings_.server_nonce || joined != settings_.params.streams ||
      go.payload_bytes > settings_.params.payload_bytes) {
    return;
  }
  if (!gone_) {
    TestParams final_params = settings_.params;
    final_params.payload_bytes = go.payload_bytes;
    if (check_params(final_params)) {
      return;
    }
    gone_ = true;
    shared_.payload_bytes.store(go.payload_bytes);
    // The client's data may be on its way already: only our own waits for the preflight, and that
    // only where there is none of the client's to count.
    checking_ = !lane.receives() && offload_in_question(lane);
    if (checking_) {
      ask_offload(preflight_, lane, now);
    } else {
      begin(now);
    }
  }
  lane.send(wire::encode(MessageType::go_ack, settings_.session, 0, wire::Empty{}));
}

void ServerConversation::begin(MonoTime now) {
  checking_ = false;
  started_at_ = now;
  shared_.started.store(true, std::memory_order_release);
  on_started();
}

void ServerConversation::on_bye(const wire::Bye& bye, MonoTime now) {
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

void ServerConversation::wind_up_by(MonoTime now, TestStatus status, const char* reason) {
  if (wind_up_ == kNever) {
    wind_up_ = now + kWindUp;
    wind_up_status_ = status;
    wind_up_reason_ = reason;
  }
}

void ServerConversation::on_stray(std::span<const std::byte> datagram, Lane& lane, MonoTime now) {
  static_cast<void>(now);
  const auto request = wire::decode<wire::Request>(datagram);
  if (request && request->nonce == settings_.client_nonce) {
    lane.send(settings_.accept);  // the first one was lost
    return;
  }
  if (lane.on_stray) {
    lane.on_stray(
        net::Letter{{datagram.begin(), datagram.end()}, lane.port().remote(), lane.port().local()});
  }
}

MonoTime ServerConversation::on_timer(Lane& lane, MonoTime now) {
  if (ended() || !check_liveness(now)) {
    return kNever;
  }
  if (checking_) {
    if (const auto verdict = preflight_.verdict(now)) {
      shared_.gso_broken.store(*verdict == session::Preflight::Verdict::broken);
      begin(now);
    }
  }
  if (shut_down_.load() && !shut_down_said_) {
    say_shut_down(lane, now);
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
  constexpr Duration kLook = 100ms;
  return std::min({wind_up_, now + kLook, checking_ ? preflight_.next_timeout() : kNever});
}

void ServerConversation::say_shut_down(Lane& lane, MonoTime now) {
  shut_down_said_ = true;
  shared_.stop(TxEnd::interrupted);
  lane.send(wire::encode(MessageType::bye, settings_.session, 0,
                         wire::Bye{wire::ByeReason::shutting_down}));
  wind_up_by(now, TestStatus::incomplete, "the server is shutting down");
  if (!running()) {
    end(TestStatus::incomplete, "the server is shutting down");
  }
}

void ServerConversation::end_if_due(MonoTime now) {
  const bool cut = wind_up_ != kNever;
  // All books are closed on both sides: only the client's BYE is missing, or nobody waits for it.
  const bool forgotten =
      complete_at_ && (shared_.silence(now) > kLinger || now - *complete_at_ > kLongestLinger);
  const bool over = complete_at_ && (cut ? shut_down_said_ : forgotten);
  if (now >= wind_up_ || over) {
    end(cut ? wind_up_status_ : TestStatus::complete, cut ? wind_up_reason_ : "complete");
  }
}

bool ServerConversation::check_liveness(MonoTime now) {
  const Duration silence = shared_.silence(now);
  if (!running()) {
    if (now - opened_ > kGoPatience || silence > kSilenceBeforeGo) {
      end(TestStatus::incomplete, "the client never said GO");
      return false;
    }
    return true;
  }
  if (shared_.refused.load() && silence > kAfterRefused) {
    end(complete_at_ ? TestStatus::complete : TestStatus::incomplete,
        complete_at_ ? "complete" : "the client is gone (ICMP port unreachable)");
    return false;
  }
  const bool sends = includes(settings_.params.direction, Way::down);
  if (silence > (sends ? kSilenceDown : kSilenceUp)) {
    end(complete_at_ ? TestStatus::complete : TestStatus::incomplete,
        complete_at_ ? "complete" : "the client went silent");
    return false;
  }
  if (settings_.max_duration && now - started_at_ > *settings_.max_duration + kLinger) {
    shared_.stop(TxEnd::peer_stopped);
    wind_up_by(now, TestStatus::incomplete, "longer than --max-duration");
  }
  return true;
}

void ServerConversation::end(TestStatus status, std::string reason) {
  if (ended()) {
    return;
  }
  status_ = status;
  reason_ = std::move(reason);
  shared_.quit.store(true, std::memory_order_release);
  ended_.store(true, std::memory_order_release);
  on_ended();
}

}  // namespace udperf::engine
