#include "engine/address_race.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "net/receive_buffers.hpp"

namespace udperf::engine {

void AddressRace::begin_next(MonoTime now) {
  while (!decided_ && next_ < servers_.size() && (now >= next_at_ || runners_.empty())) {
    const Endpoint server = servers_[next_++];
    auto begun = begin_(server, now);
    if (!begun) {
      const bool no_way = begun.error().code == ErrorCode::unreachable;
      failures_.push_back(Failure{server, begun.error(),
                                  no_way ? session::Obstacle::no_way : session::Obstacle::other});
      continue;
    }
    runners_.push_back(Runner{server, *std::move(begun)});
    next_at_ = now + kStagger;
  }
}

/// True when one has answered: the others are let go.
bool AddressRace::decide() {
  const auto answered = std::find_if(runners_.begin(), runners_.end(), [](const Runner& one) {
    return one.pending.handshake.heard();
  });
  if (decided_ || answered == runners_.end()) {
    return decided_;
  }
  Runner winner = std::move(*answered);
  runners_.clear();
  runners_.push_back(std::move(winner));
  decided_ = true;
  return true;
}

void AddressRace::note_failures(MonoTime now) {
  if (decided_) {
    return;  // its failure is the answer
  }
  const auto failed =
      std::stable_partition(runners_.begin(), runners_.end(),
                            [](const Runner& one) { return !one.pending.handshake.failed(); });
  for (auto one = failed; one != runners_.end(); ++one) {
    const auto& handshake = one->pending.handshake;
    failures_.push_back(Failure{one->server, handshake.error(), handshake.obstacle()});
  }
  if (failed != runners_.end()) {
    next_at_ = now;
  }
  runners_.erase(failed, runners_.end());
}

MonoTime AddressRace::step(net::ReceiveBuffers& buffers, MonoTime now) {
  begin_next(now);
  MonoTime next = kNever;
  for (std::size_t i = 0; i < runners_.size(); ++i) {
    next = std::min(next, step_handshake(runners_[i].pending, buffers, now));
    if (!decided_ && decide()) {
      return now;
    }
  }
  note_failures(now);
  if (!decided_ && next_ < servers_.size()) {
    next = std::min(next, next_at_);
  }
  return next;
}

bool AddressRace::over() const {
  if (decided_) {
    const auto& handshake = runners_.front().pending.handshake;
    return handshake.done() || handshake.failed();
  }
  return runners_.empty() && next_ >= servers_.size();
}

std::vector<int> AddressRace::fds() const {
  std::vector<int> out;
  std::transform(runners_.begin(), runners_.end(), std::back_inserter(out),
                 [](const Runner& one) { return one.pending.port->fd(); });
  return out;
}

AddressRace::Runner* AddressRace::winner() {
  return runners_.empty() ? nullptr : &runners_.front();
}

session::Obstacle AddressRace::obstacle() const {
  const session::Obstacle first = failures_.front().obstacle;
  const bool same = std::all_of(failures_.begin(), failures_.end(),
                                [first](const Failure& one) { return one.obstacle == first; });
  return same ? first : session::Obstacle::no_way;
}

Error AddressRace::error() const {
  if (failures_.size() == 1) {
    Error only = failures_.front().error;
    if (only.os_error == 0) {
      only.what = failures_.front().server.to_string() + ": " + only.what;
    }
    return only;
  }
  Error all{ErrorCode::unreachable, "none of the host's addresses can be reached", 0, "connect"};
  for (const Failure& one : failures_) {
    const Error& error = one.error;
    all.code = error.code == ErrorCode::unreachable ? all.code : error.code;
    all.what += (&one == &failures_.front() ? ": " : "; ") +
                (error.os_error == 0 ? one.server.to_string() + ": " : std::string{}) +
                error.message();
  }
  return all;
}

}  // namespace udperf::engine
