#pragma once

#include <atomic>
#include <cstdint>
#include <span>

#include "base/time.hpp"
#include "os/fd.hpp"

namespace udperf::os {

/// In place of a descriptor where the system had none: nothing wakes who waits for it.
inline constexpr int kNoDescriptor = -2;

/// A flag with a descriptor that becomes readable when it is raised; any thread may raise it, and a
/// signal handler.
class Event {
 public:
  Event();

  void raise() const noexcept;
  /// Lowers it; true when it was raised.
  bool take() const noexcept;
  [[nodiscard]] int fd() const noexcept { return event_.get() < 0 ? kNoDescriptor : event_.get(); }

 private:
  Fd event_;
  // How often it was raised, counted before the descriptor tells, and how many of these were taken:
  // while they are equal there is nothing to read, and a test's step asks each time.
  mutable std::atomic<std::uint64_t> raised_{0};
  mutable std::atomic<std::uint64_t> taken_{0};
};

/// Waits until one of the descriptors is readable or the time is over; -1 entries are skipped. With
/// kNoDescriptor among them no longer than 20 ms: who waits has to look by himself.
void wait_readable(std::span<const int> fds, Duration timeout);

}  // namespace udperf::os
