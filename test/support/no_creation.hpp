#pragma once

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <thread>

namespace udperf::test {

/// Runs `action` on a thread to which openat(2) with O_CREAT is refused, as it is for a named pipe
/// of somebody else in a folder that all may write to (fs.protected_fifos). False where that cannot
/// be had.
template <typename Action>
[[nodiscard]] bool without_creation(const Action& action) {
  bool refused = false;
  std::thread{[&] {
    constexpr auto kFlags = offsetof(seccomp_data, args) + 2 * sizeof(seccomp_data::args[0]);
    std::array<sock_filter, 6> program{
        sock_filter BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
        sock_filter BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat, 0, 3),
        sock_filter BPF_STMT(BPF_LD | BPF_W | BPF_ABS, kFlags),
        sock_filter BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, O_CREAT, 0, 1),
        sock_filter BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EACCES),
        sock_filter BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
    const sock_fprog filter{program.size(), program.data()};
    refused = ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
              ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
    if (refused) {
      action();
    }
  }}.join();
  return refused;
}

}  // namespace udperf::test
