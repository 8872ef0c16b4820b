// What the history tells of what it has.

#include <algorithm>
#include <utility>

#include "app/monitor/history_store.hpp"
#include "monitor/round_record.hpp"
#include "monitor/totals_codec.hpp"

namespace udperf::app {
namespace {

std::int64_t seconds_since_1970(UnixTime time) {
  return to_ns(time) / kNsPerSecond;
}

std::int64_t seconds_of(History::Grain grain) {
  return grain == History::Grain::hour ? kHour : kFiveMinutes;
}

/// The query's times as whole spans: what has a part of one gets all of it, of sums and of rounds
/// that are in none yet.
History::Query whole_spans(History::Query query) {
  const std::int64_t span = seconds_of(query.grain);
  const auto floor = [span](UnixTime time) {
    constexpr std::int64_t kFarthest = std::int64_t{1} << 32U;  // s: no sum goes wrong there
    const std::int64_t seconds = std::clamp(seconds_since_1970(time), -kFarthest, kFarthest);
    return (seconds - (seconds % span + span) % span) * kNsPerSecond;
  };
  query.since = unix_from_ns(floor(query.since));
  query.until = unix_from_ns(floor(query.until) + span * kNsPerSecond - 1);
  return query;
}

/// Rows of the same span, of targets that have one name by turns, in one.
class MergedRows {
 public:
  explicit MergedRows(const History::RowVisit& visit) : visit_(visit) {}

  /// Ascending.
  void add(const HistoryRow& row) {
    if (open_ && open_->start == row.start) {
      open_->totals.add(row.totals);
      return;
    }
    finish();
    open_ = row;
  }
  void finish() {
    if (open_) {
      visit_(*open_);
    }
    open_.reset();
  }

 private:
  const History::RowVisit& visit_;
  std::optional<HistoryRow> open_;
};

/// Tells of each row of `select`: start in ns, span in ns, totals and, of rounds, the record.
Result<void> tell_rows(SqliteStatement& select, bool rounds, const History::RowVisit& visit) {
  auto row = select.step();
  for (; row && *row; row = select.step()) {
    const auto totals = monitor::decode_totals(select.bytes(2));
    if (!totals || !possible_times(select.number(0), select.number(1))) {
      continue;
    }
    HistoryRow taken{unix_from_ns(select.number(0)), Duration{select.number(1)}, *totals, {}};
    // An earlier version wrote no records.
    if (const auto round =
            rounds ? monitor::decode_record(select.bytes(3), *totals) : std::nullopt) {
      taken.figures = figures_of(*round);
    }
    visit(taken);
  }
  return row ? Result<void>{} : tl::unexpected{row.error()};
}

/// The rounds of each span in one row.
class SpanSums {
 public:
  /// The first `skip` spans are left out.
  SpanSums(std::int64_t seconds, std::size_t skip, const History::RowVisit& visit)
      : seconds_(seconds), skip_(skip), visit_(visit) {}

  /// Ascending.
  void add(const HistoryRow& round) {
    const std::int64_t start = seconds_since_1970(round.start) / seconds_ * seconds_;
    if (!open_ || seconds_since_1970(open_->start) != start) {
      finish();
      open_ =
          HistoryRow{unix_from_ns(start * kNsPerSecond), std::chrono::seconds{seconds_}, {}, {}};
    }
    open_->totals.add(round.totals);
  }
  void finish() {
    if (open_ && skip_ > 0) {
      --skip_;
    } else if (open_) {
      visit_(*open_);
    }
    open_.reset();
  }

 private:
  std::int64_t seconds_;
  std::size_t skip_;
  const History::RowVisit& visit_;
  std::optional<HistoryRow> open_;
};

/// What is in no sum yet.
struct Rest {
  std::int64_t from = 0;  ///< ns: where the sums end
  std::size_t spans = 0;  ///< that the rounds from there on make
};

Result<Rest> find_rest(const SqliteFile& file, const History::Query& query) {
  auto sums = SqliteStatement::prepare(
      file,
      "SELECT coalesce(max(start + seconds) * 1000000000, ?4) FROM span WHERE seconds = ?1 AND"
      " target IN (SELECT id FROM target WHERE name = ?2) AND start >= ?3 AND start < ?5");
  auto rounds = SqliteStatement::prepare(
      file,
      "SELECT count(DISTINCT start_ns / ?4) FROM round WHERE target IN"
      " (SELECT id FROM target WHERE name = ?1) AND start_ns >= ?2 AND start_ns <= ?3");
  if (!sums || !rounds) {
    return tl::unexpected{sums ? rounds.error() : sums.error()};
  }
  Rest rest;
  sums->bind(1, seconds_of(query.grain)).bind(2, query.target);
  sums->bind(3, seconds_since_1970(query.since)).bind(4, to_ns(query.since));
  const auto end = sums->bind(5, seconds_since_1970(query.until) + 1).step();
  rest.from = end && *end ? std::max(to_ns(query.since), sums->number(0)) : to_ns(query.since);
  rounds->bind(1, query.target).bind(2, rest.from).bind(3, to_ns(query.until));
  const auto count = rounds->bind(4, seconds_of(query.grain) * kNsPerSecond).step();
  rest.spans = count && *count ? static_cast<std::size_t>(rounds->number(0)) : 0;
  return end && count ? Result<Rest>{rest} : tl::unexpected{end ? count.error() : end.error()};
}

/// Ascending, from `from` on; of more than `most` the latest. Below 0: all.
Result<void> tell_rounds(const SqliteFile& file, const History::Query& query, std::int64_t from,
                         std::int64_t most, const History::RowVisit& visit) {
  auto select = SqliteStatement::prepare(
      file,
      "SELECT * FROM (SELECT start_ns, length_ns, totals, record FROM round WHERE target IN"
      " (SELECT id FROM target WHERE name = ?1) AND start_ns >= ?2 AND start_ns <= ?3"
      " ORDER BY start_ns DESC LIMIT ?4) ORDER BY start_ns");
  if (!select) {
    return tl::unexpected{select.error()};
  }
  select->bind(1, query.target).bind(2, from).bind(3, to_ns(query.until));
  select->bind(4, most);
  return tell_rows(*select, true, visit);
}

/// The sums that are there already, ascending.
Result<void> tell_spans(const SqliteFile& file, const History::Query& query, std::size_t most,
                        const History::RowVisit& visit) {
  auto select = SqliteStatement::prepare(
      file,
      "WITH mine AS (SELECT start, seconds, totals FROM span WHERE seconds = ?1 AND target IN"
      " (SELECT id FROM target WHERE name = ?2) AND start >= ?3 AND start < ?4)"
      " SELECT start * 1000000000, seconds * 1000000000, totals FROM mine WHERE start IN"
      " (SELECT DISTINCT start FROM mine ORDER BY start DESC LIMIT ?5) ORDER BY start");
  if (!select) {
    return tl::unexpected{select.error()};
  }
  select->bind(1, seconds_of(query.grain)).bind(2, query.target);
  select->bind(3, seconds_since_1970(query.since)).bind(4, seconds_since_1970(query.until) + 1);
  select->bind(5, static_cast<std::int64_t>(most));
  MergedRows rows{visit};
  auto done = tell_rows(*select, false, [&rows](const HistoryRow& row) { rows.add(row); });
  rows.finish();
  return done;
}

Result<void> tell_sums(const SqliteFile& file, const History::Query& query,
                       const History::RowVisit& visit) {
  const auto rest = find_rest(file, query);
  if (!rest) {
    return tl::unexpected{rest.error()};
  }
  const std::size_t of_rest = std::min(rest->spans, query.most);
  if (auto done = tell_spans(file, query, query.most - of_rest, visit); !done) {
    return done;
  }
  SpanSums sums{seconds_of(query.grain), rest->spans - of_rest, visit};
  auto done =
      tell_rounds(file, query, rest->from, -1, [&sums](const HistoryRow& row) { sums.add(row); });
  sums.finish();
  return done;
}

}  // namespace

/// Of the file as it is, once it is this monitor's.
Result<SqliteFile> History::reader() const {
  if (!there_) {
    return tl::unexpected<Error>{Error{ErrorCode::system, path_ + ": is not open yet", 0, {}}};
  }
  return SqliteFile::open(path_, SqliteFile::Mode::read);
}

Result<void> History::read(const Query& query, const RowVisit& visit) const {
  auto file = reader();
  if (!file) {
    return tl::unexpected{file.error()};
  }
  if (query.grain == Grain::round) {
    return tell_rounds(*file, query, to_ns(query.since), static_cast<std::int64_t>(query.most),
                       visit);
  }
  // One moment for all that is read: sums are written meanwhile.
  if (auto begun = file->run("BEGIN"); !begun) {
    return begun;
  }
  return tell_sums(*file, whole_spans(query), visit);
}

/// Of each target, by name and module.
Result<monitor::Board::Ends> History::last_ends() const {
  auto file = reader();
  if (!file) {
    return tl::unexpected{file.error()};
  }
  auto select =
      SqliteStatement::prepare(*file,
                               "SELECT (SELECT start_ns FROM round WHERE round.target = target.id "
                               "ORDER BY start_ns DESC LIMIT 1)"
                               " AS begun, (SELECT length_ns FROM round WHERE round.target = "
                               "target.id ORDER BY start_ns DESC"
                               " LIMIT 1), name, module FROM target WHERE begun NOT NULL");
  if (!select) {
    return tl::unexpected{select.error()};
  }
  monitor::Board::Ends ends;
  auto row = select->step();
  for (; row && *row; row = select->step()) {
    if (possible_times(select->number(0), select->number(1))) {
      ends[{std::string{select->bytes(2)}, std::string{select->bytes(3)}}] =
          unix_from_ns(select->number(0) + select->number(1));
    }
  }
  return row ? Result<monitor::Board::Ends>{std::move(ends)} : tl::unexpected{row.error()};
}

}  // namespace udperf::app
