#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "app/monitor/command.hpp"
#include "base/result.hpp"
#include "clock/clock.hpp"
#include "monitor/board.hpp"
#include "monitor/round.hpp"
#include "monitor/totals.hpp"

namespace udperf::app {

class SqliteFile;

/// What happened in a span of time to one target.
struct HistoryRow {
  UnixTime start;
  Duration span{0};
  monitor::Totals totals;
  std::optional<monitor::RoundFigures> figures;  ///< of a single round; absent of sums
};

/// Rounds in an SQLite file: each for some days, sums of five minutes for weeks, of an hour for
/// years. A thread of its own writes, so that no disk holds up a round; what cannot be written is
/// counted and left out, and the next is tried again. Safe against the process's death at any time.
class History {
 public:
  /// Fails where the file is another program's, or of a version to come: it is left as it is.
  /// `say` is told once when writing begins to fail, and once when it works again.
  [[nodiscard]] static Result<std::unique_ptr<History>> open(
      const std::string& path, const Retention& retention, const Clock& clock,
      std::function<void(const std::string& text)> say);
  /// As open(), of another monitor's file: rounds are added, nothing is summed up or forgotten.
  [[nodiscard]] static Result<std::unique_ptr<History>> open_to_add(
      const std::string& path, const Clock& clock,
      std::function<void(const std::string& text)> say);
  /// As open(), of one that cannot be opened now: that is tried again each minute, and until then
  /// each round and change is a failure.
  [[nodiscard]] static std::unique_ptr<History> open_later(
      const std::string& path, const Retention& retention, const Clock& clock,
      std::function<void(const std::string& text)> say);
  /// Why open() would refuse the file, as far as its first bytes tell; nothing is written, and no
  /// lock taken.
  [[nodiscard]] static std::optional<Error> refusal_of(const std::string& path);
  History(const History&) = delete;
  History& operator=(const History&) = delete;
  /// Writes what waits, for five seconds at most.
  ~History();
  /// Ends it; returns how many rounds and changes were not written, which was said.
  [[nodiscard]] static std::uint64_t end(std::unique_ptr<History> history);

  /// Never blocks. From any thread.
  void put(const monitor::Target& target, const monitor::RoundResult& round);
  void put(const monitor::Board::TimedEvent& event);

  /// Rounds.
  [[nodiscard]] std::uint64_t written() const { return written_.load(); }
  /// Rounds and changes that are not in the file.
  [[nodiscard]] std::uint64_t failures() const { return failures_.load(); }

  /// Rounds themselves, or sums of five minutes or an hour.
  enum class Grain : std::uint8_t { round, five_minutes, hour };
  struct Query {
    std::string target;
    UnixTime since;
    UnixTime until;
    Grain grain = Grain::round;
    std::size_t most = 5000;  ///< rows; the latest are kept
  };
  using RowVisit = std::function<void(const HistoryRow& row)>;
  /// Tells of one row after the other, ascending; from any thread. What is not summed up yet is
  /// summed up for the answer.
  [[nodiscard]] Result<void> read(const Query& query, const RowVisit& visit) const;
  /// The round of a target that ran at the moment, or was the last to begin before it.
  struct Moment {
    std::string target;
    std::optional<std::string> module;  ///< absent: whichever it has
    UnixTime time;
  };
  /// Its result document as JSON (udperf/1), whole where it was kept, else made of what was.
  /// Nothing where there is no such round. From any thread.
  [[nodiscard]] Result<std::optional<std::string>> document(const Moment& moment) const;
  /// When the last round of each target, by name and module, was over.
  [[nodiscard]] Result<monitor::Board::Ends> last_ends() const;
  struct ChangeQuery {
    std::optional<std::string> target;  ///< absent: all
    UnixTime since = UnixTime::min();
    UnixTime until = UnixTime::max();
    std::size_t most = 5000;  ///< the latest are kept
  };
  /// Changes, in the order in which they were told. Rounds have no number there.
  [[nodiscard]] Result<std::vector<monitor::Board::TimedEvent>> changes(
      const ChangeQuery& query) const;
  /// How each target that is not up was last told to stand.
  [[nodiscard]] Result<monitor::Board::States> last_states() const;

 private:
  class Store;
  /// A round as it is written, which has a tenth of the bytes that it had.
  struct Row {
    std::string target;
    std::string module;
    std::int64_t start_ns = 0;
    std::int64_t length_ns = 0;
    std::uint64_t number = 0;
    const char* status = "";
    std::optional<std::pair<std::uint64_t, std::uint64_t>> up;  ///< sent, lost
    std::optional<std::pair<std::uint64_t, std::uint64_t>> down;
    std::optional<std::string> error;
    std::string totals;
    std::string setup;  ///< its parameters
    std::string record;
    std::string document;
  };
  using Item = std::variant<Row, monitor::Board::TimedEvent>;
  /// Of what waits, in bytes.
  static constexpr std::size_t kMostWaiting = std::size_t{16} << 20U;

  [[nodiscard]] static Row row_of(const monitor::Target& target, const monitor::RoundResult& round);
  [[nodiscard]] static std::size_t bytes_of(const Item& item);
  [[nodiscard]] bool enqueue(Item item);

  History(std::string path, const std::optional<Retention>& retention, const Clock& clock,
          std::function<void(const std::string& text)> say);
  [[nodiscard]] static Result<std::unique_ptr<History>> open_now(
      const std::string& path, const std::optional<Retention>& retention, const Clock& clock,
      std::function<void(const std::string& text)> say);
  [[nodiscard]] static Result<std::unique_ptr<Store>> make_store(const std::string& path,
                                                                 const Retention& retention,
                                                                 const Clock& clock);
  void start(std::unique_ptr<Store> store);
  void stop();
  void end_moved();
  void write_all();
  void tidy_or_open();
  void follow_name();
  [[nodiscard]] Result<SqliteFile> reader() const;
  void write(const std::deque<Item>& items);

  std::string path_;
  std::optional<Retention> retention_;  ///< absent: others tidy
  const Clock& clock_;
  std::function<void(const std::string& text)> say_;
  std::atomic<std::uint64_t> written_{0};
  std::atomic<std::uint64_t> failures_{0};
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Item> waiting_;
  std::size_t waiting_bytes_ = 0;
  bool ending_ = false;
  std::atomic<bool> there_{false};  ///< it was opened, and has its name
  // The thread's own:
  std::unique_ptr<Store> store_;  ///< none: it cannot be opened yet
  MonoTime looked_;               ///< when it was last tidied, or tried to be opened
  bool failing_ = false;
  std::thread thread_;
};

/// Where the history is without --history: $XDG_STATE_HOME/udperf/monitor.db, below the user's home
/// where that is not set, and of root and of services /var/lib/udperf/monitor.db
/// ($STATE_DIRECTORY where systemd gives one).
[[nodiscard]] std::string default_history();

}  // namespace udperf::app
