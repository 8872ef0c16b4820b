#include "report/fields/parts.hpp"

namespace udperf::report {
namespace {

using result::DirectionPart;

}  // namespace

// NOLINTNEXTLINE(readability-function-size): the rows of a table
const Fields<result::DirectionPart>& direction_fields() {
  static const Fields<result::DirectionPart> fields{
      {"tx",
       object<DirectionPart>(&DirectionPart::tx, tx_fields()),
       {"Measured by the sender. All null without the reports of all streams."}},
      {"rx",
       object<DirectionPart>(&DirectionPart::rx, rx_fields()),
       {"Measured by the receiver. All null without the reports of all streams."}},
      {"loss",
       object<DirectionPart>(&DirectionPart::loss, loss_fields()),
       {"What was sent and did not arrive in time."}},
      {"duplicates",
       object<DirectionPart>(&DirectionPart::duplicates, duplicates_fields()),
       {"More copies of what had arrived already."}},
      {"reordering",
       object<DirectionPart>(&DirectionPart::reordering, reordering_fields()),
       {"First copies that came after a later one of their stream."}},
      {"jitter",
       object<DirectionPart>(&DirectionPart::jitter, jitter_fields()),
       {"Changes of the delay from one datagram to the next. Datagrams that left and arrived as "
        "one batch share their stamps: only its first counts."}},
      {"delay_variation",
       object<DirectionPart>(&DirectionPart::delay_variation, variation_fields()),
       {"Delay above the smallest of the stream: needs no synchronised clocks. Of several streams: "
        "over the smallest delay of any of them."}},
      {"delay",
       object<DirectionPart>(&DirectionPart::delay, delay_fields()),
       {"One-way delay: arrival less departure less the clocks' difference (`clock`). Never "
        "clamped at zero."}},
      {"ecn",
       object<DirectionPart>(&DirectionPart::ecn, ecn_fields()),
       {"ECN marks of first copies, and the DSCP, as they arrived."}},
      {"pacing",
       object<DirectionPart>(&DirectionPart::pacing, pacing_fields()),
       {"How well the sender kept its times."}},
      {"omitted",
       object<DirectionPart>(&DirectionPart::omitted, omitted_fields(), "omitted"),
       {"The warm-up that `--omit` left out: in no other figure of the direction. Its datagrams "
        "have "
        "marks and numbers of their own, so that order and loss at the border bend neither part; "
        "its books balance by themselves: sent == unique + lost.",
        "", "", "without `--omit`"}},
      {"voice",
       object<DirectionPart>(&DirectionPart::voice, voice_fields(), "voice"),
       {"What a call would have been like: a de-jitter buffer played over what arrived, judged by "
        "the E-model (docs/voice.md). Several streams are as many calls, taken together; each "
        "by itself is in `streams`.",
        "", "ITU-T G.107", "without `--voice`, or when a receiver's report does not tell"}},
      {"intervals",
       list<DirectionPart>(&DirectionPart::intervals, interval_fields()),
       {"Rows of `test.interval_s` from the first arrival of any stream on. A datagram belongs to "
        "the row in which its number was passed; the last row ends with the last arrival and owns "
        "what was lost after it. The sums over the rows equal the totals exactly. A "
        "test without end has at most 4096: then two and two become one, and rows are twice as "
        "long."}},
      {"outages",
       list<DirectionPart>(&DirectionPart::outages, outage_fields()),
       {"Silences of a stream's receiver longer than the gap threshold (50 ms), at most 1000 a "
        "stream."}},
      {"streams",
       list<DirectionPart>(&DirectionPart::streams, stream_fields()),
       {"Each stream by itself.", "", "RFC 9097 s9"}},
  };
  return fields;
}

}  // namespace udperf::report
