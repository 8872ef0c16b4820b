// What becomes rows of the history: targets, rounds, changes.

#include <algorithm>

#include "app/monitor/history_store.hpp"
#include "app/monitor/params_bytes.hpp"
#include "monitor/config.hpp"
#include "monitor/round_record.hpp"
#include "monitor/totals_codec.hpp"

namespace udperf::app {

History::Row History::row_of(const monitor::Target& target, const monitor::RoundResult& round) {
  monitor::Totals totals;
  totals.add(round);
  Row row;
  row.target = target.name;
  row.module = target.module;
  row.start_ns = to_ns(round.start);
  row.length_ns = round.length.count();
  row.number = round.number;
  row.status = to_string(round.status);
  if (round.up) {
    row.up.emplace(totals.up.sent, totals.up.lost);
  }
  if (round.down) {
    row.down.emplace(totals.down.sent, totals.down.lost);
  }
  if (round.error) {
    row.error = round.error->message();
  }
  row.totals = encode_totals(totals);
  row.setup = params_bytes(round.params);
  row.record = encode_record(round);
  row.document = round.document;
  return row;
}

/// What it takes while it waits.
std::size_t History::bytes_of(const Item& item) {
  constexpr std::size_t kText = 16;  // that each string takes beside what is in it
  if (const auto* const row = std::get_if<Row>(&item)) {
    return sizeof(Item) + 7 * kText + row->target.size() + row->module.size() +
           (row->error ? row->error->size() : 0) + row->totals.size() + row->setup.size() +
           row->record.size() + row->document.size();
  }
  const auto& change = std::get<monitor::Board::TimedEvent>(item);
  std::size_t bytes = sizeof(Item) + 5 * kText + change.event.direction.size() +
                      change.event.detail.size() + change.target.name.size() +
                      change.target.module.size();
  for (const auto& [name, value] : change.target.labels) {
    bytes += 100 + name.size() + value.size();
  }
  return bytes;
}

Result<std::int64_t> History::Store::id_of(const std::string& target, const std::string& module) {
  constexpr std::size_t kMostKnown = 2 * monitor::kMostTargets;
  const std::pair<std::string, std::string> key{target, module};
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
  if (const auto done = insert->bind(1, target).bind(2, module).run(); !done) {
    return tl::unexpected{done.error()};
  }
  const auto row = select->bind(1, target).bind(2, module).step();
  if (!row || !*row) {
    return row ? file_.failure("read") : tl::unexpected{row.error()};
  }
  if (ids_.size() >= kMostKnown) {
    ids_.clear();
  }
  return ids_[key] = select->number(0);
}

/// The id of parameters, which are the same in most rounds but for what was drawn at random.
Result<std::int64_t> History::Store::setup_of(const std::string& bytes) {
  constexpr std::size_t kMostKnown = 1000;
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
Result<void> History::Store::put_document(std::int64_t target, const Row& round) {
  auto insert =
      SqliteStatement::prepare(file_, "INSERT OR REPLACE INTO document VALUES (?, ?, ?, ?)");
  if (!insert) {
    return tl::unexpected{insert.error()};
  }
  insert->bind(1, target).bind(2, round.start_ns);
  insert->bind(3, static_cast<std::int64_t>(round.number)).bind(4, round.document);
  return insert->run();
}

Result<void> History::Store::put(const Row& round) {
  const auto id = id_of(round.target, round.module);
  const auto setup = id ? setup_of(round.setup) : id;
  if (!setup) {
    return tl::unexpected{setup.error()};
  }
  auto insert = SqliteStatement::prepare(
      file_, "INSERT OR REPLACE INTO round VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  if (!insert) {
    return tl::unexpected{insert.error()};
  }
  const auto counts = [&insert](int at, const auto& way) {
    if (way) {
      insert->bind(at, static_cast<std::int64_t>(way->first));
      insert->bind(at + 1, static_cast<std::int64_t>(way->second));
    }
  };
  insert->bind(1, *id).bind(2, round.start_ns);
  insert->bind(3, static_cast<std::int64_t>(round.number)).bind(4, round.status);
  insert->bind(5, round.length_ns);
  counts(6, round.up);
  counts(8, round.down);
  if (round.error) {
    insert->bind(10, *round.error);
  }
  insert->bind_blob(11, round.totals).bind(12, *setup).bind_blob(13, round.record);
  const std::int64_t second = round.start_ns / kNsPerSecond;
  touched_ = touched_ == 0 ? second : std::min(touched_, second);
  auto done = insert->run();
  return done && !round.document.empty() ? put_document(*id, round) : done;
}

Result<void> History::Store::put(const monitor::Board::TimedEvent& event) {
  const auto id = id_of(event.target.name, event.target.module);
  auto insert = SqliteStatement::prepare(file_, "INSERT INTO event VALUES (?, ?, ?, ?, ?)");
  if (!id || !insert) {
    return tl::unexpected{id ? insert.error() : id.error()};
  }
  insert->bind(1, to_ns(event.event.at)).bind(2, *id).bind(3, to_string(event.event.kind));
  return insert->bind(4, event.event.direction).bind(5, event.event.detail).run();
}

}  // namespace udperf::app
