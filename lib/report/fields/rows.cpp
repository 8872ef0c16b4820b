#include "report/fields/parts.hpp"

namespace udperf::report {
namespace {

using result::StreamPart;

}  // namespace

const Fields<result::IntervalPart>& interval_fields() {
  static const Fields<result::IntervalPart> fields{
      {"start_s",
       &result::IntervalPart::start_s,
       {"Begin, since the first arrival.", "s", "RFC 9097 s4"}},
      {"end_s", &result::IntervalPart::end_s, {"End.", "s"}},
      {"packets", &result::IntervalPart::packets, {"First copies that arrived."}},
      {"payload_bytes", &result::IntervalPart::payload_bytes, {"Their payload.", "B"}},
      {"goodput_bps",
       &result::IntervalPart::goodput_bps,
       {"8 * payload_bytes / (end_s - start_s).", "bit/s", "", "the row has no length"}},
      {"sent", &result::IntervalPart::sent, {"Numbers passed."}},
      {"lost", &result::IntervalPart::lost, {"Of these, lost."}},
      {"duplicates", &result::IntervalPart::duplicates, {"Copies beyond the first that arrived."}},
      {"reordered", &result::IntervalPart::reordered, {"Reordered first copies that arrived."}},
      {"delay_variation_p50_ns",
       &result::IntervalPart::delay_variation_p50_ns,
       {"Median delay above the smallest of the stream.", "ns", "RFC 5481 s4.2",
        "nothing was timed, several streams, or the row was made of several"}},
      {"delay_variation_p99_ns",
       &result::IntervalPart::delay_variation_p99_ns,
       {"99th percentile; of a row that was made of several the largest of theirs.", "ns",
        "RFC 5481 s4.2", "nothing was timed, or several streams"}},
      {"rtt_p50_ns",
       &result::IntervalPart::rtt_p50_ns,
       {"Median round trip of the probes that left in the row: one is sent every 100 ms, or every "
        "interval where that is shorter.",
        "ns", "RFC 2681",
        "none that left in the row came back, or the clocks' relation is not known"}},
  };
  return fields;
}

const Fields<result::OutagePart>& outage_fields() {
  static const Fields<result::OutagePart> fields{
      {"stream", &result::OutagePart::stream, {"Number of the stream."}},
      {"start_s", &result::OutagePart::start_s, {"Begin, since the stream's first arrival.", "s"}},
      {"start_unix_ns",
       &result::OutagePart::start_unix_ns,
       {"The same by the receiver's clock, of when its last datagram before it arrived.",
        "ns since 1970, UTC"}},
      {"duration_s", &result::OutagePart::duration_s, {"Length.", "s"}},
      {"packets", &result::OutagePart::packets, {"Numbers missing across it when it ended."}},
  };
  return fields;
}

const Fields<result::IntervalPart>& stream_row_fields() {
  static const Fields<result::IntervalPart> fields{
      {"start_s",
       &result::IntervalPart::start_s,
       {"Begin, since the first arrival.", "s", "RFC 9097 s4"}},
      {"end_s", &result::IntervalPart::end_s, {"End.", "s"}},
      {"packets", &result::IntervalPart::packets, {"First copies that arrived."}},
      {"goodput_bps",
       &result::IntervalPart::goodput_bps,
       {"8 * payload_bytes / (end_s - start_s).", "bit/s", "", "the row has no length"}},
      {"sent", &result::IntervalPart::sent, {"Numbers passed."}},
      {"lost", &result::IntervalPart::lost, {"Of these, lost."}},
      {"delay_variation_p50_ns",
       &result::IntervalPart::delay_variation_p50_ns,
       {"As delay_variation.p50_ns, of the row.", "ns", "",
        "nothing arrived in it, or it was not measured"}},
      {"delay_variation_p99_ns",
       &result::IntervalPart::delay_variation_p99_ns,
       {"As delay_variation.p99_ns, of the row.", "ns", "",
        "nothing arrived in it, or it was not measured"}},
  };
  return fields;
}

// NOLINTNEXTLINE(readability-function-size): the rows of a table
const Fields<result::StreamPart>& stream_fields() {
  static const Fields<result::StreamPart> fields{
      {"stream", &StreamPart::stream, {"Its number, from 0."}},
      {"tx",
       group<StreamPart>({{"packets",
                           &StreamPart::tx_packets,
                           {"Datagrams sent.", "", "", "the sender's report is missing"}},
                          {"payload_bytes",
                           &StreamPart::tx_payload_bytes,
                           {"Payload sent.", "B", "", "the sender's report is missing"}}}),
       {"As the sender says."}},
      {"rx",
       group<StreamPart>(
           {{"unique",
             &StreamPart::rx_unique,
             {"First copies that arrived.", "", "", "the receiver's report is missing"}},
            {"unique_bytes",
             &StreamPart::rx_unique_bytes,
             {"Their payload.", "B", "", "the receiver's report is missing"}},
            {"goodput_bps",
             &StreamPart::goodput_bps,
             {"As `rx.goodput_bps`, of this stream's own span.", "bit/s", "",
              "fewer than two arrived, or the span is 0"}}}),
       {"As the receiver says."}},
      {"loss",
       group<StreamPart>(
           {{"packets", &StreamPart::lost, {"Lost.", "", "", "the receiver's report is missing"}},
            {"ratio",
             &StreamPart::loss_ratio,
             {"Lost / sent.", "0..1", "RFC 7680 s4.1",
              "nothing was sent, or the report is missing"}}}),
       {"As `loss`."}},
      {"duplicates",
       group<StreamPart>(
           {{"packets",
             &StreamPart::duplicates,
             {"Copies beyond the first.", "", "", "the receiver's report is missing"}}}),
       {"As `duplicates`."}},
      {"reordering",
       group<StreamPart>(
           {{"packets",
             &StreamPart::reordered,
             {"Reordered first copies.", "", "", "the receiver's report is missing"}}}),
       {"As `reordering`."}},
      {"silent",
       &StreamPart::silent,
       {"Nothing of it arrived although it was sent: a path that balances load by ports may have "
        "dropped it whole.",
        "", "", "the receiver's report is missing"}},
      {"voice",
       object<StreamPart>(&StreamPart::voice, call_fields(), "call"),
       {"How the stream would have sounded, a call by itself.", "", "ITU-T G.107", "as `voice`"}},
      {"intervals",
       list<StreamPart>(&StreamPart::intervals, stream_row_fields()),
       {"As intervals, of this stream. Empty with one stream, whose rows are those of the "
        "direction, and where all streams together have more than 20 000 rows."}},
  };
  return fields;
}

}  // namespace udperf::report
