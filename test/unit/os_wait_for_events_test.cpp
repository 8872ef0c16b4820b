#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>

#include "os/fd.hpp"
#include "os/wait_for_events.hpp"
#include "support/catch.hpp"
#include "support/condition.hpp"

namespace {

using udperf::os::Fd;
using udperf::os::wait_for_events;

constexpr int kForbidden = 77;

/// From now on this process has no epoll_pwait2(2), as on Linux 5.10. False where it cannot be
/// taken away.
bool forbid_pwait2(std::uint32_t with) {
  std::array<sock_filter, 4> program{
      sock_filter BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      sock_filter BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_epoll_pwait2, 0, 1),
      sock_filter BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | with),
      sock_filter BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
  const sock_fprog filter{program.size(), program.data()};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

/// Waits for nothing, then for an event: 0 when both came out as they should, else which did not.
int wait_twice() {
  const Fd epoll{::epoll_create1(EPOLL_CLOEXEC)};
  const Fd event{::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)};
  epoll_event wanted{};
  wanted.events = EPOLLIN;
  wanted.data.fd = event.get();
  ::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, event.get(), &wanted);
  std::array<epoll_event, 4> events{};

  const timespec limit{0, 20'000'000};
  const auto begun = std::chrono::steady_clock::now();
  if (wait_for_events(epoll.get(), events, &limit) != 0) {
    return 1;
  }
  if (std::chrono::steady_clock::now() - begun < std::chrono::milliseconds{20}) {
    return 2;
  }
  ::eventfd_write(event.get(), 1);
  if (wait_for_events(epoll.get(), events, nullptr) != 1 || events[0].data.fd != event.get()) {
    return 3;
  }
  return 0;
}

int status_without_pwait2(int with) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::_exit(forbid_pwait2(static_cast<std::uint32_t>(with)) ? wait_twice() : kForbidden);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFEXITED(status));
  return WEXITSTATUS(status);
}

}  // namespace

TEST_CASE("a wait takes its time and ends with an event", "[engine]") {
  CHECK(wait_twice() == 0);
}

TEST_CASE("a wait takes its time where the kernel has no epoll_pwait2", "[engine]") {
  const int with = GENERATE(ENOSYS, EPERM);
  const int status = status_without_pwait2(with);
  if (status == kForbidden) {
    udperf::test::skip_test("no seccomp filter can be set here");
    return;
  }
  CHECK(status == 0);
}
