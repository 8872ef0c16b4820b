#include "report/fields/parts.hpp"

namespace udperf::report {

const Fields<result::HostPart>& host_fields() {
  static const Fields<result::HostPart> fields{
      {"busy",
       &result::HostPart::busy,
       {"Whether the host kept so much from this test that it shows in rates and "
        "times: steal_ratio of at least 0.02, throttled_ratio of at least 0.01, "
        "waited_ratio of at least 0.1 or, of a sender with a rate, pacing.lateness_p99_ns "
        "of at least 4 ms or lateness_max_ns of at least 50 ms.",
        "", "", "the system tells none of them"}},
      {"steal_ratio",
       &result::HostPart::steal_ratio,
       {"Share of the time of the processor that the thread was on, at the begin or at the end, "
        "that the hypervisor gave to others.",
        "0..1", "", "the system does not tell"}},
      {"throttled_ratio",
       &result::HostPart::throttled_ratio,
       {"Time in which the control group, or one above it, had used up its quota (cgroup v1 "
        "and v2, cpu.stat), over the test's: the most of all of them. Summed over the processors "
        "that its threads were held up on; at most 1.",
        "0..1", "", "the system does not tell"}},
      {"waited_ratio",
       &result::HostPart::waited_ratio,
       {"Share of the time in which the thread was ready to run, but others ran; the "
        "most of all streams.",
        "0..1", "", "the system does not tell"}},
  };
  return fields;
}

const Fields<result::SendPausePart>& pause_fields() {
  static const Fields<result::SendPausePart> fields{
      {"stream", &result::SendPausePart::stream, {"Number of the stream."}},
      {"start_s", &result::SendPausePart::start_s, {"Begin, since the stream began to send.", "s"}},
      {"duration_s", &result::SendPausePart::duration_s, {"Length.", "s"}},
      {"packets",
       &result::SendPausePart::packets,
       {"Datagrams that the sending host refused in it for good (a filter, no route): "
        "numbered, and in loss.local_tx_drop."}},
      {"reason",
       &result::SendPausePart::reason,
       {"What the system said, in words; or that the receiver was silent, or that its socket "
        "was full."}},
  };
  return fields;
}

}  // namespace udperf::report
