#pragma once

#include <string>

#include "iperf3/test_record.hpp"

namespace udperf::iperf3 {

// A test as iperf3 prints it.

struct TextFormat {
  char unit = 'a';  ///< k m g t K M G T as iperf3's -f has them; a = as it fits
  bool verbose = false;
};

/// Before the first interval: who talks to whom.
[[nodiscard]] std::string start_text(const TestRecord& record);
/// The heading of the intervals' columns.
[[nodiscard]] std::string heading_text(const TestRecord& record);
[[nodiscard]] std::string rows_text(const TestRecord& record, const IntervalRows& rows,
                                    const TextFormat& format = {});
[[nodiscard]] std::string end_text(const TestRecord& record, const TextFormat& format = {});
/// All of it.
[[nodiscard]] std::string report_text(const TestRecord& record, const TextFormat& format = {});

}  // namespace udperf::iperf3
