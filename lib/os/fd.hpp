#pragma once

#include <unistd.h>

#include <utility>

namespace udperf::os {

/// Owns one file descriptor and closes it exactly once. Moves, never copies.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) noexcept : fd_(fd) {}
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, kNone)) {}
  Fd& operator=(Fd&& other) noexcept {
    std::swap(fd_, other.fd_);  // `other` closes what was ours
    return *this;
  }
  ~Fd() {
    if (fd_ != kNone) {
      ::close(fd_);  // nothing useful can be done about its result on a datagram socket
    }
  }

  [[nodiscard]] int get() const noexcept { return fd_; }
  [[nodiscard]] explicit operator bool() const noexcept { return fd_ != kNone; }

 private:
  static constexpr int kNone = -1;
  int fd_ = kNone;
};

}  // namespace udperf::os
