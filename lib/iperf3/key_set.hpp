#pragma once

namespace udperf::iperf3 {

/// Whose keys a document has: iperf3 has added some since 3.12, which Debian 12 has.
enum class KeySet : bool { of_3_12, of_3_21 };

}  // namespace udperf::iperf3
