#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "monitor/round.hpp"

namespace udperf::monitor {

/// What is to be said of a target that changes.
enum class EventKind : std::uint8_t {
  up,
  down,
  not_measured,  ///< this host cannot: that is no loss, and says nothing about the target
  loss_high,
  loss_normal,
  mtu_changed,
  route_length_changed,
  clock_stepped,
  server_restarted,
};
[[nodiscard]] const char* to_string(EventKind kind);
[[nodiscard]] std::optional<EventKind> parse_event_kind(std::string_view name);

struct Event {
  EventKind kind = EventKind::up;
  std::uint64_t target = 0;
  std::uint64_t round = 0;  ///< its number
  UnixTime at;              ///< end of the round that showed it
  std::string direction;    ///< "up", "down" (a way), or empty
  std::string detail;       ///< a sentence

  bool operator==(const Event&) const = default;
};

/// How a target stands, as far as anybody knows.
enum class TargetState : std::uint8_t { unknown, up, down, not_measured };
[[nodiscard]] const char* to_string(TargetState state);

/// What is more than the user wants to accept, of one round.
struct Limits {
  std::optional<double> loss_ratio;  ///< 0..1, of either way
  std::optional<double> goodput_bps;
  std::optional<Duration> rtt_p99;
  std::optional<double> mos;  ///< 1..4.5, of the worse way
};

/// One sentence for each limit that the round did not keep. What was not measured does not keep
/// one.
[[nodiscard]] std::vector<std::string> missed_limits(const Limits& limits,
                                                     const RoundResult& round);

/// Whether the other end was there: something came back from it, and it did not fall silent.
[[nodiscard]] bool answered(const RoundResult& round);

/// Follows one target from round to round and tells what changed. A round in which a target that is
/// down was not asked changes nothing. A first state other than up is a
/// change, too: who starts a monitor wants to hear that a target is down.
class TargetWatch {
 public:
  explicit TargetWatch(const Limits& limits = {}) : limits_(limits) {}

  [[nodiscard]] std::vector<Event> on_round(const RoundResult& round);
  void set_limits(const Limits& limits) { limits_ = limits; }

  [[nodiscard]] TargetState state() const { return state_; }
  /// Begin of the first round of the present state.
  [[nodiscard]] UnixTime since() const { return since_; }
  [[nodiscard]] bool loss_is_high() const { return loss_high_; }
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
  [[nodiscard]] const char* back_again(const RoundResult& round, TargetState before) const;
  void follow_loss(Told& told);
  static void follow_way(Told& told, const std::optional<RoundWay>& way, const char* direction,
                         Seen& seen);

  Limits limits_;
  TargetState state_ = TargetState::unknown;
  UnixTime since_;
  bool loss_high_ = false;
  std::uint32_t failures_ = 0;
  std::uint64_t server_restarts_ = 0;
  /// It went down in the middle of a round, and no other server has been found since.
  bool same_server_ = false;
  Seen up_;
  Seen down_;
};

}  // namespace udperf::monitor
