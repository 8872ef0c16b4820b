#pragma once

#include <string>

#include "base/result.hpp"
#include "iperf3/test_record.hpp"

namespace udperf::iperf3 {

/// The test that a result document (schema udperf/1) is about, in iperf3's terms and as its client
/// would have seen it. What iperf3 has a number for and the document a null is 0.
[[nodiscard]] Result<TestRecord> record_of_result(const std::string& document);

}  // namespace udperf::iperf3
