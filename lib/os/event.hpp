#pragma once

#include <atomic>
#include <span>

#include "base/time.hpp"
#include "os/fd.hpp"

namespace udperf::os {

/// A flag with a descriptor that becomes readable when it is raised; any thread may raise it, and a
/// signal handler.
class Event {
 public:
  Event();

  void raise() const noexcept;
  /// Lowers it; true when it was raised.
  bool take() const noexcept;
  [[nodiscard]] int fd() const noexcept { return event_.get(); }

 private:
  Fd event_;
  /// Set behind the write, so that what is not set needs no read: a test's step asks each time.
  mutable std::atomic<bool> raised_{false};
};

/// Waits until one of the descriptors is readable or the time is over; -1 entries are skipped.
void wait_readable(std::span<const int> fds, Duration timeout);

}  // namespace udperf::os
