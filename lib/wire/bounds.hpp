#pragma once

#include "wire/messages.hpp"

namespace udperf::wire {

// What a peer measured can be anything that fits its fields. What no receiver and no sender can
// have measured (a negative time, more lost in a row than in all) is refused with the message, so
// that no sum of it wraps and no page shows it.

/// Of a receiver's books: the sums that docs/metrics.md promises hold, too.
[[nodiscard]] bool believable(const RxReport& report);
[[nodiscard]] bool believable(const TxReport& report);
[[nodiscard]] bool believable(const Feedback& feedback);

}  // namespace udperf::wire
