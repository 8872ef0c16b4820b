#pragma once

#include <string>

#include "iperf3/test_record.hpp"

namespace udperf::iperf3 {

/// Whose keys: iperf3 has added some since 3.12, which Debian 12 has.
enum class KeySet : bool { of_3_12, of_3_21 };

/// The whole document of -J, indented. A test that did not begin has an error and little else.
[[nodiscard]] std::string report_json(const TestRecord& record, KeySet keys = KeySet::of_3_12);

// --json-stream: one object a line, {"event":...,"data":...}.

[[nodiscard]] std::string start_event(const TestRecord& record);
[[nodiscard]] std::string interval_event(const TestRecord& record, const IntervalRows& rows);
/// The end, what the server printed where that was asked for, and the error where there is one.
[[nodiscard]] std::string end_events(const TestRecord& record);

/// "iperf 3.12 (udperf 0.1.0)"
[[nodiscard]] std::string version_name();

}  // namespace udperf::iperf3
