#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "e2e/program.hpp"
#include "support/condition.hpp"

namespace udperf::test {

/// One datagram of DATA, as tcpdump saw it.
struct Seen {
  double at_s = 0;  ///< of the day
  std::size_t bytes = 0;
};
using Capture = std::map<std::string, std::vector<Seen>>;  // "up", "down"

/// A test and what was seen of it.
struct CapturedRun {
  nlohmann::json document;
  Capture capture;
};

/// A test whose DATA is captured on loopback; nothing where that cannot be done, or not all was
/// captured.
[[nodiscard]] std::optional<CapturedRun> run_captured(const Server& server,
                                                      std::vector<std::string> more,
                                                      Attempt& attempt);

}  // namespace udperf::test
