#include "report/fields/parts.hpp"

namespace udperf::report {
namespace {

using result::FlowGroupPart;
using result::FlowOutlierPart;
using result::FlowPart;
using result::FlowsPart;

const Fields<FlowPart>& flow_fields() {
  static const Fields<FlowPart> fields{
      {"stream", &FlowPart::stream, {"Number of the stream."}},
      {"port", &FlowPart::port, {"The client's UDP port: source of `up`, destination of `down`."}},
      {"packets", &FlowPart::packets, {"Datagrams sent."}},
      {"lost", &FlowPart::lost, {"Of these, lost."}},
      {"loss_ratio",
       &FlowPart::loss_ratio,
       {"lost / packets.", "0..1", "RFC 7680 s4.1", "nothing was sent"}},
      {"least_delay_ns",
       &FlowPart::least_delay_ns,
       {"Least one-way delay, over the least of all flows of the direction: needs no synchronised "
        "clocks.",
        "ns", "RFC 5481 s4.2", "nothing was timed"}},
      {"median_delay_ns",
       &FlowPart::median_delay_ns,
       {"Median one-way delay, over the same.", "ns", "RFC 5481 s4.2", "nothing was timed"}},
  };
  return fields;
}

const Fields<FlowGroupPart>& group_fields() {
  static const Fields<FlowGroupPart> fields{
      {"direction", &FlowGroupPart::direction, {"Which way.", "", "", "", "up down"}},
      {"hops",
       &FlowGroupPart::hops,
       {"From the TTL as it arrived, as `rx.hops`.", "", "", "no TTL was read"}},
      {"least_delay_ns",
       &FlowGroupPart::least_delay_ns,
       {"The least of its flows.", "ns", "RFC 5481 s4.2", "nothing was timed"}},
      {"median_delay_ns",
       &FlowGroupPart::median_delay_ns,
       {"The median of its flows' medians.", "ns", "RFC 5481 s4.2", "nothing was timed"}},
      {"packets", &FlowGroupPart::packets, {"Datagrams sent."}},
      {"lost", &FlowGroupPart::lost, {"Of these, lost."}},
      {"loss_ratio",
       &FlowGroupPart::loss_ratio,
       {"lost / packets.", "0..1", "RFC 7680 s4.1", "nothing was sent"}},
      {"flows",
       list<FlowGroupPart>(&FlowGroupPart::flows, flow_fields()),
       {"Its flows; every flow of the direction is in one group."}},
  };
  return fields;
}

const Fields<FlowOutlierPart>& outlier_fields() {
  static const Fields<FlowOutlierPart> fields{
      {"direction",
       [](const FlowOutlierPart& o) {
         return o.direction.empty() ? std::nullopt : std::optional{std::string{o.direction}};
       },
       {"Which way.", "", "", "`sign` is `silent`: no test ran over it", "up down"}},
      {"sign",
       &FlowOutlierPart::sign,
       {"What is wrong: `loss` - it loses more than the rest; `delay` - its group is slower than "
        "the fastest one; `silent` - the server did not answer on it.",
        "", "", "", "loss delay silent"}},
      {"stream",
       &FlowOutlierPart::stream,
       {"Number of the stream.", "", "", "`sign` is `silent`: it has none"}},
      {"port", &FlowOutlierPart::port, {"The client's UDP port."}},
      {"loss_ratio",
       &FlowOutlierPart::loss_ratio,
       {"Of the flow.", "0..1", "RFC 7680 s4.1", "`sign` is `silent`"}},
      {"rest_loss_ratio",
       &FlowOutlierPart::rest_loss_ratio,
       {"Of all flows together that do not lose more.", "0..1", "RFC 7680 s4.1",
        "`sign` is not `loss`"}},
      {"added_delay_ns",
       &FlowOutlierPart::added_delay_ns,
       {"Its median delay over that of the fastest group; or the least delay over its least, where "
        "only these fall apart.",
        "ns", "", "`sign` is not `delay`"}},
      {"p_value",
       &FlowOutlierPart::p_value,
       {"Chance of this among flows that are alike, corrected for the number of flows; at most "
        "0.001.",
        "0..1", "", "`sign` is `silent`"}},
  };
  return fields;
}

}  // namespace

const Fields<FlowsPart>& flows_fields() {
  static const Fields<FlowsPart> fields{
      {"flows", &FlowsPart::flows, {"How many were tried."}},
      {"silent", &FlowsPart::silent, {"Of these, without an answer of the server."}},
      {"verdict", &FlowsPart::verdict, {"What was found, in words for people."}},
      {"groups",
       list<FlowsPart>(&FlowsPart::groups, group_fields()),
       {"Flows with the same hops and the same delay, of each direction the fastest first."}},
      {"outliers",
       list<FlowsPart>(&FlowsPart::outliers, outlier_fields()),
       {"Flows that fare worse than the rest: exact binomial test of the losses, Holm-corrected; "
        "see docs/flows.md."}},
  };
  return fields;
}

}  // namespace udperf::report
