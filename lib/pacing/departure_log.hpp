#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/time.hpp"

namespace udperf::pacing {

/// Up to which number a sender had sent at which time, in bounded room: the longer nobody asks, the
/// coarser. Pure; time and numbers never go backwards.
class DepartureLog {
 public:
  static constexpr std::size_t kMost = 1024;

  /// All below `next` were sent before `now`. Cheap.
  void note(std::uint64_t next, MonoTime now) {
    if (now >= next_mark_) {
      mark(next, now);
    }
  }

  /// How many datagrams had left by `time`, or fewer. Forgets what came before: the next question
  /// is about the same time or a later one.
  std::uint64_t sent_before(MonoTime time);

 private:
  struct Mark {
    MonoTime at{};
    std::uint64_t next = 0;
  };

  void mark(std::uint64_t next, MonoTime now);
  void thin();

  std::array<Mark, kMost> marks_{};
  std::size_t count_ = 0;
  Duration every_ = std::chrono::microseconds{20};
  MonoTime next_mark_{};
};

}  // namespace udperf::pacing
