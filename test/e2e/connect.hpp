#pragma once

#include "base/random.hpp"
#include "clock/clock.hpp"
#include "engine/client_connect.hpp"

namespace udperf::test {

/// A session of a numeric host, or why there is none; for tests that go on with it by hand.
[[nodiscard]] Result<engine::Connection> connect_by_hand(const engine::ClientOptions& options,
                                                         const Clock& clock, RandomSource& random);

}  // namespace udperf::test
