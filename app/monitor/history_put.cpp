// What becomes rows of the history: targets, rounds, changes.

#include <algorithm>

#include "app/monitor/history_store.hpp"
#include "app/monitor/params_bytes.hpp"
#include "monitor/round_record.hpp"
#include "monitor/totals_codec.hpp"

namespace udperf::app {
namespace {}  // namespace

Result<std::int64_t> History::Store::id_of(const monitor::Target& target) {
  const std::pair<std::string, std::string> key{target.name, target.module};
  if (const auto found = ids_.find(key); found != ids_.end()) {
    return found->second;
  }
  auto insert = SqliteStatement::prepare(
      file_, "INSERT INTO target (name, module) VALUES (?, ?) ON CONFLICT DO NOTHING");
  auto select =
      SqliteStatement::prepare(file_, "SELECT id FROM target WHERE name = ? AND module = ?");
  if (!insert || !select) {
    return tl::unexpected{(insert ? select : insert).error()};
  }
  if (const auto done = insert->bind(1, target.name).bind(2, target.module).run(); !done) {
    return tl::unexpected{done.error()};
  }
  const auto row = select->bind(1, target.name).bind(2, target.module).step();
  if (!row || !*row) {
    return row ? file_.failure("read") : tl::unexpected{row.error()};
  }
  return ids_[key] = select->number(0);
}

/// The id of parameters, which are the same in most rounds but for what was drawn at random.
Result<std::int64_t> History::Store::setup_of(const TestParams& params) {
  constexpr std::size_t kMostKnown = 1000;
  const std::string bytes = params_bytes(params);
  if (const auto found = setups_.find(bytes); found != setups_.end()) {
    return found->second;
  }
  auto insert = SqliteStatement::prepare(
      file_, "INSERT INTO setup (params) VALUES (?) ON CONFLICT DO NOTHING");
  auto select = SqliteStatement::prepare(file_, "SELECT id FROM setup WHERE params = ?");
  if (!insert || !select) {
    return tl::unexpected{(insert ? select : insert).error()};
  }
  if (const auto done = insert->bind_blob(1, bytes).run(); !done) {
    return tl::unexpected{done.error()};
  }
  const auto row = select->bind_blob(1, bytes).step();
  if (!row || !*row) {
    return row ? file_.failure("read") : tl::unexpected{row.error()};
  }
  if (setups_.size() >= kMostKnown) {
    setups_.clear();
  }
  return setups_[bytes] = select->number(0);
}

/// A document that is whole already.
Result<void> History::Store::put_document(std::int64_t target, const monitor::RoundResult& round) {
  auto insert =
      SqliteStatement::prepare(file_, "INSERT OR REPLACE INTO document VALUES (?, ?, ?, ?)");
  if (!insert) {
    return tl::unexpected{insert.error()};
  }
  insert->bind(1, target).bind(2, to_ns(round.start));
  insert->bind(3, static_cast<std::int64_t>(round.number)).bind(4, round.document);
  return insert->run();
}

Result<void> History::Store::put(const monitor::Target& target, const monitor::RoundResult& round) {
  const auto id = id_of(target);
  const auto setup = id ? setup_of(round.params) : id;
  if (!setup) {
    return tl::unexpected{setup.error()};
  }
  auto insert = SqliteStatement::prepare(
      file_, "INSERT OR REPLACE INTO round VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  if (!insert) {
    return tl::unexpected{insert.error()};
  }
  monitor::Totals totals;
  totals.add(round);
  const auto count = [&insert](int at, bool there, std::uint64_t value) {
    if (there) {
      insert->bind(at, static_cast<std::int64_t>(value));
    }
  };
  insert->bind(1, *id).bind(2, to_ns(round.start));
  insert->bind(3, static_cast<std::int64_t>(round.number)).bind(4, to_string(round.status));
  insert->bind(5, round.length.count());
  count(6, round.up.has_value(), totals.up.sent);
  count(7, round.up.has_value(), totals.up.lost);
  count(8, round.down.has_value(), totals.down.sent);
  count(9, round.down.has_value(), totals.down.lost);
  if (round.error) {
    insert->bind(10, round.error->message());
  }
  insert->bind_blob(11, encode_totals(totals));
  insert->bind(12, *setup).bind_blob(13, encode_record(round));
  const std::int64_t second = to_ns(round.start) / kNsPerSecond;
  touched_ = touched_ == 0 ? second : std::min(touched_, second);
  auto done = insert->run();
  return done && !round.document.empty() ? put_document(*id, round) : done;
}

Result<void> History::Store::put(const monitor::Board::TimedEvent& event) {
  const auto id = id_of(event.target);
  auto insert = SqliteStatement::prepare(file_, "INSERT INTO event VALUES (?, ?, ?, ?, ?)");
  if (!id || !insert) {
    return tl::unexpected{id ? insert.error() : id.error()};
  }
  insert->bind(1, to_ns(event.event.at)).bind(2, *id).bind(3, to_string(event.event.kind));
  return insert->bind(4, event.event.direction).bind(5, event.event.detail).run();
}

}  // namespace udperf::app
