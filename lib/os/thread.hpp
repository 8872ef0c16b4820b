#pragma once

#include <cstdint>

namespace udperf::os {

// How the kernel schedules the calling thread. What the thread starts (a program, another thread)
// starts as everything else does.

/// SCHED_FIFO with this priority, 1..99. False where that is refused, or where the kernel would end
/// a process that does not sleep for long (RLIMIT_RTTIME).
[[nodiscard]] bool ask_for_fifo(std::uint32_t priority);
/// As any other thread, but sooner and for the shortest time at once (EEVDF, Linux 6.12). False
/// where the kernel knows no such thing; it is as any other then.
bool ask_for_short_slices();
/// As any other thread.
void ask_for_nothing();
/// Whether the thread goes before all ordinary ones, whoever asked for it.
[[nodiscard]] bool runs_realtime();

/// Sleeps end as near to their time as the kernel can have it.
void ask_for_exact_sleeps();

/// How many cores the thread may run on; at least 1.
[[nodiscard]] unsigned allowed_cores();
/// The core that it runs on now.
[[nodiscard]] unsigned current_core();

}  // namespace udperf::os
