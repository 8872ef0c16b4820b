#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/endpoint.hpp"
#include "base/time.hpp"
#include "model/outcome.hpp"

namespace udperf::classic {

/// What the server knows of one run of the classic test when it is over.
struct RunOutcome {
  Endpoint client;
  Endpoint server;  ///< the local address the client used
  UnixTime first;   ///< when the clock started: at START, or at the first data without one
  UnixTime closed;
  TestStatus status = TestStatus::incomplete;
  std::string reason;  ///< why it closed, in words: "complete", "the client fell silent", ...
  bool start_seen = false;
  std::uint64_t datagrams = 0;  ///< of data, as they came: nothing tells copies from originals
  std::uint64_t payload_bytes = 0;
  Duration span{0};  ///< from the start of the clock to the last data

  /// 1 kB = 1000 B. Nothing where no time passed, as without data.
  [[nodiscard]] std::optional<double> kilobytes_per_second() const {
    if (span <= Duration{0}) {
      return std::nullopt;
    }
    return static_cast<double>(payload_bytes) * 1e6 / static_cast<double>(span.count());
  }
};

}  // namespace udperf::classic
