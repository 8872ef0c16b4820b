#include "report/fields/parts.hpp"

namespace udperf::report {
const Fields<result::JitterPart>& jitter_fields() {
  static const Fields<result::JitterPart> fields{
      {"rfc3550_ns",
       &result::JitterPart::rfc3550_ns,
       {"Interarrival jitter at the end: J += (|D| - J) / 16 in order of arrival. Of several "
        "streams the largest.",
        "ns", "RFC 3550 s6.4.1, A.8", "fewer than two timed arrivals in every stream", "", 29, 47}},
      {"rfc3550_max_ns",
       &result::JitterPart::rfc3550_max_ns,
       {"The largest value that it had.", "ns", "RFC 3550 s6.4.1", "as rfc3550_ns"}},
      {"ipdv_mean_abs_ns",
       &result::JitterPart::ipdv_mean_abs_ns,
       {"Mean of |delay of i - delay of i-1| over neighbours in sending order that both arrived.",
        "ns", "RFC 3393 s2.4, RFC 5481 s4.1", "no such pair, or several streams"}},
      {"ipdv_p95_abs_ns",
       &result::JitterPart::ipdv_p95_abs_ns,
       {"95th percentile of these; at most 3.2 % too large.", "ns", "RFC 3393 s2.4",
        "no such pair, or several streams"}},
      {"ipdv_max_abs_ns",
       &result::JitterPart::ipdv_max_abs_ns,
       {"The largest of these; of several streams the largest.", "ns", "RFC 3393 s2.4",
        "no such pair"}},
  };
  return fields;
}

const Fields<result::HistogramStep>& histogram_fields() {
  static const Fields<result::HistogramStep> fields{
      {"up_to_ns", &result::HistogramStep::up_to_ns, {"Upper end of the step.", "ns"}},
      {"packets", &result::HistogramStep::packets, {"Datagrams in it."}},
  };
  return fields;
}

const Fields<result::DelayPart>& variation_fields() {
  static const Fields<result::DelayPart> fields{
      {"n",
       &result::DelayPart::n,
       {"Timed arrivals, over all streams.", "", "RFC 6703 s8.2",
        "the receiver's report is missing"}},
      {"mean_ns",
       &result::DelayPart::mean_ns,
       {"Mean.", "ns", "RFC 5481 s4.2", "nothing was timed"}},
      {"p50_ns",
       &result::DelayPart::p50_ns,
       {"Median.", "ns", "RFC 5481 s4.2, RFC 2330 s11.3", "nothing was timed", "", 30, 48}},
      {"p95_ns",
       &result::DelayPart::p95_ns,
       {"95th percentile: the smallest value that 95 % do not exceed.", "ns", "RFC 2330 s11.3",
        "nothing was timed"}},
      {"p99_ns",
       &result::DelayPart::p99_ns,
       {"99th percentile.", "ns", "RFC 2330 s11.3", "nothing was timed", "", 31, 49}},
      {"p999_ns",
       &result::DelayPart::p999_ns,
       {"99.9th percentile, the usual single figure.", "ns", "RFC 5481 s6.5",
        "fewer than 1000 samples"}},
      {"max_ns",
       &result::DelayPart::max_ns,
       {"Largest.", "ns", "RFC 5481 s4.2", "nothing was timed"}},
      {"histogram",
       list<result::DelayPart>(&result::DelayPart::histogram, histogram_fields()),
       {"How many of these lie above the step before and not above this, in steps of 1, 2, 5, 10, "
        "... us from the first to the last with any; the steps are kept to half a microsecond. "
        "Empty: nothing was timed."}},
  };
  return fields;
}

const Fields<result::DelayPart>& delay_fields() {
  static const Fields<result::DelayPart> fields{
      {"n",
       &result::DelayPart::n,
       {"Timed arrivals.", "", "RFC 6703 s8.2",
        "nothing was timed, or the clocks' relation is not known"}},
      {"min_ns", &result::DelayPart::min_ns, {"Smallest.", "ns", "RFC 7679 s3.4, s5.3", "as n"}},
      {"mean_ns", &result::DelayPart::mean_ns, {"Mean.", "ns", "RFC 7679 s3.4", "as n"}},
      {"p50_ns", &result::DelayPart::p50_ns, {"Median.", "ns", "RFC 7679 s5.2", "as n"}},
      {"p90_ns", &result::DelayPart::p90_ns, {"90th percentile.", "ns", "RFC 7679 s5.1", "as n"}},
      {"p99_ns", &result::DelayPart::p99_ns, {"99th percentile.", "ns", "RFC 7679 s5.1", "as n"}},
      {"p999_ns",
       &result::DelayPart::p999_ns,
       {"99.9th percentile.", "ns", "RFC 7679 s5.1", "fewer than 1000 samples, or as n"}},
      {"max_ns", &result::DelayPart::max_ns, {"Largest.", "ns", "RFC 7679 s3.4", "as n"}},
      {"uncertainty_ns",
       &result::DelayPart::uncertainty_ns,
       {"All of the above may be wrong by this much, all in the same direction.", "ns",
        "RFC 7679 s3.7.1", "as n"}},
      {"absolute_valid",
       &result::DelayPart::absolute_valid,
       {"Whether the uncertainty is below the median: else only differences mean something.", "",
        "RFC 7679 s3.7", "as n"}},
  };
  return fields;
}

const Fields<result::DelayPart>& idle_rtt_fields() {
  static const Fields<result::DelayPart> fields{
      {"n", &result::DelayPart::n, {"Probes that came back.", "", "", "none were sent"}},
      {"min_ns", &result::DelayPart::min_ns, {"Smallest.", "ns", "RFC 2681", "none came back"}},
      {"mean_ns", &result::DelayPart::mean_ns, {"Mean.", "ns", "RFC 2681", "none came back"}},
      {"p50_ns",
       &result::DelayPart::p50_ns,
       {"Median.", "ns", "RFC 2681", "none came back", "", 50}},
      {"max_ns", &result::DelayPart::max_ns, {"Largest.", "ns", "RFC 2681", "none came back"}},
  };
  return fields;
}

const Fields<result::DelayPart>& loaded_rtt_fields() {
  static const Fields<result::DelayPart> fields{
      {"n", &result::DelayPart::n, {"Probes that came back.", "", "", "none were sent"}},
      {"min_ns", &result::DelayPart::min_ns, {"Smallest.", "ns", "RFC 2681", "none came back"}},
      {"mean_ns", &result::DelayPart::mean_ns, {"Mean.", "ns", "RFC 2681", "none came back"}},
      {"p50_ns",
       &result::DelayPart::p50_ns,
       {"Median.", "ns", "RFC 2681", "none came back", "", 51}},
      {"p90_ns",
       &result::DelayPart::p90_ns,
       {"90th percentile.", "ns", "RFC 2681", "none came back"}},
      {"p99_ns",
       &result::DelayPart::p99_ns,
       {"99th percentile.", "ns", "RFC 2681", "none came back", "", 52}},
      {"max_ns", &result::DelayPart::max_ns, {"Largest.", "ns", "RFC 2681", "none came back"}},
  };
  return fields;
}

// NOLINTNEXTLINE(readability-function-size): the rows of a table
const Fields<result::PacingPart>& pacing_fields() {
  static const Fields<result::PacingPart> fields{
      {"pacer",
       &result::PacingPart::pacer,
       {"What spaced the batches. One of `none`, `sleep`, `sleep_spin`, `txtime`, `kernel` (fq "
        "holds the socket to the rate).",
        "", "", "the sender's report is missing", "none sleep sleep_spin txtime kernel"}},
      {"gap_p50_ns",
       &result::PacingPart::gap_p50_ns,
       {"Median time between the beginnings of successive batches; of several streams the largest.",
        "ns", "RFC 3432 s3", "fewer than two batches"}},
      {"gap_p99_ns",
       &result::PacingPart::gap_p99_ns,
       {"99th percentile.", "ns", "", "fewer than two batches"}},
      {"gap_max_ns",
       &result::PacingPart::gap_max_ns,
       {"Largest.", "ns", "", "fewer than two batches"}},
      {"rate_error_ratio",
       &result::PacingPart::rate_error_ratio,
       {"Achieved / asked packet rate - 1; the datagrams after the first over the span, and at "
        "most all of them over window_ns: a sender that stood still before the end fell short.",
        "", "RFC 9097 s7.4",
        "no rate was asked for, or it was adjusted, or fewer than two datagrams were "
        "sent"}},
      {"burst_ns",
       &result::PacingPart::burst_ns,
       {"Longest burst window that was in force: at most what the rate carries in "
        "this time leaves at once after a late wake-up. 250 us, 1 ms or 4 ms as the "
        "host's lateness demanded it, or what `--burst` asked for.",
        "ns", "", "no rate was asked for, or the sender does not tell"}},
      {"lateness_p50_ns",
       &result::PacingPart::lateness_p50_ns,
       {"How late the sender woke up to send, median; of several streams the largest. Not where it "
        "had no time to sleep: a rate beyond what the host sends is no late wake-up.",
        "ns", "", "no rate was asked for, the sender does not tell, or it never slept"}},
      {"lateness_p99_ns",
       &result::PacingPart::lateness_p99_ns,
       {"99th percentile.", "ns", "",
        "no rate was asked for, the sender does not tell, or it never slept"}},
      {"lateness_max_ns",
       &result::PacingPart::lateness_max_ns,
       {"Largest.", "ns", "",
        "no rate was asked for, the sender does not tell, or it never slept"}},
  };
  return fields;
}

}  // namespace udperf::report
