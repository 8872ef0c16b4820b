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

/// A test whose DATA is captured on loopback, under way.
class CapturedTest {
 public:
  /// Where nothing can be captured, with a word of warning, nothing is started.
  explicit CapturedTest(std::vector<std::string> more);

  /// Nothing where that could not be done, or not all was captured.
  [[nodiscard]] std::optional<CapturedRun> finish(Attempt& attempt);

 private:
  Server server_;
  std::optional<Process> tcpdump_;
  std::optional<Process> client_;
};

}  // namespace udperf::test
