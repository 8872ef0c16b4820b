#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "monitor/target.hpp"
#include "monitor/target_watch.hpp"
#include "monitor/totals.hpp"

namespace udperf::monitor {

/// How all targets stand: of each its state, what its rounds came to since the process began, and
/// the last one. Memory is the same for ever, for each target and for the events. Pure.
class Board {
 public:
  static constexpr std::size_t kMostEvents = 500;

  struct Entry {
    Target target;
    Duration every{0};
    TargetWatch watch;
    Totals totals;
    std::optional<UnixTime> first;  ///< when the first of these rounds began
    std::optional<RoundResult> last;
    std::uint64_t server = 0;  ///< which start of it answered last; 0 = not told so far
    Direction direction = Direction::both;
  };
  struct TimedEvent {
    Event event;
    Target target;
  };

  /// The entries of targets that stay keep what they have counted. A target stays where name,
  /// address and module do.
  struct Change {
    std::vector<std::uint64_t> added;
    std::vector<std::uint64_t> removed;
    /// Of those added by the first call: they had rounds of a process before this one, ...
    std::vector<std::uint64_t> resumed;
    UnixTime ended_before;        ///< ... of which the last round of any target was over then
    bool described_anew = false;  ///< one that stays has other labels or limits
  };
  struct Wanted {
    Target target;
    Duration every{0};
    Limits limits;
    Direction direction = Direction::both;  ///< ways of its rounds
  };
  [[nodiscard]] Change set_targets(const std::vector<Wanted>& wanted);

  /// What changed before this process began, oldest first: shown, and not counted. A target that is
  /// added later and was not up then is told up with its first answer.
  void recall(const std::vector<TimedEvent>& events);
  /// How targets that were not up stood, by name and module, however long ago that was told.
  using States = std::map<std::pair<std::string, std::string>, TargetState>;
  void recall(const States& states);
  /// By name and module of a target, when its last round was over.
  using Ends = std::map<std::pair<std::string, std::string>, UnixTime>;
  void recall(Ends ends) { ends_ = std::move(ends); }

  /// Whether it is another start of the target's server than the one that answered before.
  [[nodiscard]] bool is_other_server(std::uint64_t target, std::uint64_t instance);

  /// What changed by it; nothing of a target that is gone.
  [[nodiscard]] std::vector<Event> on_round(const RoundResult& round);
  /// The same of the gap in which no monitor ran, since `ended`: an outage that had begun before is
  /// told not to be measured from there on.
  [[nodiscard]] std::vector<Event> on_stop(const RoundResult& gap, UnixTime ended);

  [[nodiscard]] const std::map<std::uint64_t, Entry>& entries() const { return entries_; }
  [[nodiscard]] const Entry* find(std::uint64_t id) const;
  /// By the name that is shown.
  [[nodiscard]] const Entry* find(std::string_view name) const;
  /// The latest, oldest first.
  [[nodiscard]] const std::deque<TimedEvent>& events() const { return events_; }
  [[nodiscard]] std::uint64_t events_of(EventKind kind) const {
    const auto found = event_counts_.find(kind);
    return found != event_counts_.end() ? found->second : 0;
  }

 private:
  void add(const Wanted& wanted, Change& change);
  void remember(TimedEvent event);
  void tell(const std::vector<Event>& events, const Target& target);
  void note_state(const std::pair<std::string, std::string>& key, TargetState state);

  std::map<std::uint64_t, Entry> entries_;
  std::deque<TimedEvent> events_;
  std::map<EventKind, std::uint64_t> event_counts_;
  std::uint64_t next_id_ = 1;
  Ends ends_;      ///< until the first targets are known
  States states_;  ///< of those that were not up when they were last told of
};

}  // namespace udperf::monitor
