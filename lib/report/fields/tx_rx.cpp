#include "report/fields/parts.hpp"

namespace udperf::report {
// NOLINTNEXTLINE(readability-function-size): the rows of a table
const Fields<result::TxPart>& tx_fields() {
  static const Fields<result::TxPart> fields{
      {"packets",
       &result::TxPart::packets,
       {"N: datagrams that were numbered: those that the kernel accepted, and those "
        "that this host refused for good (a filter, no route), which are in "
        "loss.local_tx_drop.",
        "", "RFC 7680 s2", "the sender's report is missing", "", 14, 32}},
      {"payload_bytes",
       &result::TxPart::payload_bytes,
       {"UDP payload of these.", "B", "", "the sender's report is missing", "", 15, 33}},
      {"first_unix_ns",
       &result::TxPart::first_unix_ns,
       {"When the first was sent, by the sender's clock.", "ns since 1970, UTC", "",
        "nothing was sent"}},
      {"last_unix_ns",
       &result::TxPart::last_unix_ns,
       {"When the last batch was sent.", "ns since 1970, UTC", "", "nothing was sent"}},
      {"span_ns",
       &result::TxPart::span_ns,
       {"From the first to the last, on the monotonic clock; of several streams by their wall "
        "clock times.",
        "ns", "", "nothing was sent"}},
      {"offered_bps",
       &result::TxPart::offered_bps,
       {"8 * (payload_bytes - length of the first) / span, but at most 8 * "
        "payload_bytes / window_ns: a sender that stood still before the end offered "
        "less.",
        "bit/s", "", "both times are 0", "", 16, 34}},
      {"pps",
       &result::TxPart::pps,
       {"Datagrams a second: (packets - 1) / span, but at most packets / window_ns, as "
        "offered_bps.",
        "1/s", "", "as offered_bps"}},
      {"send_blocked",
       &result::TxPart::send_blocked,
       {"Datagrams that the kernel did not take at once; no number was used up.", "", "",
        "the sender's report is missing"}},
      {"pacing_skipped",
       &result::TxPart::pacing_skipped,
       {"Deadlines given up: more than 50 ms' worth was owed after the sender had been held up, or "
        "some was still owed when the time was over. Sent later they would have made a burst.",
        "", "", "the sender's report is missing"}},
      {"gso",
       &result::TxPart::gso,
       {"Most datagrams handed over as one buffer (UDP_SEGMENT); 0 - segmentation offload was not "
        "used.",
        "", "", "the sender's report is missing"}},
      {"batch_mean",
       &result::TxPart::batch_mean,
       {"packets / batches: datagrams of one system call or buffer.", "", "", "nothing was sent"}},
      {"cpu_percent",
       &result::TxPart::cpu_percent,
       {"Processor time of the sending threads. Streams that share a thread share its time.",
        "% of a core", "", "not measured by every stream"}},
      {"sndbuf_bytes",
       &result::TxPart::sndbuf_bytes,
       {"Send buffer granted by the kernel, the smallest of the streams' sockets.", "B", "",
        "the sender's report is missing"}},
      {"scheduling",
       &result::TxPart::scheduling,
       {"How the system scheduled the sending thread, at the end; of several streams "
        "the least. fifo: SCHED_FIFO, before all others; short_slice: EEVDF, sooner, "
        "for less time at once.",
        "", "sched(7)", "no rate was asked for, or the sender does not tell",
        "fifo short_slice default"}},
      {"end",
       &result::TxPart::end,
       {"Why sending ended: complete - all that was agreed on was sent; interrupted - "
        "its user stopped it; peer_stopped - the other end asked for it; peer_silent "
        "- the receiver was not heard any more; failed - its system refused. Of "
        "several streams the worst. Only with complete is the direction complete.",
        "", "", "the sender's report is missing",
        "complete interrupted peer_stopped peer_silent failed"}},
      {"window_ns",
       &result::TxPart::window_ns,
       {"The time for which sending was to last: the duration asked for, or until it "
        "ended where that was earlier; without a duration until the last datagram. Of "
        "several streams the longest.",
        "ns", "", "the sender's report is missing or does not tell"}},
      {"silent_ns",
       &result::TxPart::silent_ns,
       {"How long of it nothing was sent although something was due, in gaps of 100 "
        "ms or more. Of several streams the longest.",
        "ns", "", "as window_ns"}},
      {"pauses",
       list<result::TxPart>(&result::TxPart::pauses, pause_fields()),
       {"Times in which a sender got nothing out, or its host refused datagrams; at "
        "most 8 a stream, neighbours of the same reason as one."}},
      {"governor",
       &result::TxPart::governor,
       {"What kept a sender without a rate from overrunning the receiver's socket: "
        "what the receiver told of it; nothing, as `--rate flood` asks for; or "
        "nothing, as there was a rate or the receiver does not tell.",
        "", "", "the sender did not tell", "none receiver flood"}},
      {"held_ratio",
       &result::TxPart::held_ratio,
       {"Share of the time in which the sender waited for room in the receiver's "
        "socket; the most of all streams.",
        "0..1", "", "there was no governor"}},
      {"held_path_ratio",
       &result::TxPart::held_path_ratio,
       {"How much of that stream's `held_ratio` was not the receiver's doing: its socket had room, "
        "but word of it was still on its way, as over a link or a queue in the network that is "
        "slower than both hosts.",
        "0..1", "", "there was no governor, or the sender did not tell"}},
      {"host",
       object<result::TxPart>(&result::TxPart::host, host_fields()),
       {"What the sending host kept from the threads of this test."}},
  };
  return fields;
}

// NOLINTNEXTLINE(readability-function-size): the rows of a table
const Fields<result::RxPart>& rx_fields() {
  static const Fields<result::RxPart> fields{
      {"datagrams",
       &result::RxPart::datagrams,
       {"Data datagrams read: unique + duplicates + late + invalid.", "", "",
        "the receiver's report is missing"}},
      {"unique",
       &result::RxPart::unique,
       {"U: first copies that arrived in time.", "", "RFC 5560 s2",
        "the receiver's report is missing", "", 17, 35}},
      {"unique_bytes",
       &result::RxPart::unique_bytes,
       {"UDP payload of these.", "B", "", "the receiver's report is missing", "", 18, 36}},
      {"late",
       &result::RxPart::late,
       {"First copies that came more than Tmax = 3 s after they were overtaken: counted as lost.",
        "", "RFC 7680 s2.8.2, RFC 8912", "the receiver's report is missing"}},
      {"invalid",
       &result::RxPart::invalid,
       {"Datagrams of another session, with a damaged head, an impossible number or length.", "",
        "RFC 7680 s2.5", "the receiver's report is missing"}},
      {"first_unix_ns",
       &result::RxPart::first_unix_ns,
       {"First arrival, by the receiver's clock.", "ns since 1970, UTC", "", "nothing arrived"}},
      {"last_unix_ns",
       &result::RxPart::last_unix_ns,
       {"Last arrival of a first copy.", "ns since 1970, UTC", "", "nothing arrived"}},
      {"span_ns",
       &result::RxPart::span_ns,
       {"From the first to the last arrival of first copies on the receiver's monotonic clock, "
        "over all streams.",
        "ns", "", "fewer than two arrived", "", 21, 39}},
      {"goodput_bps",
       &result::RxPart::goodput_bps,
       {"8 * (unique_bytes - length of the first arrival) / span: payload that ended after the "
        "first datagram had. Never the sum of the streams' rates.",
        "bit/s", "RFC 9097 s5.6 (units)", "fewer than two arrived, or the span is 0", "", 19, 37}},
      {"ip_bps",
       &result::RxPart::ip_bps,
       {"As goodput with IP and UDP headers: 28 B (IPv4) or 48 B (IPv6) for each datagram that "
        "came "
        "whole, an IP header for each fragment of others; of a mix of sizes, or of frames, the "
        "mean by the plan.",
        "bit/s", "RFC 9097 s5.3",
        "as goodput, or datagrams of a trace came in fragments: how many did is not known"}},
      {"wire_bps",
       &result::RxPart::wire_bps,
       {"As ip_bps with Ethernet framing: 18 B header and FCS, 20 B preamble and gap for each "
        "packet, and what fills a frame up to 64 B; no VLAN tag.",
        "bit/s", "RFC 2544 s9.1, App. B", "as ip_bps"}},
      {"pps", &result::RxPart::pps, {"(unique - 1) / span.", "1/s", "", "as goodput", "", 20, 38}},
      {"gro",
       &result::RxPart::gro,
       {"Most datagrams in one read (UDP_GRO); 0 - none were merged.", "", "",
        "the receiver's report is missing"}},
      {"batch_mean",
       &result::RxPart::batch_mean,
       {"datagrams / reads.", "", "", "nothing was read"}},
      {"cpu_percent",
       &result::RxPart::cpu_percent,
       {"Processor time of the receiving threads. Streams that share a thread share its time.",
        "% of a core", "",
        "not measured by every stream, or the test was cut off before its books were closed"}},
      {"rcvbuf_bytes",
       &result::RxPart::rcvbuf_bytes,
       {"Receive buffer granted by the kernel, the smallest of the streams' sockets.", "B", "",
        "the receiver's report is missing"}},
      {"checksum_errors",
       &result::RxPart::checksum_errors,
       {"Datagrams that the receiving host's UDP dropped for a wrong checksum while the books were "
        "open: of all its sockets, so those of others may be among them. They count as lost in the "
        "network.",
        "", "RFC 7680 s2.5", "the receiver's report is missing"}},
      {"ttl",
       &result::RxPart::ttl,
       {"TTL (IPv6: hop limit) with which control datagrams arrived before the data.", "",
        "RFC 791, RFC 8200", "the system did not tell"}},
      {"hops",
       &result::RxPart::hops,
       {"Routers on the way, counted from the nearest usual start value (64, 128 or 255).", "", "",
        "as `ttl`, or it is above 255"}},
      {"fragments_per_datagram",
       &result::RxPart::fragments_per_datagram,
       {"IP packets of the largest datagram, from the largest fragment seen; ip_bps and wire_bps "
        "count their headers. 1: all came whole.",
        "", "RFC 8085 s3.2", "nothing arrived"}},
      {"timestamps",
       &result::RxPart::timestamps,
       {"What stamped the arrivals: the kernel, or the program when it read them.", "",
        "RFC 2330 s10.2", "nothing arrived", "kernel user"}},
      {"finalize_reason",
       &result::RxPart::finalize_reason,
       {"Why the receiver closed its books: all had arrived; nothing more came after the sender's "
        "FIN; the loss threshold; or no FIN said how much was sent.",
        "", "RFC 7680 s2.8.2", "the receiver's report is missing",
        "all_received quiet tmax no_fin"}},
      {"host",
       object<result::RxPart>(&result::RxPart::host, host_fields()),
       {"What the receiving host kept from the threads of this test."}},
  };
  return fields;
}

}  // namespace udperf::report
