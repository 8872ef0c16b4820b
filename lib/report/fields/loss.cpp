#include "report/fields/parts.hpp"

namespace udperf::report {
// NOLINTNEXTLINE(readability-function-size): the rows of a table
const Fields<result::LossPart>& loss_fields() {
  static const Fields<result::LossPart> fields{
      {"packets",
       &result::LossPart::packets,
       {"L = N - U. Never the number of gaps seen.", "", "RFC 7680 s2",
        "the receiver's report is missing", "", 22, 40}},
      {"ratio",
       &result::LossPart::ratio,
       {"L / N.", "0..1", "RFC 7680 s4.1", "nothing was sent, or the report is missing", "", 23,
        41}},
      {"bytes",
       &result::LossPart::bytes,
       {"UDP payload of the lost datagrams.", "B", "", "the receiver's report is missing"}},
      {"ci95",
       &result::LossPart::ci95,
       {"95 % confidence interval of the ratio [low, high], for losses that fall independently: "
        "Wilson's score interval, z = 1.959964; without loss [0, 1 - 0.025^(1/N)].",
        "0..1", "RFC 7680 s4; Wilson 1927", "nothing was sent, or the report is missing"}},
      {"head_packets",
       &result::LossPart::head_packets,
       {"Lost before the first arrival, summed over the streams.", "", "",
        "the receiver's report is missing"}},
      {"tail_packets",
       &result::LossPart::tail_packets,
       {"Lost after the last arrival, summed over the streams.", "", "",
        "the receiver's report is missing"}},
      {"rx_socket_drop",
       &result::LossPart::rx_socket_drop,
       {"Lost in the receiving host's own socket (SO_RXQ_OVFL and SO_MEMINFO, joined with the "
        "batches that are missing); at most L - local_tx_drop.",
        "", "RFC 7680 s2.8.3", "a side's report is missing, or the drops were not counted", "", 24,
        42}},
      {"rx_socket_drop_is_bound",
       &result::LossPart::rx_socket_drop_is_bound,
       {"Whether that number is an estimate: the kernel's counter explains the gaps only in part.",
        "", "", "as rx_socket_drop"}},
      {"local_tx_drop",
       &result::LossPart::local_tx_drop,
       {"Numbered datagrams that died in the sending host: refused for good (exact), "
        "or taken and then dropped by a queueing discipline of the device (by its own "
        "counters before and after, less what it refused at once). An unknown number "
        "counts as 0 in the identity: its losses are then among the network's.",
        "", "RFC 7680 s2.8.3", "as rx_socket_drop, or the sender's queue could not be looked at",
        "", 25, 43}},
      {"local_tx_drop_is_bound",
       &result::LossPart::local_tx_drop_is_bound,
       {"Whether some of that number is only the most that it can be: the device's "
        "queueing disciplines count what they drop of everybody's, and by buffers.",
        "", "", "as local_tx_drop"}},
      {"network_packets",
       &result::LossPart::network_packets,
       {"The rest: L - rx_socket_drop - local_tx_drop.", "", "RFC 7680 s2.8.3", "as rx_socket_drop",
        "", 26, 44}},
      {"periods",
       &result::LossPart::periods,
       {"Loss periods: runs of lost neighbours in sending order, summed over the streams.", "",
        "RFC 3357 s5.4.2, s6.2", "the receiver's report is missing"}},
      {"period_mean",
       &result::LossPart::period_mean,
       {"L / periods.", "packets", "RFC 3357 s6.3", "nothing was lost"}},
      {"period_max",
       &result::LossPart::period_max,
       {"Longest loss period of any stream.", "packets", "RFC 3357 s6.3",
        "the receiver's report is missing"}},
      {"burst_ratio",
       &result::LossPart::burst_ratio,
       {"period_mean * (1 - ratio): 1 where losses fall at random, more where they come in bursts.",
        "", "McGowan 2005, ITU-T G.107", "nothing or all was lost, or there are several streams"}},
      {"bursts",
       &result::LossPart::bursts,
       {"Bursts: stretches that begin and end with a loss and hold no 16 arrivals in a row. A loss "
        "with 16 arrivals on each side is none.",
        "", "RFC 3611 s4.7.2", "the receiver's report is missing"}},
      {"burst_density",
       &result::LossPart::burst_density,
       {"Share of the datagrams of bursts that was lost.", "0..1", "RFC 3611 s4.7.2",
        "there was no burst"}},
      {"burst_mean",
       &result::LossPart::burst_mean,
       {"Datagrams of a burst, from its first loss to its last.", "", "RFC 3611 s4.7.2",
        "there was no burst"}},
      {"gap_density",
       &result::LossPart::gap_density,
       {"Share of the datagrams outside of bursts that was lost.", "0..1", "RFC 3611 s4.7.2",
        "nothing lies outside of bursts"}},
  };
  return fields;
}

const Fields<result::DuplicatesPart>& duplicates_fields() {
  static const Fields<result::DuplicatesPart> fields{
      {"packets",
       &result::DuplicatesPart::packets,
       {"D: copies beyond the first.", "", "RFC 5560 s2", "the receiver's report is missing", "",
        27, 45}},
      {"fraction",
       &result::DuplicatesPart::fraction,
       {"D / U; may exceed 1.", "", "RFC 5560 s5.1", "nothing arrived"}},
      {"replicated_packets",
       &result::DuplicatesPart::replicated_packets,
       {"Datagrams that arrived twice or more often.", "", "RFC 5560 s5.2",
        "the receiver's report is missing"}},
  };
  return fields;
}

const Fields<result::ReorderingPart>& reordering_fields() {
  static const Fields<result::ReorderingPart> fields{
      {"packets",
       &result::ReorderingPart::packets,
       {"First copies with a number below the next expected one.", "", "RFC 4737 s3.3",
        "the receiver's report is missing", "", 28, 46}},
      {"ratio",
       &result::ReorderingPart::ratio,
       {"packets / U.", "0..1", "RFC 4737 s4.1.3", "nothing arrived"}},
      {"extent_mean",
       &result::ReorderingPart::extent_mean,
       {"Mean of how many arrivals back the earliest datagram with a greater number came. Over "
        "those whose gap is still remembered.",
        "packets", "RFC 4737 s4.2.3", "nothing was reordered"}},
      {"extent_max",
       &result::ReorderingPart::extent_max,
       {"The largest of these.", "packets", "RFC 4737 s4.2.3", "nothing was reordered"}},
      {"late_ns_max",
       &result::ReorderingPart::late_ns_max,
       {"Longest time between that earlier arrival and the reordered one.", "ns", "RFC 4737 s4.3.3",
        "nothing was reordered"}},
      {"n3_packets",
       &result::ReorderingPart::n3_packets,
       {"3-reordered: the three arrivals right before all had greater numbers; what makes TCP "
        "retransmit.",
        "", "RFC 4737 s5.3", "the receiver's report is missing"}},
  };
  return fields;
}

const Fields<result::EcnPart>& ecn_fields() {
  static const Fields<result::EcnPart> fields{
      {"not_ect",
       &result::EcnPart::not_ect,
       {"Arrived as not-ECT (00).", "", "RFC 3168 s5",
        "nothing arrived, or the marks cannot be read"}},
      {"ect0",
       &result::EcnPart::ect0,
       {"Arrived as ECT(0) (10).", "", "RFC 3168 s5", "as not_ect"}},
      {"ect1",
       &result::EcnPart::ect1,
       {"Arrived as ECT(1) (01).", "", "RFC 3168 s5, RFC 9331", "as not_ect"}},
      {"ce",
       &result::EcnPart::ce,
       {"Arrived as CE (11): congestion was experienced.", "", "RFC 3168 s5", "as not_ect"}},
      {"dscp_received",
       &result::EcnPart::dscp_received,
       {"DSCP of the arrivals.", "", "RFC 2474", "as not_ect"}},
  };
  return fields;
}

}  // namespace udperf::report
