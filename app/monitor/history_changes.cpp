// Changes, of which the history has more than a monitor keeps.

#include <algorithm>
#include <utility>

#include "app/monitor/history_store.hpp"

namespace udperf::app {

Result<std::vector<monitor::Board::TimedEvent>> History::changes(const ChangeQuery& query) const {
  auto file = reader();
  if (!file) {
    return tl::unexpected{file.error()};
  }
  const std::string of_target =
      query.target ? " AND event.target IN (SELECT id FROM target WHERE name = ?4)" : "";
  const std::string sql =
      "SELECT at_ns, kind, direction, detail, name, module FROM event JOIN target"
      " ON event.target = target.id WHERE at_ns >= ?1 AND at_ns <= ?2" +
      of_target + " ORDER BY event.rowid DESC LIMIT ?3";  // a clock may be set back meanwhile
  auto select = SqliteStatement::prepare(*file, sql.c_str());
  if (!select) {
    return tl::unexpected{select.error()};
  }
  select->bind(1, to_ns(query.since)).bind(2, to_ns(query.until));
  select->bind(3, static_cast<std::int64_t>(query.most));
  if (query.target) {
    select->bind(4, *query.target);
  }
  std::vector<monitor::Board::TimedEvent> changes;
  auto row = select->step();
  for (; row && *row; row = select->step()) {
    const auto kind = monitor::parse_event_kind(select->bytes(1));
    if (!kind) {
      continue;
    }
    monitor::Board::TimedEvent& change = changes.emplace_back();
    change.event.kind = *kind;
    change.event.at = unix_from_ns(select->number(0));
    change.event.direction = select->bytes(2);
    change.event.detail = select->bytes(3);
    change.target.name = select->bytes(4);
    change.target.module = select->bytes(5);
  }
  std::reverse(changes.begin(), changes.end());
  return row ? Result<std::vector<monitor::Board::TimedEvent>>{std::move(changes)}
             : tl::unexpected{row.error()};
}

Result<monitor::Board::States> History::last_states() const {
  auto file = reader();
  if (!file) {
    return tl::unexpected{file.error()};
  }
  // The kind of the row that was written last (sqlite.org/lang_select.html, "bare columns"): the
  // times of two may be the same.
  auto select = SqliteStatement::prepare(
      *file,
      "SELECT name, module, kind FROM (SELECT target, kind, max(rowid) FROM event"
      " WHERE kind IN ('up', 'down', 'not_measured') GROUP BY target)"
      " JOIN target ON target = target.id WHERE kind != 'up'");
  if (!select) {
    return tl::unexpected{select.error()};
  }
  monitor::Board::States states;
  auto row = select->step();
  for (; row && *row; row = select->step()) {
    const auto kind = monitor::parse_event_kind(select->bytes(2));
    if (const auto state = kind ? monitor::state_after(*kind) : std::nullopt) {
      states[{std::string{select->bytes(0)}, std::string{select->bytes(1)}}] = *state;
    }
  }
  return row ? Result<monitor::Board::States>{std::move(states)} : tl::unexpected{row.error()};
}

}  // namespace udperf::app
