#pragma once

#include <cstdint>

#include "model/test_params.hpp"
#include "support/oracle.hpp"

namespace udperf::test {

/// A test and what a network made of it.
struct RandomTest {
  TestParams params;  ///< one stream
  ArrivalLog log;
};

/// Up to 300 datagrams, lost one by one or in bursts, doubled, late, in reads of any length, at any
/// grid, sometimes at a page border of the ledger, sometimes with more arrivals than the sender
/// owns up to, sometimes with the clock jumping. The same seed makes the same test.
[[nodiscard]] RandomTest random_test(std::uint32_t seed);

}  // namespace udperf::test
