// What of the history is summed up over time, and what is forgotten.

#include <algorithm>
#include <map>
#include <string>

#include "app/monitor/history_store.hpp"
#include "monitor/totals_codec.hpp"

namespace udperf::app {
namespace {

/// Rounds that began in a span may end later than it.
constexpr std::int64_t kGraceSeconds = 120;

}  // namespace

/// From where on spans of this length are still to be summed up.
Result<std::int64_t> History::Store::mark(std::int64_t seconds) const {
  const std::string sql = "SELECT start FROM summed WHERE seconds = " + std::to_string(seconds);
  return file_.number(sql.c_str());
}

Result<void> History::Store::set_mark(std::int64_t seconds, std::int64_t start) const {
  const std::string sql = "INSERT OR REPLACE INTO summed VALUES (" + std::to_string(seconds) +
                          ", " + std::to_string(start) + ")";
  return file_.run(sql.c_str());
}

/// The first span at or after `start` in which there is something to sum up.
Result<std::optional<std::int64_t>> History::Store::first_after(std::int64_t seconds,
                                                                std::int64_t start) const {
  const bool from_rounds = seconds == kFiveMinutes;
  auto select = SqliteStatement::prepare(
      file_, from_rounds ? "SELECT min(start_ns) FROM round WHERE start_ns >= ?"
                         : "SELECT min(start) FROM span WHERE seconds = 300 AND start >= ?");
  if (!select) {
    return tl::unexpected{select.error()};
  }
  const auto row = select->bind(1, from_rounds ? start * kNsPerSecond : start).step();
  if (!row) {
    return tl::unexpected{row.error()};
  }
  const std::int64_t first = select->number(0) / (from_rounds ? kNsPerSecond : 1);
  constexpr std::int64_t kLatest = INT64_MAX / kNsPerSecond / 2;  // beyond it the file is damaged
  return first == 0 || first > kLatest ? std::nullopt : std::optional{first / seconds * seconds};
}

/// Where to begin, of spans that are summed up until `mark`.
std::int64_t History::Store::first_to_sum(std::int64_t seconds, std::int64_t mark,
                                          UnixTime believed) const {
  // Of what was forgotten no sum can be made again.
  const std::int64_t whole = to_ns(believed - retention_.rounds) / kNsPerSecond + kHour;
  const auto repeated = repeated_.find(seconds);
  std::int64_t first = mark;
  for (const std::int64_t touched :
       {touched_, repeated != repeated_.end() ? repeated->second : std::int64_t{0}}) {
    first = touched > 0 ? std::min(first, std::max(touched, whole) / seconds * seconds) : first;
  }
  return first;
}

/// Of a clock that was set back time is told twice: a span that is summed up already is not over
/// yet, and what comes in it is to be summed up once more.
void History::Store::note_repeated(std::int64_t seconds, std::int64_t mark, std::int64_t end) {
  const std::int64_t not_over = end / seconds * seconds;
  if (not_over < mark) {
    repeated_[seconds] = not_over;
  } else {
    repeated_.erase(seconds);
  }
}

/// Each span that is over becomes a row a target. A round that came late (or by a clock that was
/// set back) has its span summed up again.
Result<void> History::Store::sum_up(std::int64_t seconds, UnixTime now, UnixTime believed) {
  auto from = mark(seconds);
  if (!from) {
    return tl::unexpected{from.error()};
  }
  std::int64_t start = first_to_sum(seconds, *from, believed);
  const std::int64_t end = to_ns(now) / kNsPerSecond - kGraceSeconds - (seconds == kHour ? 300 : 0);
  while (true) {
    const auto next = first_after(seconds, start);
    if (!next) {
      return tl::unexpected{next.error()};
    }
    if (!*next || **next + seconds > end) {
      note_repeated(seconds, std::max(start, *from), end);
      return {};
    }
    start = **next + seconds;
    Result<void> done = begin();
    done = done ? sum_span(seconds, **next) : done;
    done = done ? set_mark(seconds, std::max(start, *from)) : done;
    done = done ? commit() : done;
    if (!done) {
      roll_back();
      return done;
    }
  }
}

Result<void> History::Store::sum_span(std::int64_t seconds, std::int64_t start) {
  auto select = SqliteStatement::prepare(
      file_, seconds == kFiveMinutes
                 ? "SELECT target, totals FROM round WHERE start_ns >= ?1 * 1000000000"
                   " AND start_ns < ?2 * 1000000000"
                 : "SELECT target, totals FROM span WHERE seconds = 300 AND start >= ?1"
                   " AND start < ?2");
  auto insert = SqliteStatement::prepare(
      file_, "INSERT OR REPLACE INTO span VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
  if (!select || !insert) {
    return tl::unexpected{(select ? insert : select).error()};
  }
  std::map<std::int64_t, monitor::Totals> sums;
  auto row = select->bind(1, start).bind(2, start + seconds).step();
  for (; row && *row; row = select->step()) {
    if (const auto totals = monitor::decode_totals(select->bytes(1))) {
      sums[select->number(0)].add(*totals);
    }
  }
  if (!row) {
    return tl::unexpected{row.error()};
  }
  for (const auto& [target, totals] : sums) {
    const auto number = [](std::uint64_t value) { return static_cast<std::int64_t>(value); };
    insert->bind(1, seconds).bind(2, target).bind(3, start).bind(4, number(totals.up.sent));
    insert->bind(5, number(totals.up.lost)).bind(6, number(totals.down.sent));
    insert->bind(7, number(totals.down.lost)).bind_blob(8, encode_totals(totals));
    if (auto done = insert->run(); !done) {
      return done;
    }
  }
  return {};
}

Result<void> History::Store::forget(UnixTime now) {
  const auto before = [now](Duration age) { return std::to_string(to_ns(now - age)); };
  const auto seconds = [now](Duration age) {
    return std::to_string(to_ns(now - age) / kNsPerSecond);
  };
  // Nothing goes before it is in a sum.
  const std::string summed5 = "(SELECT coalesce(min(start), 0) FROM summed WHERE seconds = 300)";
  const std::string summed60 = "(SELECT coalesce(min(start), 0) FROM summed WHERE seconds = 3600)";
  const std::string sql =
      "DELETE FROM round WHERE start_ns < min(" + before(retention_.rounds) + ", " + summed5 +
      " * 1000000000); DELETE FROM document WHERE start_ns < " + before(retention_.rounds) +
      "; DELETE FROM document WHERE (target, start_ns, number) IN (SELECT target, start_ns, number"
      " FROM (SELECT target, start_ns, number, row_number() OVER"
      " (PARTITION BY target ORDER BY start_ns DESC) AS place FROM document) WHERE place > " +
      std::to_string(kMostDocuments) + "); DELETE FROM span WHERE seconds = 300 AND start < min(" +
      seconds(retention_.five_minutes) + ", " + summed60 +
      "); DELETE FROM span WHERE seconds = 3600 AND start < " + seconds(retention_.hours) +
      "; DELETE FROM event WHERE at_ns < " + before(retention_.hours) + ";";
  const auto done = file_.run(sql.c_str());
  return done ? forget_targets() : done;
}

/// Names come and go, as those of pods do: of whom nothing is kept needs no place.
Result<void> History::Store::forget_targets() {
  const auto done = file_.run(
      "DELETE FROM target WHERE NOT EXISTS (SELECT 1 FROM round WHERE round.target = target.id)"
      " AND NOT EXISTS (SELECT 1 FROM span WHERE seconds IN (300, 3600) AND"
      " span.target = target.id)"
      " AND NOT EXISTS (SELECT 1 FROM event WHERE event.target = target.id)");
  if (done && sqlite3_changes(file_.get()) > 0) {
    ids_.clear();  // theirs may be among them
  }
  return done;
}

}  // namespace udperf::app
