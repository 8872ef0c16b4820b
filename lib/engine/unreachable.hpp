#pragma once

#include <string>

#include "base/result.hpp"
#include "net/datagram_port.hpp"

namespace udperf::engine {

/// The system's words for a way that is not there, as an error that waiting, or another address,
/// may mend. Any other error is as it was.
[[nodiscard]] Error unreachable_from_here(Error error);

/// What ICMP said of the way, in words; "" where nothing was said.
[[nodiscard]] std::string unreachable_text(net::Unreachable said);

}  // namespace udperf::engine
