#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "base/time.hpp"

namespace udperf::pacing {

/// How long a burst may be, by how late this host wakes up. Takes the time as an argument.
///
/// A short window is the even spacing that was asked for, but a wake-up that comes later than the
/// window is long wastes what could have left meanwhile. So the window grows when what is owed
/// does not get less from look to look, and shrinks when a shorter one would have served.
class BurstWindow {
 public:
  static constexpr std::array kSteps{Duration{std::chrono::microseconds{250}},
                                     Duration{std::chrono::milliseconds{1}},
                                     Duration{std::chrono::milliseconds{4}}};

  explicit BurstWindow(std::optional<Duration> fixed) : fixed_(fixed) {}

  [[nodiscard]] Duration length() const { return fixed_.value_or(kSteps[step_]); }
  /// The longest that was in force since the figures began.
  [[nodiscard]] Duration longest() const { return fixed_.value_or(kSteps[longest_]); }
  void begin_figures() { longest_ = step_; }

  /// One step shorter than the window in force; nothing for the shortest, or a fixed one.
  [[nodiscard]] std::optional<Duration> shorter() const {
    return fixed_ || step_ == 0 ? std::nullopt : std::optional{kSteps[step_ - 1]};
  }

  /// A wake-up, and what it left: `owed` is the time's worth of what is due and could not leave;
  /// `wasted` what a window one step shorter would have lost by this wake-up's lateness. True when
  /// the window has changed.
  bool on_wake(MonoTime now, Duration owed, Duration wasted);

 private:
  bool grow(MonoTime now, Duration owed);
  bool shrink(MonoTime now, Duration owed, Duration wasted);

  std::optional<Duration> fixed_;
  std::size_t step_ = 0;
  std::size_t longest_ = 0;
  MonoTime looked_{};
  Duration owed_{0};  // at the latest look
  MonoTime settled_{};
  Duration wasted_{0};  // by a shorter window, since settled_
};

}  // namespace udperf::pacing
