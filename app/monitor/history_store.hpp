#pragma once

#include <sys/types.h>

#include <map>
#include <optional>
#include <set>
#include <utility>

#include "app/monitor/history.hpp"
#include "app/monitor/history_lock.hpp"
#include "app/monitor/sqlite_file.hpp"
#include "monitor/horizon.hpp"

namespace udperf::app {

/// The writer's side of the file. One thread.
class History::Store {
 public:
  [[nodiscard]] static Result<std::unique_ptr<Store>> open(const std::string& path,
                                                           const Retention& retention,
                                                           UnixTime now);

  [[nodiscard]] Result<void> begin() const { return file_.run("BEGIN IMMEDIATE"); }
  [[nodiscard]] Result<void> commit() const { return file_.run("COMMIT"); }
  void roll_back();
  [[nodiscard]] Result<void> put(const Row& round);
  [[nodiscard]] Result<void> put(const monitor::Board::TimedEvent& event);
  /// Whether the file's name is another's by now, or nobody's.
  [[nodiscard]] bool is_moved() const;
  enum class Readers : std::uint8_t { passed_by, awaited };
  /// Ends it so that all that was written is in the file, wherever that is now. Not, and false,
  /// while somebody reads what it was before; who is awaited has two seconds.
  [[nodiscard]] static bool let_go(std::unique_ptr<Store>& store, Readers readers);
  /// Sums up spans that are over, and forgets what is old enough; a piece at a time, in
  /// transactions of its own. `elapsed` goes on while the host sleeps, from any beginning.
  [[nodiscard]] Result<void> tidy(UnixTime now, Duration elapsed);

 private:
  Store(std::string path, SqliteFile file, const Retention& retention)
      : path_(std::move(path)), file_(std::move(file)), retention_(retention) {}
  [[nodiscard]] Result<std::int64_t> look(const std::string& path) const;
  [[nodiscard]] Result<void> claim(const std::string& path, UnixTime now);
  [[nodiscard]] Result<void> make_tables(std::int64_t version);
  [[nodiscard]] Result<std::int64_t> id_of(const std::string& target, const std::string& module);
  [[nodiscard]] Result<std::int64_t> setup_of(const std::string& params);
  [[nodiscard]] Result<void> put_document(std::int64_t target, const Row& round);
  [[nodiscard]] Result<std::optional<UnixTime>> latest(UnixTime now) const;
  [[nodiscard]] std::int64_t first_to_sum(std::int64_t seconds, std::int64_t mark,
                                          UnixTime believed) const;
  void note_repeated(std::int64_t seconds, std::int64_t mark, std::int64_t end);
  [[nodiscard]] Result<void> sum_up(std::int64_t seconds, UnixTime now, UnixTime believed);
  [[nodiscard]] Result<void> sum_span(std::int64_t seconds, std::int64_t start);
  [[nodiscard]] Result<void> forget(UnixTime now);
  [[nodiscard]] Result<void> forget_targets();
  [[nodiscard]] Result<std::int64_t> mark(std::int64_t seconds) const;
  [[nodiscard]] Result<void> set_mark(std::int64_t seconds, std::int64_t start) const;
  [[nodiscard]] Result<std::optional<std::int64_t>> first_after(std::int64_t seconds,
                                                                std::int64_t start) const;

  std::string path_;
  std::optional<std::pair<dev_t, ino_t>> node_;  ///< the file when it was opened
  std::optional<HistoryLock> lock_;              ///< goes after the file is closed
  SqliteFile file_;
  Retention retention_;
  monitor::Horizon horizon_{std::nullopt};
  std::map<std::pair<std::string, std::string>, std::int64_t> ids_;
  std::map<std::string, std::int64_t> setups_;  ///< of some parameters the ids
  /// By their length: from where on spans are to be summed up again when they are over.
  std::map<std::int64_t, std::int64_t> repeated_;
  std::int64_t touched_ = 0;  ///< earliest round since the last tidy, seconds; 0: none
};

inline constexpr std::int64_t kFiveMinutes = 300;
inline constexpr std::int64_t kHour = 3600;
/// Whether a round or a row can have begun then and lasted so long: what a damaged file says else
/// would not fit where it is calculated with.
[[nodiscard]] constexpr bool possible_times(std::int64_t start_ns, std::int64_t length_ns) {
  constexpr std::int64_t kFarthest = std::int64_t{1} << 61U;
  return start_ns >= -kFarthest && start_ns <= kFarthest && length_ns >= 0 &&
         length_ns <= kFarthest;
}
/// Whole documents of one target: of rounds before these a report is made of what is in `round`.
inline constexpr std::int64_t kMostDocuments = 500;

}  // namespace udperf::app
