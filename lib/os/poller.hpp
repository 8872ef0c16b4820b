#pragma once

#include <span>

#include "base/time.hpp"
#include "os/event.hpp"
#include "os/fd.hpp"

namespace udperf::os {

/// Waits for what can be read from any of many descriptors; each has a pointer that says whose it
/// is. Has a descriptor itself, which is readable while one of the others is.
class Poller {
 public:
  Poller();

  void add(int fd, void* of) const;
  void remove(int fd) const;
  /// What `fd`, which is here, has to read is not told until it is listened to again.
  void ignore(int fd, void* of) const;
  void listen(int fd, void* of) const;

  /// Waits for `limit` at most, Duration::max() = as long as it takes. Returns the part of `room`
  /// that says whose descriptors can be read; empty when there is none, or after a signal. At most
  /// kMost of them at a time: the others are told at the next call.
  static constexpr std::size_t kMost = 1024;
  [[nodiscard]] std::span<void*> wait(std::span<void*> room, Duration limit) const;

  [[nodiscard]] int fd() const { return epoll_.get() < 0 ? kNoDescriptor : epoll_.get(); }

 private:
  Fd epoll_;
};

}  // namespace udperf::os
