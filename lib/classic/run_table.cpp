#include "classic/run_table.hpp"

#include <algorithm>

#include "base/address_lists.hpp"
#include "base/source_accounts.hpp"
#include "classic/wire.hpp"

namespace udperf::classic {

bool RunTable::welcome(const IpAddress& address) const {
  return let_in(settings_.allow, settings_.deny, address);
}

std::size_t RunTable::active_of(const IpAddress& address) const {
  const auto found = active_by_address_.find(source_of(address));
  return found != active_by_address_.end() ? found->second : 0;
}

void RunTable::count_active(const IpAddress& address, bool more) {
  const auto at = active_by_address_.try_emplace(source_of(address), 0).first;
  at->second = more ? at->second + 1 : at->second - 1;
  active_ = more ? active_ + 1 : active_ - 1;
  if (at->second == 0) {
    active_by_address_.erase(at);
  }
}

bool RunTable::admitted(const Arrival& arrival) const {
  return arrival.may_begin && !shutting_down_ && active_ < settings_.most_runs &&
         active_of(arrival.from.address) < settings_.most_runs_per_address;
}

bool RunTable::certain(const Peer& peer) {
  if (!peer.last) {
    return true;
  }
  const Run& run = *peer.run;
  const bool begun_anew =
      run.start_seen && run.datagrams > 0 && run.begun - peer.last->stopped >= kOvertaken;
  return begun_anew || run.datagrams >= kManyStragglers ||
         run.heard - peer.last->stopped >= kStragglers;
}

std::optional<std::string> RunTable::on_datagram(const Arrival& arrival, MonoTime now,
                                                 UnixTime unix_now) {
  if (!welcome(arrival.from.address)) {
    ++counters_.denied;
    return std::nullopt;
  }
  switch (arrival.native ? Input::data : classify(arrival.bytes)) {
    case Input::start:
      on_start(arrival, now, unix_now);
      return std::nullopt;
    case Input::stop:
      return on_stop(arrival, now);
    case Input::data:
      on_data(arrival, now, unix_now);
      break;
  }
  return std::nullopt;
}

RunTable::RunTable(Settings settings) : settings_(std::move(settings)) {
  settings_.most_runs = std::min(settings_.most_runs, kMostRuns);
}

RunTable::Peer* RunTable::begin(const Arrival& arrival, MonoTime now, UnixTime unix_now) {
  if (!admitted(arrival)) {
    ++counters_.refused;
    return nullptr;
  }
  const Key key{arrival.from, arrival.to};
  if (peers_.count(key) == 0 && peers_.size() >= std::size_t{2} * settings_.most_runs) {
    forget_one();
  }
  Peer& peer = peers_[key];
  peer.run = Run{now, now, now, unix_now, 0, 0, false};
  count_active(arrival.from.address, true);
  return &peer;
}

void RunTable::forget_one() {
  auto oldest = peers_.end();
  for (auto it = peers_.begin(); it != peers_.end(); ++it) {
    const bool idle = !it->second.run && it->second.last;
    if (idle && (oldest == peers_.end() || it->second.last->heard < oldest->second.last->heard)) {
      oldest = it;
    }
  }
  if (oldest != peers_.end()) {
    settled_ += oldest->second.last->settled ? 0U : 1U;
    peers_.erase(oldest);
  }
}

void RunTable::drop_stragglers(const Key& key, Peer& peer) {
  counters_.stragglers += peer.run->datagrams;
  peer.run.reset();
  count_active(key.first.address, false);
}

void RunTable::end_run(const Key& key, Peer& peer, TestStatus status, std::string reason,
                       MonoTime now) {
  const Run& run = *peer.run;
  RunOutcome outcome;
  outcome.client = key.first;
  outcome.server = key.second;
  outcome.first = run.first;
  outcome.closed = run.first + (now - run.begun);  // whatever becomes of the wall clock
  outcome.status = status;
  outcome.reason = std::move(reason);
  outcome.start_seen = run.start_seen;
  outcome.datagrams = run.datagrams;
  outcome.payload_bytes = run.bytes;
  outcome.span = run.last_data - run.begun;
  if (peer.last && !peer.last->settled) {
    ++settled_;  // its client has gone on
  }
  peer.last = Answered{answer_text(outcome), run.heard, run.heard, false, false};
  ++counters_.runs;
  finished_.push_back(std::move(outcome));
  peer.run.reset();
  count_active(key.first.address, false);
}

void RunTable::on_start(const Arrival& arrival, MonoTime now, UnixTime unix_now) {
  const Key key{arrival.from, arrival.to};
  const auto found = peers_.find(key);
  const bool known = found != peers_.end();
  if (known && found->second.run) {
    Run& run = *found->second.run;
    // Data that it was overtaken by is its own, but not what may be the run's before.
    const bool overtaken = now - run.begun < kStragglers && certain(found->second);
    if (run.datagrams == 0 || overtaken) {
      if (run.datagrams == 0 && now - run.begun >= kStragglers) {  // said again: now it begins
        run.begun = run.last_data = now;
        run.first = unix_now;
      }
      run.start_seen = true;
      run.heard = now;
      return;
    }
    if (certain(found->second)) {
      end_run(key, found->second, TestStatus::incomplete, "the client started again", now);
    } else {
      drop_stragglers(key, found->second);
    }
  }
  if (Peer* const peer = begin(arrival, now, unix_now)) {
    peer->run->start_seen = true;
    peer->credit += arrival.length;
  }
}

void RunTable::on_data(const Arrival& arrival, MonoTime now, UnixTime unix_now) {
  const auto found = peers_.find({arrival.from, arrival.to});
  Peer* peer = found != peers_.end() ? &found->second : nullptr;
  if (peer == nullptr || !peer->run) {
    if (peer != nullptr && peer->last && peer->last->closed) {
      peer->last->heard = now;
      ++counters_.stragglers;
      return;
    }
    peer = arrival.native ? nullptr : begin(arrival, now, unix_now);
    if (peer == nullptr) {
      return;
    }
  }
  Run& run = *peer->run;
  ++run.datagrams;
  run.bytes += arrival.length;
  run.last_data = now;
  run.heard = now;
  peer->credit += arrival.length;
}

std::optional<std::string> RunTable::on_stop(const Arrival& arrival, MonoTime now) {
  const Key key{arrival.from, arrival.to};
  const auto found = peers_.find(key);
  if (found == peers_.end()) {
    // All that came before it was lost. Nothing is kept, so nothing has to be remembered of it.
    return paid(answer_text(RunOutcome{}), nullptr, now);
  }
  Peer& peer = found->second;
  if (peer.run && certain(peer)) {
    peer.run->heard = now;
    end_run(key, peer, TestStatus::complete, "complete", now);
  } else if (peer.run) {
    drop_stragglers(key, peer);
  }
  peer.last->heard = now;
  return paid(peer.last->text, &peer, now);
}

std::optional<std::string> RunTable::paid(std::string answer, Peer* peer, MonoTime now) {
  if (peer != nullptr && peer->credit >= answer.size()) {
    peer->credit -= answer.size();
    ++counters_.answers;
    return answer;
  }
  if (!free_answers_.pass(1, now)) {
    ++counters_.withheld;
    return std::nullopt;
  }
  ++counters_.answers;
  return answer;
}

MonoTime RunTable::expire_run(const Key& key, Peer& peer, MonoTime now) {
  const Run& run = *peer.run;
  const MonoTime silent = run.heard + kSilence;
  const MonoTime overdue = settings_.max_duration ? run.begun + *settings_.max_duration : kNever;
  if (now < silent && now < overdue) {
    return std::min(silent, overdue);
  }
  if (!certain(peer)) {
    drop_stragglers(key, peer);
    return now;
  }
  const bool cut = now >= overdue;
  end_run(key, peer, TestStatus::incomplete,
          cut ? "it took longer than --max-duration" : "the client fell silent", now);
  peer.last->closed = cut;
  peer.last->settled = true;
  ++settled_;
  return now;
}

MonoTime RunTable::expire(MonoTime now) {
  MonoTime next = kNever;
  for (auto it = peers_.begin(); it != peers_.end();) {
    Peer& peer = it->second;
    if (peer.run) {
      next = std::min(next, expire_run(it->first, peer, now));
      ++it;
      continue;
    }
    Answered& last = *peer.last;
    if (!last.settled && now - last.heard >= kSettled) {
      last.settled = true;
      ++settled_;
    }
    if (now - last.heard >= kLinger) {
      it = peers_.erase(it);
      continue;
    }
    next = std::min(next, last.heard + (last.settled ? kLinger : kSettled));
    ++it;
  }
  return next;
}

void RunTable::shut_down(MonoTime now) {
  shutting_down_ = true;
  for (auto& [key, peer] : peers_) {
    if (!peer.run) {
      continue;
    }
    if (certain(peer)) {
      end_run(key, peer, TestStatus::incomplete, "the server was stopped", now);
    } else {
      drop_stragglers(key, peer);
    }
  }
}

}  // namespace udperf::classic
