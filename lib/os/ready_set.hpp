#pragma once

#include <span>

#include "os/fd.hpp"

namespace udperf::os {

/// Some descriptors as one, which is readable while one of them is: for a task that reads several.
class ReadySet {
 public:
  ReadySet();

  /// Has all of these in it; what is in it already stays. One that is closed leaves by itself.
  void add(std::span<const int> fds) const;
  /// Nobody reads that one here any more.
  void remove(int fd) const;
  /// Forgets all of them. fd() is -1 from then on.
  void close();
  [[nodiscard]] int fd() const { return epoll_.get(); }

 private:
  Fd epoll_;
};

}  // namespace udperf::os
