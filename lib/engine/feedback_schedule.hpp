#pragma once

#include <cstdint>

#include "base/time.hpp"
#include "session/sealer.hpp"

namespace udperf::engine {

/// When a receiving end says FEEDBACK. Pure: takes the time as an argument.
class FeedbackSchedule {
 public:
  struct Settings {
    session::Role role = session::Role::client;
    bool sparse_control = false;  ///< as seldom as session/light.hpp says
    bool light = false;           ///< nothing of the test must be done to the millisecond
    bool adjusted = false;        ///< the sender's rate follows it: it has to know at once
    Duration interval{0};         ///< of the report; at least as often
  };

  explicit FeedbackSchedule(const Settings& settings) : settings_(settings) {}

  [[nodiscard]] MonoTime next() const { return next_; }
  [[nodiscard]] bool due(MonoTime now) const { return now >= next_; }

  /// Data may flow: the first is due, where none has been said.
  void begin(MonoTime now) {
    if (next_ == kNever) {
      next_ = now;
    }
  }
  /// The first DATA came at `at`: it is answered at once.
  void on_first_data(MonoTime at) { next_ = at; }
  /// More DATA came: it is answered soon.
  void on_data(MonoTime now);
  /// It was said, when `accepted` datagrams of DATA had come in all. `sender_waits`: at full speed
  /// for what is told of the socket's queue.
  void on_sent(std::uint64_t accepted, bool sender_waits, MonoTime now);
  void stop() { next_ = kNever; }

  /// Nothing has come since it was last said.
  [[nodiscard]] bool quiet(std::uint64_t accepted) const { return accepted == accepted_; }

 private:
  [[nodiscard]] Duration usual() const;
  [[nodiscard]] Duration wait(bool idle, bool sender_waits) const;

  Settings settings_;
  MonoTime next_ = kNever;
  std::uint64_t accepted_ = 0;  ///< datagrams that had come when it was last said
};

}  // namespace udperf::engine
