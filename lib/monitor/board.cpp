#include "monitor/board.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace udperf::monitor {
namespace {

bool same(const Target& a, const Target& b) {
  return a.name == b.name && a.module == b.module && a.address.host == b.address.host &&
         a.address.port == b.address.port;
}

}  // namespace

Board::Change Board::set_targets(const std::vector<Wanted>& wanted) {
  Change change;
  std::map<std::string_view, const Wanted*> by_name;
  for (const Wanted& one : wanted) {
    by_name.emplace(one.target.name, &one);
  }
  for (auto entry = entries_.begin(); entry != entries_.end();) {
    const auto found = by_name.find(entry->second.target.name);
    if (found == by_name.end() || !same(found->second->target, entry->second.target)) {
      change.removed.push_back(entry->first);
      entry = entries_.erase(entry);
      continue;
    }
    if (entry->second.every != found->second->every) {
      change.added.push_back(entry->first);  // on another grid from now on
    }
    change.described_anew = change.described_anew ||
                            entry->second.target.labels != found->second->target.labels ||
                            entry->second.watch.limits() != found->second->limits;
    entry->second.every = found->second->every;
    entry->second.direction = found->second->direction;
    entry->second.target.labels = found->second->target.labels;
    entry->second.watch.set_limits(found->second->limits);
    by_name.erase(found);
    ++entry;
  }
  for (const Wanted& one : wanted) {
    const auto found = by_name.find(one.target.name);
    if (found != by_name.end() && found->second == &one) {
      add(one, change);
    }
  }
  for (const auto& [key, end] : std::exchange(ends_, {})) {
    change.ended_before = std::max(change.ended_before, end);
  }
  return change;
}

void Board::add(const Wanted& wanted, Change& change) {
  Entry entry{wanted.target,   wanted.every, TargetWatch{wanted.limits}, {}, {}, {}, 0,
              wanted.direction};
  entry.target.id = next_id_++;
  const std::pair key{wanted.target.name, wanted.target.module};
  if (const auto before = states_.find(key); before != states_.end()) {
    entry.watch.recall(before->second);
  }
  if (ends_.contains(key)) {
    change.resumed.push_back(entry.target.id);
  }
  change.added.push_back(entry.target.id);
  entries_.emplace(entry.target.id, std::move(entry));
}

/// Who is up needs no place; of others there are as many as names that went away for good, and
/// these are bounded.
void Board::note_state(const std::pair<std::string, std::string>& key, TargetState state) {
  constexpr std::size_t kMostStates = 20'000;
  if (state == TargetState::up) {
    states_.erase(key);
    return;
  }
  states_[key] = state;
  if (states_.size() > kMostStates) {
    states_.erase(states_.begin()->first == key ? std::next(states_.begin()) : states_.begin());
  }
}

/// Who tells them knows more than the last changes say, whose times are of a clock that may be set.
void Board::recall(const States& states) {
  states_.clear();
  for (const auto& [key, state] : states) {
    note_state(key, state);
  }
}

void Board::remember(TimedEvent event) {
  if (const auto state = state_after(event.event.kind)) {
    note_state({event.target.name, event.target.module}, *state);
  }
  events_.push_back(std::move(event));
  if (events_.size() > kMostEvents) {
    events_.pop_front();
  }
}

void Board::recall(const std::vector<TimedEvent>& events) {
  for (const TimedEvent& event : events) {
    remember(event);
  }
}

bool Board::is_other_server(std::uint64_t target, std::uint64_t instance) {
  const auto found = entries_.find(target);
  if (found == entries_.end() || instance == 0) {
    return false;
  }
  const std::uint64_t before = std::exchange(found->second.server, instance);
  return before != 0 && before != instance;
}

std::vector<Event> Board::on_round(const RoundResult& round) {
  const auto found = entries_.find(round.target);
  if (found == entries_.end()) {
    return {};
  }
  Entry& entry = found->second;
  entry.totals.add(round);
  entry.first = entry.first.value_or(round.start);
  std::vector<Event> events = entry.watch.on_round(round);
  entry.last = round;
  entry.last->document = {};  // which is the history's, and large
  tell(events, entry.target);
  return events;
}

std::vector<Event> Board::on_stop(const RoundResult& gap, UnixTime ended) {
  std::vector<Event> events = on_round(gap);
  const auto found = entries_.find(gap.target);
  if (found == entries_.end() || found->second.watch.recalled() != TargetState::down) {
    return events;
  }
  const Event event{EventKind::not_measured,
                    gap.target,
                    gap.number,
                    ended,
                    {},
                    gap.error ? gap.error->message() : std::string{}};
  tell({event}, found->second.target);
  events.push_back(event);
  return events;
}

void Board::tell(const std::vector<Event>& events, const Target& target) {
  for (const Event& event : events) {
    ++event_counts_[event.kind];
    remember({event, target});
  }
}

const Board::Entry* Board::find(std::uint64_t id) const {
  const auto found = entries_.find(id);
  return found != entries_.end() ? &found->second : nullptr;
}

const Board::Entry* Board::find(std::string_view name) const {
  const auto found = std::find_if(entries_.begin(), entries_.end(), [name](const auto& entry) {
    return entry.second.target.name == name;
  });
  return found != entries_.end() ? &found->second : nullptr;
}

}  // namespace udperf::monitor
