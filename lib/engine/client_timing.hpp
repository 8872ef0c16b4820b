#pragma once

#include <optional>

#include "base/time.hpp"
#include "model/test_params.hpp"

namespace udperf::engine {

/// Round trips under load: often enough that an interval has one, seldom enough
/// to be no load.
[[nodiscard]] Duration loaded_probe_every(const TestParams& params);

/// So seldom that probes take a five-hundredth of what is asked of a way, but
/// not less than twice a second.
[[nodiscard]] Duration sparing_probe_every(const TestParams& params);

/// How long data may flow at most: what has an amount and a rate, as long as
/// the server grants it (session::slowest_time). What goes as fast as it can is given the
/// time that it would take over the slowest of modems: whatever the server
/// does, the client comes to an end.
[[nodiscard]] Duration longest_transfer(const TestParams& params);

/// How long a client waits for its server, and for its test. Pure: takes the
/// time as an argument.
class ClientDeadlines {
 public:
  /// `accepted`: when GO could be said first.
  ClientDeadlines(MonoTime accepted, Duration round_trip, MonoTime now);

  /// Notes that this end runs, as it does at least every `every`: what came
  /// while it did not is still to be read.
  void turn(Duration every, MonoTime now);
  /// Data flows from now on.
  void begin_data(const TestParams& params, Duration round_trip, MonoTime now);
  /// The user wants to stop: a moment for the reports is left.
  void wind_up(Duration round_trip, MonoTime now);
  /// The server does: no later than before.
  void wind_up_soon(Duration round_trip, MonoTime now);

  /// Whether the server has been silent for too long; `silence`: since it was
  /// last heard.
  [[nodiscard]] bool silent(Duration silence, Duration round_trip, MonoTime now) const;
  [[nodiscard]] MonoTime end() const { return end_; }

 private:
  MonoTime accepted_;
  MonoTime last_turn_;
  MonoTime listening_since_;  ///< without having stood still ourselves
  MonoTime end_;
};

}  // namespace udperf::engine
