#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "monitor/limits.hpp"
#include "monitor/round.hpp"

namespace udperf::monitor {

/// What is to be said of a target that changes.
enum class EventKind : std::uint8_t {
  up,
  down,
  not_measured,  ///< this host cannot, or the server says no: that is neither loss nor an outage
  loss_high,
  loss_normal,
  mtu_changed,
  route_length_changed,
  clock_stepped,  ///< the server's
  server_restarted,
  threshold_missed,  ///< another than that of loss
  threshold_met,
};
inline constexpr std::size_t kEventKinds = 11;
[[nodiscard]] const char* to_string(EventKind kind);
[[nodiscard]] std::optional<EventKind> parse_event_kind(std::string_view name);

struct Event {
  EventKind kind = EventKind::up;
  std::uint64_t target = 0;
  std::uint64_t round = 0;  ///< its number
  UnixTime at;              ///< end of the round that showed it; of not_measured its beginning
  std::string direction;    ///< "up", "down" (a way), or empty
  std::string detail;       ///< a sentence

  bool operator==(const Event&) const = default;
};

/// How a target stands, as far as anybody knows.
enum class TargetState : std::uint8_t { unknown, up, down, not_measured };
[[nodiscard]] const char* to_string(TargetState state);

/// How a target stands after this was told of it; nothing where that is no change of it.
[[nodiscard]] std::optional<TargetState> state_after(EventKind kind);

/// Whether the other end was there: something came back from it, and it did not fall silent.
[[nodiscard]] bool answered(const RoundResult& round);

/// Follows one target from round to round and tells what changed. A round in which a target that is
/// down was not asked changes nothing. A first state other than up is a
/// change, too: who starts a monitor wants to hear that a target is down.
class TargetWatch {
 public:
  explicit TargetWatch(const Limits& limits = {}) : limits_(limits) {}

  [[nodiscard]] std::vector<Event> on_round(const RoundResult& round);
  void set_limits(const Limits& limits);
  [[nodiscard]] const Limits& limits() const { return limits_; }
  /// How the target was last told to stand, before anything of it is known here: what began then
  /// ends with its first answer.
  void recall(TargetState before) { recalled_ = before; }

  [[nodiscard]] TargetState recalled() const { return recalled_; }

  [[nodiscard]] TargetState state() const { return state_; }
  /// Begin of the first round of the present state.
  [[nodiscard]] UnixTime since() const { return since_; }
  /// Of the last round that was measured; false where no limit of loss was set.
  [[nodiscard]] bool loss_is_high() const { return loss_high_; }
  [[nodiscard]] bool judges_loss() const { return limits_.loss_ratio.has_value(); }
  /// A sentence for each other limit that is missed now, as of the round that began to.
  [[nodiscard]] std::vector<std::string> missed() const;
  /// Rounds in a row without an answer.
  [[nodiscard]] std::uint32_t failures() const { return failures_; }
  /// How often the server was found started anew.
  [[nodiscard]] std::uint64_t server_restarts() const { return server_restarts_; }

 private:
  struct Seen {
    std::optional<std::uint8_t> hops;
    std::optional<std::uint32_t> payload_bytes;
  };
  struct Told {
    const RoundResult& round;
    std::vector<Event> events;
    void add(EventKind kind, std::string direction, std::string detail);
  };
  void follow_state(Told& told);
  [[nodiscard]] UnixTime after_last(UnixTime at) const;
  [[nodiscard]] const char* back_again(const RoundResult& round, TargetState before) const;
  void follow_loss(Told& told);
  void follow_limits(Told& told);
  static void follow_way(Told& told, const std::optional<RoundWay>& way, const char* direction,
                         Seen& seen);

  Limits limits_;
  TargetState state_ = TargetState::unknown;
  TargetState recalled_ = TargetState::unknown;  ///< while the state is unknown
  UnixTime since_;
  UnixTime changed_at_;  ///< when the state that was told last began
  bool loss_high_ = false;
  std::array<std::string, kLimits> missed_;  ///< empty: kept, or not known
  std::uint32_t failures_ = 0;
  std::uint64_t server_restarts_ = 0;
  /// It went down in the middle of a round, and no other server has been found since.
  bool same_server_ = false;
  bool server_stepped_ = false;  ///< its clock, in the round before
  Seen up_;
  Seen down_;
};

}  // namespace udperf::monitor
