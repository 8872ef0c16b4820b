// When a session is over: what a ServerControl looks at, and when next.

#include <algorithm>

#include "base/saturating.hpp"
#include "engine/server_control.hpp"

namespace udperf::engine {
namespace {

using namespace std::chrono_literals;
using wire::MessageType;

// All of them and the round trips that an exchange takes.
constexpr Duration kGoPatience = 10s;      // from ACCEPT
constexpr int kGoTrips = 4;                // as the client's set-up takes
constexpr Duration kSilenceBeforeGo = 4s;  // its probes and JOINs come much closer together
constexpr Duration kSilence = 5s;          // a client that stood still comes back; see SendPermit
constexpr Duration kLinger = 3s;           // for a client that missed our report
constexpr Duration kLongestLinger = 15s;   // however long it goes on asking
constexpr Duration kOverrun = 2s;          // beyond the granted time: a start that took a moment

}  // namespace

/// Whether the session may go on.
bool ServerControl::check_end(ControlChannel& channel, MonoTime now) {
  if (now >= hard_end()) {
    channel.send(
        wire::encode(MessageType::bye, settings_.session, 0, wire::Bye{wire::ByeReason::failed}));
    end(complete_at_ ? TestStatus::complete : TestStatus::incomplete,
        complete_at_ ? "complete" : "longer than was granted");
    return false;
  }
  if (sends_too_much(now)) {
    channel.send(
        wire::encode(MessageType::bye, settings_.session, 0, wire::Bye{wire::ByeReason::failed}));
    end(TestStatus::incomplete, "the client sends faster than it was granted");
    return false;
  }
  if (data_until() < now - kOverrun) {
    shared_.stop(TxEnd::peer_stopped);
    shared_.overrun.store(true, std::memory_order_relaxed);
  }
  return true;
}

/// What arrives at the sockets of all streams uses up what others were promised.
bool ServerControl::sends_too_much(MonoTime now) {
  if (!running() || now < rate_policer_.next()) {
    return false;
  }
  return rate_policer_.exceeds(settings_.watched->beside_talk(now), now);
}

/// When the session is over, or its data is, if nothing more is heard: all else is told. So
/// sessions that are idle cost nothing until then.
MonoTime ServerControl::next_end() const {
  const Duration trip = shared_.round_trip();
  const MonoTime heard = shared_.last_heard();
  MonoTime end = std::min(hard_end(), wind_up_ ? wind_up_->by : kNever);
  if (!running()) {
    end = std::min(end, opened_ + kGoPatience + kGoTrips * trip);
    if (shared_.handshake.get()) {
      end = std::min(end, heard + kSilenceBeforeGo + 2 * trip);
    }
  } else {
    end = std::min({end, rate_policer_.next(), shared_.gone_after(), heard + kSilence + 2 * trip,
                    shared_.proven.get().value_or(MonoTime{}) + kProofPatience + trip});
    if (!shared_.overrun.load(std::memory_order_relaxed)) {
      end = std::min(end, saturating_after(data_until(), kOverrun));
    }
    if (complete_at_ && !wind_up_) {
      end = std::min({end, heard + kLinger + trip, *complete_at_ + kLongestLinger});
    }
  }
  return saturating_after(end, Duration{1});  // most of them are the last moment of what goes on
}

void ServerControl::end_if_due(MonoTime now) {
  // All books are closed on both sides: only the client's BYE is missing, or nobody waits for it.
  const Duration linger = kLinger + shared_.round_trip();
  const bool forgotten =
      complete_at_ && (shared_.silence(now) > linger || now - *complete_at_ > kLongestLinger);
  // A server that stops leaves none of its reports half said, as far as its time goes.
  const bool over = complete_at_ && (wind_up_ ? shut_down_said_ && all_delivered() : forgotten);
  if (over || (wind_up_ && now >= wind_up_->by)) {
    end(wind_up_ ? wind_up_->status : TestStatus::complete,
        wind_up_ ? wind_up_->reason : "complete");
  }
}

/// How far away the client is, from how long its first word after ACCEPT took: an upper bound.
void ServerControl::note_distance(MonoTime now) {
  const MonoTime heard = now - shared_.silence(now);
  if (heard > opened_) {
    shared_.handshake.set_once(heard - opened_);
  }
}

bool ServerControl::check_liveness(MonoTime now) {
  note_distance(now);
  const Duration silence = shared_.silence(now);
  const Duration round_trip = shared_.round_trip();
  if (!running()) {
    const bool never_heard = !shared_.handshake.get();
    if (now - opened_ > kGoPatience + kGoTrips * round_trip ||
        (!never_heard && silence > kSilenceBeforeGo + 2 * round_trip)) {
      end(TestStatus::incomplete, "the client never said GO");
      return false;
    }
    return true;
  }
  if (shared_.gone(now)) {
    end(complete_at_ ? TestStatus::complete : TestStatus::incomplete,
        complete_at_ ? "complete" : "the client is gone (ICMP port unreachable)");
    return false;
  }
  if (silence > kSilence + 2 * round_trip) {
    end(complete_at_ ? TestStatus::complete : TestStatus::incomplete,
        complete_at_ ? "complete" : "the client went silent");
    return false;
  }
  if (shared_.unproven(now) > kProofPatience + round_trip) {
    end(complete_at_ ? TestStatus::complete : TestStatus::incomplete,
        complete_at_ ? "complete" : "the client does not answer");
    return false;
  }
  return true;
}

}  // namespace udperf::engine
