#pragma once

#include <sys/epoll.h>

#include <ctime>
#include <span>

namespace udperf::os {

/// epoll_pwait2(2): the number of events, 0 after `limit` (null: no limit), -1 with errno. Kernels
/// before 5.11, emulators and old sandboxes have no such call; there poll(2) waits, which is as
/// exact.
[[nodiscard]] int wait_for_events(int epoll, std::span<epoll_event> events, const timespec* limit);

}  // namespace udperf::os
