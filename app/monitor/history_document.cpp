// The document of one round out of the history.

#include "app/monitor/history.hpp"
#include "app/monitor/history_store.hpp"
#include "app/monitor/params_bytes.hpp"
#include "app/monitor/sqlite_file.hpp"
#include "monitor/round_document.hpp"
#include "monitor/round_record.hpp"
#include "monitor/totals_codec.hpp"
#include "report/writer.hpp"

namespace udperf::app {
namespace {

/// Who asks by a time that was rounded asks for the round that began then.
constexpr Duration kRounding = std::chrono::milliseconds{1};
/// What has no length (nobody answered) is found so long after it began.
constexpr Duration kLeastLength = std::chrono::seconds{1};

std::optional<monitor::RoundStatus> status_of(std::string_view word) {
  for (std::size_t i = 0; i < monitor::kRoundStatuses; ++i) {
    const auto status = static_cast<monitor::RoundStatus>(i);
    if (word == to_string(status)) {
      return status;
    }
  }
  return std::nullopt;
}

/// The round of a row of kFind; also of one that an earlier version wrote, which has its sums only.
std::optional<monitor::RoundResult> round_of(const SqliteStatement& row) {
  const auto totals = monitor::decode_totals(row.bytes(5));
  const auto status = status_of(row.bytes(2));
  if (!totals || !status || !possible_times(row.number(0), row.number(3))) {
    return std::nullopt;
  }
  monitor::RoundResult round;
  if (auto kept = monitor::decode_record(row.bytes(6), *totals)) {
    round = *std::move(kept);
  }
  if (auto params = params_of(row.bytes(7))) {
    params->seed = round.params.seed;
    round.params = *params;
  }
  round.start = unix_from_ns(row.number(0));
  round.number = static_cast<std::uint64_t>(row.number(1));
  round.status = *status;
  round.length = Duration{row.number(3)};
  if (const auto words = row.bytes(4); !words.empty()) {
    const ErrorCode code = round.error ? round.error->code : ErrorCode::internal;
    round.error = Error{code, std::string{words}, 0, {}};
  }
  return round;
}

constexpr const char* kFind =
    "SELECT r.start_ns, r.number, r.status, r.length_ns, r.error, r.totals, r.record, s.params,"
    " d.json, t.module FROM round r JOIN target t ON t.id = r.target"
    " LEFT JOIN setup s ON s.id = r.setup LEFT JOIN document d"
    " ON d.target = r.target AND d.start_ns = r.start_ns AND d.number = r.number"
    " WHERE r.target IN (SELECT id FROM target WHERE name = ?1 AND (?2 IS NULL OR module = ?2))"
    " AND r.start_ns <= ?3 ORDER BY r.start_ns DESC LIMIT 1";

}  // namespace

Result<std::optional<std::string>> History::document(const Moment& moment) const {
  auto file = reader();
  auto select = file ? SqliteStatement::prepare(*file, kFind) : tl::unexpected{file.error()};
  if (!select) {
    return tl::unexpected{select.error()};
  }
  select->bind(1, moment.target).bind(3, to_ns(moment.time + kRounding));
  if (moment.module) {
    select->bind(2, *moment.module);
  }
  const auto row = select->step();
  if (!row) {
    return tl::unexpected{row.error()};
  }
  const auto round = *row ? round_of(*select) : std::nullopt;
  if (!round || round->start + std::max(round->length, kLeastLength) < moment.time) {
    return std::optional<std::string>{};
  }
  if (const auto whole = select->bytes(8); !whole.empty()) {
    return std::optional{std::string{whole}};
  }
  monitor::Target target;
  target.name = moment.target;
  target.module = select->bytes(9);
  return std::optional{report::to_json(round_document(*round, target))};
}

}  // namespace udperf::app
