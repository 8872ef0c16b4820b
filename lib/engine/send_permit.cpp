#include "engine/send_permit.hpp"

#include <algorithm>

#include "engine/test_state.hpp"
#include "session/light.hpp"

namespace udperf::engine {

bool SendPermit::is_recent(std::uint32_t batch, std::uint64_t batches) const {
  const std::uint64_t floor = marks_.empty() ? 0 : marks_.front().batches;
  const std::uint32_t age = static_cast<std::uint32_t>(batches) - 1U - batch;
  return age < batches - std::min(floor, batches) + 1;
}

void SendPermit::on_feedback(std::uint64_t number, bool echoes, MonoTime now) {
  seen_ = number;
  fed_back_ = now;
  if (echoes) {
    echoed_ = now;
  }
}

void SendPermit::mark(std::uint64_t batches, Duration round_trip, MonoTime now) {
  constexpr Duration kMarkEvery = std::chrono::milliseconds{100};
  constexpr Duration kRecent = std::chrono::seconds{2};
  if (!marks_.empty() && now - marks_.back().at < kMarkEvery) {
    return;
  }
  marks_.push_back(Mark{now, batches});
  while (marks_.size() > 1 && now - marks_[1].at > kRecent + round_trip) {
    marks_.pop_front();
  }
}

SendPermit::Verdict SendPermit::judge(const Peer& peer, MonoTime now) {
  constexpr Duration kGiveUp = std::chrono::seconds{6};
  const bool permitted = now - fed_back_ <= length_by_feedback(peer.round_trip) &&
                         now - echoed_ <= length_by_echo(peer.round_trip) &&
                         peer.unproven <= kProofLease + peer.round_trip;
  if (permitted) {
    permitted_ = now;
    return Verdict::go_on;
  }
  return now - permitted_ > kGiveUp + 2 * peer.round_trip ? Verdict::give_up : Verdict::wait;
}

MonoTime SendPermit::end(const Peer& peer, MonoTime now) const {
  constexpr Duration kJustLater = std::chrono::microseconds{1};
  const MonoTime proof = now - peer.unproven + kProofLease + peer.round_trip;
  return std::min({fed_back_ + length_by_feedback(peer.round_trip),
                   echoed_ + length_by_echo(peer.round_trip), proof}) +
         kJustLater;
}

Duration SendPermit::length() const {
  return settings_.sparse_control ? session::kLightPermit : kPermit;
}

/// How long FEEDBACK may stay away: the first comes a round trip after the start.
Duration SendPermit::length_by_feedback(Duration round_trip) const {
  return seen_ == 0 ? length() + round_trip : length();
}

/// How long FEEDBACK may go without echoing recent DATA.
Duration SendPermit::length_by_echo(Duration round_trip) const {
  return std::max(length() + round_trip, settings_.echo_patience);
}

}  // namespace udperf::engine
