#pragma once

#include <cstdint>
#include <optional>

#include "iperf3/test_record.hpp"

namespace udperf::iperf3 {

// Sums over the streams of one direction, as iperf3 prints them.

/// Both directions of a bidirectional test are summed up on their own.
enum class Side : bool { sends, receives };

/// Of one interval; nothing where no stream runs that way. Its jitter is the streams' mean.
[[nodiscard]] std::optional<Row> sum_rows(const IntervalRows& rows, Side side);

/// Of the whole test. Seconds are the largest, jitter the mean, of the streams.
[[nodiscard]] StreamEnd sum_ends(const TestRecord& record, Side side);

/// Whether the other end has said its half of the test.
[[nodiscard]] bool peer_told(const TestRecord& record);

/// The direction that a test runs in, seen from this end; of a bidirectional one the first that is
/// printed: the client's sending.
[[nodiscard]] Side first_side(const TestRecord& record);

/// Below 0 where `part` is: what was missing before came after all.
[[nodiscard]] double percent_of(std::int64_t part, std::uint64_t whole);
[[nodiscard]] double bits_per_second(std::uint64_t bytes, double seconds);

}  // namespace udperf::iperf3
