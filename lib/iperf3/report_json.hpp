#pragma once

#include <string>

#include "iperf3/key_set.hpp"
#include "iperf3/test_record.hpp"

namespace udperf::iperf3 {

/// The whole document of -J, indented. A test that did not begin has an error and little else.
[[nodiscard]] std::string report_json(const TestRecord& record, KeySet keys = KeySet::of_3_12);

// --json-stream, which is of 3.17 and later: one object a line, {"event":...,"data":...}.

[[nodiscard]] std::string start_event(const TestRecord& record);
[[nodiscard]] std::string interval_event(const TestRecord& record, const IntervalRows& rows);
/// The error where there is one, what the server printed where that was asked for, and the end.
[[nodiscard]] std::string end_events(const TestRecord& record);

/// System, host and kernel, as uname(2) tells them.
[[nodiscard]] std::string system_info();
/// When the test began: "Sat, 28 Nov 2026 06:36:38 GMT".
[[nodiscard]] std::string time_text(const TestRecord& record);

/// "iperf 3.12 (udperf 0.1.0)"
[[nodiscard]] std::string version_name(KeySet keys = KeySet::of_3_12);

}  // namespace udperf::iperf3
