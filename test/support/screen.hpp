#pragma once

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <string>

#include "os/fd.hpp"
#include "support/catch.hpp"

namespace udperf::test {

/// A terminal on which stands what a program writes to it. It takes no more than the system keeps
/// of it, as one that is stopped, while nobody reads it from here.
class Screen {
 public:
  Screen() : fd_(::posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC)) {
    REQUIRE(::grantpt(fd_.get()) == 0);
    REQUIRE(::unlockpt(fd_.get()) == 0);
    std::array<char, 64> name{};
    REQUIRE(::ptsname_r(fd_.get(), name.data(), name.size()) == 0);
    program_ = os::Fd{::open(name.data(), O_RDWR | O_NOCTTY | O_CLOEXEC)};
  }

  /// The program's end.
  [[nodiscard]] int program() const { return program_.get(); }
  /// What has been written since; waits for some of it. Empty: for a minute none has.
  [[nodiscard]] std::string read() const {
    constexpr int kMinuteMs = 60'000;
    std::array<char, 4096> buffer{};
    pollfd text{fd_.get(), POLLIN, 0};
    const ssize_t size =
        ::poll(&text, 1, kMinuteMs) == 1 ? ::read(fd_.get(), buffer.data(), buffer.size()) : 0;
    return {buffer.data(), size > 0 ? static_cast<std::size_t>(size) : 0U};
  }

 private:
  os::Fd fd_;
  os::Fd program_;
};

/// Has what goes to one descriptor go to another for as long as this lives.
class Redirected {
 public:
  Redirected(int from, int to) : from_(from), kept_(::fcntl(from, F_DUPFD_CLOEXEC, 0)) {
    ::dup2(to, from_);
  }
  ~Redirected() { ::dup2(kept_.get(), from_); }
  Redirected(const Redirected&) = delete;
  Redirected& operator=(const Redirected&) = delete;

 private:
  int from_;
  os::Fd kept_;
};

}  // namespace udperf::test
