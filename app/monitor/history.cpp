#include "app/monitor/history.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <filesystem>

#include "app/last_resort.hpp"
#include "app/monitor/history_store.hpp"
#include "monitor/round_record.hpp"
#include "monitor/totals_codec.hpp"

namespace udperf::app {
namespace {

constexpr Duration kMinute = std::chrono::seconds{60};

std::int64_t to_seconds(UnixTime time) {
  return to_ns(time) / kNsPerSecond;
}

std::int64_t seconds_of(History::Grain grain) {
  return grain == History::Grain::hour ? kHour : kFiveMinutes;
}

Duration since_boot() {
  timespec now{};
  ::clock_gettime(CLOCK_BOOTTIME, &now);
  return std::chrono::seconds{now.tv_sec} + Duration{now.tv_nsec};
}

/// Where rows of `select` (start in ns, span in ns, totals and, of rounds, the record) go, newest
/// first.
Result<void> take_rows(SqliteStatement& select, bool rounds, std::vector<HistoryRow>& rows) {
  auto row = select.step();
  for (; row && *row; row = select.step()) {
    const auto totals = monitor::decode_totals(select.bytes(2));
    if (!totals || !possible_times(select.number(0), select.number(1))) {
      continue;
    }
    HistoryRow& taken = rows.emplace_back(
        HistoryRow{unix_from_ns(select.number(0)), Duration{select.number(1)}, *totals, {}});
    // An earlier version wrote no records.
    if (const auto round =
            rounds ? monitor::decode_record(select.bytes(3), *totals) : std::nullopt) {
      taken.figures = figures_of(*round);
    }
  }
  return row ? Result<void>{} : tl::unexpected{row.error()};
}

/// Ascending.
Result<void> read_rounds(const SqliteFile& file, const History::Query& query,
                         std::vector<HistoryRow>& rows) {
  auto select = SqliteStatement::prepare(
      file,
      "SELECT start_ns, length_ns, totals, record FROM round WHERE target IN (SELECT id FROM "
      "target WHERE"
      " name = ?1) AND start_ns >= ?2 AND start_ns <= ?3 ORDER BY start_ns DESC LIMIT ?4");
  if (!select) {
    return tl::unexpected{select.error()};
  }
  select->bind(1, query.target).bind(2, to_ns(query.since)).bind(3, to_ns(query.until));
  select->bind(4, static_cast<std::int64_t>(query.most));
  auto done = take_rows(*select, true, rows);
  std::reverse(rows.begin(), rows.end());
  return done;
}

/// The rounds from `from` on, which are in no sum yet, in a row for each span: the latest
/// query.most, newest first.
Result<void> sum_rounds(const SqliteFile& file, const History::Query& query, std::int64_t from,
                        std::vector<HistoryRow>& rows) {
  auto select = SqliteStatement::prepare(
      file,
      "SELECT start_ns, totals FROM round WHERE target IN (SELECT id FROM target WHERE name = ?1)"
      " AND start_ns >= ?2 AND start_ns <= ?3 ORDER BY start_ns DESC");
  if (!select) {
    return tl::unexpected{select.error()};
  }
  const Duration span = std::chrono::seconds{seconds_of(query.grain)};
  auto row = select->bind(1, query.target).bind(2, from).bind(3, to_ns(query.until)).step();
  for (; row && *row; row = select->step()) {
    const auto totals = monitor::decode_totals(select->bytes(1));
    if (!totals || !possible_times(select->number(0), 0)) {
      continue;
    }
    const auto start = unix_from_ns(select->number(0) / span.count() * span.count());
    if (rows.empty() || rows.back().start != start) {
      if (rows.size() == query.most) {
        return {};
      }
      rows.push_back({start, span, {}, {}});
    }
    rows.back().totals.add(*totals);
  }
  return row ? Result<void>{} : tl::unexpected{row.error()};
}

/// The sums that are there already, ascending.
Result<void> read_spans(const SqliteFile& file, const History::Query& query,
                        std::vector<HistoryRow>& rows) {
  auto select = SqliteStatement::prepare(
      file,
      "SELECT start * 1000000000, seconds * 1000000000, totals FROM span WHERE seconds = ?1 AND"
      " target IN (SELECT id FROM target WHERE name = ?2) AND start >= ?3 AND start < ?4"
      " ORDER BY start DESC LIMIT ?5");
  if (!select) {
    return tl::unexpected{select.error()};
  }
  select->bind(1, seconds_of(query.grain)).bind(2, query.target).bind(3, to_seconds(query.since));
  select->bind(4, to_seconds(query.until) + 1).bind(5, static_cast<std::int64_t>(query.most));
  auto done = take_rows(*select, false, rows);
  std::reverse(rows.begin(), rows.end());
  return done;
}

}  // namespace

Result<std::unique_ptr<History::Store>> History::make_store(const std::string& path,
                                                            const Retention& retention,
                                                            const Clock& clock) {
  std::error_code ignored;  // opening the file tells what is wrong
  if (const auto folder = std::filesystem::path{path}.parent_path(); !folder.empty()) {
    std::filesystem::create_directories(folder, ignored);
  }
  return Store::open(path, retention, clock.unix_now());
}

Result<std::unique_ptr<History>> History::open(const std::string& path, const Retention& retention,
                                               const Clock& clock,
                                               std::function<void(const std::string&)> say) {
  auto store = make_store(path, retention, clock);
  if (!store) {
    return tl::unexpected{store.error()};
  }
  std::unique_ptr<History> history{new History{path, retention, clock, std::move(say)}};
  history->start(*std::move(store));
  return history;
}

std::unique_ptr<History> History::open_later(const std::string& path, const Retention& retention,
                                             const Clock& clock,
                                             std::function<void(const std::string&)> say) {
  std::unique_ptr<History> history{new History{path, retention, clock, std::move(say)}};
  history->start(nullptr);
  return history;
}

History::History(std::string path, const Retention& retention, const Clock& clock,
                 std::function<void(const std::string&)> say)
    : path_(std::move(path)), retention_(retention), clock_(clock), say_(std::move(say)) {}

void History::start(std::unique_ptr<Store> store) {
  store_ = std::move(store);
  there_ = store_ != nullptr;
  failing_ = !there_;  // who opens it later has said why
  looked_ = there_ ? clock_.now() - kMinute : clock_.now();
  thread_ = std::thread{[this] { write_all(); }};
}

History::~History() {
  {
    const std::lock_guard lock{mutex_};
    ending_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void History::put(const monitor::Target& target, const monitor::RoundResult& round) {
  const std::lock_guard lock{mutex_};
  if (waiting_.size() >= kMostWaiting) {
    ++failures_;
    return;
  }
  waiting_.emplace_back(std::pair{target, round});
  wake_.notify_one();
}

void History::put(const monitor::Board::TimedEvent& event) {
  const std::lock_guard lock{mutex_};
  if (waiting_.size() >= kMostWaiting) {
    ++failures_;
    return;
  }
  waiting_.emplace_back(event);
  wake_.notify_one();
}

void History::write_all() {
  std::unique_lock lock{mutex_};
  while (true) {
    wake_.wait_for(lock, std::chrono::seconds{1}, [this] { return ending_ || !waiting_.empty(); });
    std::deque<Item> items;
    items.swap(waiting_);
    const bool ending = ending_;
    lock.unlock();
    if (!items.empty() && !unless_exhausted([&] { write(items); })) {
      if (store_) {
        store_->roll_back();
      }
      failures_ += items.size();
    }
    if (!ending && clock_.now() - looked_ >= kMinute) {
      looked_ = clock_.now();
      static_cast<void>(unless_exhausted([this] { tidy_or_open(); }));  // else a minute later
    }
    lock.lock();
    if (ending) {
      return;
    }
  }
}

void History::tidy_or_open() {
  if (store_) {
    static_cast<void>(store_->tidy(clock_.unix_now(), since_boot()));  // else a minute later
    return;
  }
  if (auto store = make_store(path_, retention_, clock_)) {
    store_ = *std::move(store);
    there_ = true;
  }
}

void History::write(const std::deque<Item>& items) {
  std::uint64_t rounds = 0;
  for (const Item& item : items) {
    rounds += item.index() == 0 ? 1U : 0U;
  }
  if (!store_) {
    failures_ += items.size();
    return;
  }
  Result<void> done = store_->begin();
  for (const Item& item : items) {
    if (!done) {
      break;
    }
    if (const auto* const round =
            std::get_if<std::pair<monitor::Target, monitor::RoundResult>>(&item)) {
      done = store_->put(round->first, round->second);
    } else {
      done = store_->put(std::get<monitor::Board::TimedEvent>(item));
    }
  }
  done = done ? store_->commit() : done;
  if (done) {
    written_ += rounds;
    if (std::exchange(failing_, false)) {
      say_(path_ + ": the history is written again");
    }
    return;
  }
  store_->roll_back();
  failures_ += items.size();
  if (!std::exchange(failing_, true)) {
    say_("the history has gaps, measuring goes on: " + done.error().message());
  }
}

/// Of the file as it is, once it is this monitor's.
Result<SqliteFile> History::reader() const {
  if (!there_) {
    return tl::unexpected<Error>{Error{ErrorCode::system, path_ + ": is not open yet", 0, {}}};
  }
  return SqliteFile::open(path_, SqliteFile::Mode::read);
}

Result<std::vector<HistoryRow>> History::read(const Query& query) const {
  auto file = reader();
  if (!file) {
    return tl::unexpected{file.error()};
  }
  std::vector<HistoryRow> rows;
  if (query.grain == Grain::round) {
    const auto done = read_rounds(*file, query, rows);
    return done ? Result<std::vector<HistoryRow>>{std::move(rows)} : tl::unexpected{done.error()};
  }
  if (const auto done = read_spans(*file, query, rows); !done) {
    return tl::unexpected{done.error()};
  }
  std::vector<HistoryRow> rest;  // what is in no sum yet
  const std::int64_t from =
      rows.empty() ? to_ns(query.since)
                   : std::max(to_ns(query.since), to_ns(rows.back().start + rows.back().span));
  if (const auto done = sum_rounds(*file, query, from, rest); !done) {
    return tl::unexpected{done.error()};
  }
  rows.insert(rows.end(), rest.rbegin(), rest.rend());
  const std::size_t beyond = rows.size() - std::min(rows.size(), query.most);
  rows.erase(rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(beyond));
  return rows;
}

Result<std::vector<monitor::Board::TimedEvent>> History::changes(std::size_t most) const {
  auto file = reader();
  if (!file) {
    return tl::unexpected{file.error()};
  }
  auto select = SqliteStatement::prepare(
      *file,
      "SELECT at_ns, kind, direction, detail, name, module FROM event JOIN target"
      " ON event.target = target.id ORDER BY at_ns DESC LIMIT ?1");
  if (!select) {
    return tl::unexpected{select.error()};
  }
  select->bind(1, static_cast<std::int64_t>(most));
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

std::string default_history() {
  const auto variable = [](const char* name) {
    const char* const value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): at the start
    return std::string{value != nullptr ? value : ""};
  };
  if (const std::string folder = variable("STATE_DIRECTORY"); !folder.empty()) {
    return folder.substr(0, folder.find(':')) + "/monitor.db";
  }
  if (const std::string folder = variable("XDG_STATE_HOME"); !folder.empty()) {
    return folder + "/udperf/monitor.db";
  }
  const std::string home = variable("HOME");
  if (::geteuid() != 0 && !home.empty()) {
    return home + "/.local/state/udperf/monitor.db";
  }
  return "/var/lib/udperf/monitor.db";
}

}  // namespace udperf::app
