#pragma once

#include <string>
#include <vector>

#include "model/outcome.hpp"

namespace udperf::test {

// Outcomes of tests as the engine hands them on, with round numbers whose results can be worked out
// by hand. Every one obeys the conservation laws of RxReport.

/// 1000 datagrams of 1000 B in 2 s from the server's view, 990 arrive: 3 died in the receiving
/// socket, 1 in the sending host, 6 in the network; 5 duplicates, 4 reordered, three interval rows.
[[nodiscard]] TestOutcome normal_up();
/// 1000 sent, nothing arrived; the server's report came.
[[nodiscard]] TestOutcome total_loss();
/// Stopped before the first datagram.
[[nodiscard]] TestOutcome zero_packets();
/// Nothing listened at the server's port.
[[nodiscard]] TestOutcome error_before_start();
/// SIGINT, and the server's report did not come: only the sender's half is known.
[[nodiscard]] TestOutcome interrupted_tx_only();
/// Up as normal_up(); down 500 datagrams without loss at an asked rate of 2 Mb/s.
[[nodiscard]] TestOutcome both_directions();
/// Up on three streams: one as it should be, one that begins first and ends last, one silent.
[[nodiscard]] TestOutcome three_streams();

struct NamedOutcome {
  std::string name;
  TestOutcome outcome;
};
/// All of the above by the names of their functions.
[[nodiscard]] std::vector<NamedOutcome> example_outcomes();

/// The same test as the server's session.
[[nodiscard]] SessionOutcome session_of(const TestOutcome& outcome);

}  // namespace udperf::test
