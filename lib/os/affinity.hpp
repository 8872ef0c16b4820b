#pragma once

#include <cstdint>

namespace udperf::os {

/// Whether the calling thread could be on this CPU. It is there for a moment.
[[nodiscard]] bool may_use_cpu(std::uint32_t cpu);

/// Lets the calling thread, and those that it starts from now on, run on this CPU alone. False
/// where there is none of this number that it may use.
[[nodiscard]] bool stay_on_cpu(std::uint32_t cpu);

}  // namespace udperf::os
