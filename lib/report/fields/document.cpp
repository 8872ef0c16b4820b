#include "report/fields/parts.hpp"

namespace udperf::report {
namespace {

using result::ResultDocument;

/// Where no probe crossed, nothing else is known either.
std::optional<bool> if_found(const PathMtu& mtu, bool fact) {
  return mtu.payload_bytes ? std::optional{fact} : std::nullopt;
}

}  // namespace

const Fields<ClockEstimate>& clock_fields() {
  static const Fields<ClockEstimate> fields{
      {"method",
       [](const ClockEstimate& c) {
         return c.method.empty() ? std::nullopt : std::optional{c.method};
       },
       {"`same_host`: both ends read the same clock; `corridor`: theta lies between the minima of "
        "the differences seen each way, whatever the path's asymmetry.",
        "", "RFC 5905 s8", "the relation is not known", "same_host corridor"}},
      {"offset_ns",
       &ClockEstimate::offset_ns,
       {"The server's UTC less the client's.", "ns", "RFC 5905 s8", "not measured"}},
      {"uncertainty_ns",
       &ClockEstimate::uncertainty_ns,
       {"Half the width of what is possible.", "ns", "RFC 7679 s3.7.1",
        "the relation is not known"}},
      {"delay_uncertainty_ns",
       &ClockEstimate::delay_uncertainty_ns,
       {"The same for any moment at which data flowed: with what the clocks may have drifted since "
        "the middle. It is the `uncertainty_ns` of one-way delays.",
        "ns", "RFC 7679 s3.7.1", "both ends read the same clock, or the relation is not known"}},
      {"skew_ppm",
       &ClockEstimate::skew_ppm,
       {"How much faster the server's clock runs.", "ppm", "RFC 3393 s5.2", "not measured"}},
      {"skew_uncertainty_ppm",
       &ClockEstimate::skew_uncertainty_ppm,
       {"Half the width of what is possible of it; the clocks agree as far as is known where it is "
        "not below the magnitude of `skew_ppm`.",
        "ppm", "", "the relation is not known"}},
      {"step_detected",
       &ClockEstimate::step_detected,
       {"Whether a clock was set during the test.", "", "RFC 5481 s6.3", "not measured"}},
  };
  return fields;
}

const Fields<PathMtu>& mtu_fields() {
  static const Fields<PathMtu> fields{
      {"payload_bytes",
       &PathMtu::payload_bytes,
       {"Largest UDP payload that crossed in one piece. `test.payload_bytes` is the smallest of "
        "the directions that run.",
        "B", "", "no probe crossed"}},
      {"exact",
       [](const PathMtu& m) { return if_found(m, m.exact); },
       {"One byte more does not cross, or was not wanted (`capped`). False where loss or time did "
        "not allow to tell.",
        "", "", "no probe crossed"}},
      {"capped",
       [](const PathMtu& m) { return if_found(m, m.capped); },
       {"The largest size that `auto` takes crossed (1472 bytes over IPv4, 1452 over IPv6): the "
        "path may carry more.",
        "", "", "no probe crossed"}},
      {"icmp_seen",
       [](const PathMtu& m) { return if_found(m, m.icmp_seen); },
       {"A hop said by ICMP what it takes.", "", "", "no probe crossed"}},
      {"local_limit",
       [](const PathMtu& m) { return if_found(m, m.local_limit); },
       {"The sending host itself takes no more.", "", "", "no probe crossed"}},
      {"black_hole",
       [](const PathMtu& m) { return if_found(m, m.black_hole); },
       {"Larger datagrams disappear without a word: what relies on ICMP hangs there.", "", "",
        "no probe crossed"}},
  };
  return fields;
}

const Fields<Error>& error_fields() {
  static const Fields<Error> fields{
      {"code",
       [](const Error& e) { return std::string{error_name(e.code)}; },
       {"Kind of the failure; the exit status follows from it.", "", "", "",
        "internal usage system unreachable refused cut_short", 54}},
      {"phase",
       [](const Error& e) {
         return e.phase.empty() ? std::nullopt : std::optional{std::string{e.phase}};
       },
       {"Where in the test it happened: `resolve`, `connect`, `start`, `transfer`, `report`, "
        "`output`.",
        "", "", "it belongs to no phase"}},
      {"message", &Error::message, {"The sentence that is also on stderr."}},
  };
  return fields;
}

const Fields<Warning>& warning_fields() {
  static const Fields<Warning> fields{
      {"code",
       &Warning::code,
       {"Stable name, e.g. `rcvbuf_capped`; `books_do_not_balance` says that this document breaks "
        "an identity and must not be trusted."}},
      {"message", &Warning::message, {"A sentence that says what to do."}},
  };
  return fields;
}

const Fields<result::Note>& note_fields() {
  static const Fields<result::Note> fields{
      {"field", &result::Note::field, {"Dotted path; of an object: all that is null in it."}},
      {"code",
       &result::Note::code,
       {"Stable name, e.g. `no_report`, `single_packet`, `split_unknown`."}},
      {"message", &result::Note::message, {"A sentence."}},
  };
  return fields;
}

// NOLINTNEXTLINE(readability-function-size): the rows of a table
const Fields<result::RttPart>& rtt_fields() {
  static const Fields<result::RttPart> fields{
      {"idle",
       object<result::RttPart>(&result::RttPart::idle, idle_rtt_fields()),
       {"Before data flowed.", "", "RFC 6349 s4"}},
      {"loaded",
       object<result::RttPart>(&result::RttPart::loaded, loaded_rtt_fields()),
       {"While data flowed."}},
      {"timestamps",
       &result::RttPart::timestamps,
       {"What stamped the arrivals of probes and of their answers: the kernel at both "
        "ends, or the program at one when it read them; then the wait for a processor "
        "is in the round trips. Departures are the program's own clock reads, just "
        "before it hands the probe, or the answer, to the system.",
        "", "", "no probe was answered", "kernel user"}},
      {"loss_ratio",
       &result::RttPart::loss_ratio,
       {"Loaded probes without an answer / probes sent. Those that may still be on "
        "their way at the end - sent within the longest round trip and a quarter - "
        "are left out of both.",
        "0..1", "RFC 6673 s4.3", "no probe can be judged"}},
      {"bloat_ns",
       &result::RttPart::bloat_ns,
       {"The queueing that the load causes: rtt.loaded.p50_ns less rtt.idle.p50_ns, "
        "at least 0; or the data's own delay_variation.p50_ns, summed over the "
        "directions, where that is more (see bloat_source).",
        "ns", "RFC 6349 s4.3",
        "one of them is missing, or fewer than five loaded probes came back"}},
      {"bloat_grade",
       &result::RttPart::bloat_grade,
       {"bloat_ns on the scale of the DSLReports speed test: `A+` below 5 ms, `A` below 30, `B` "
        "below 60, `C` below 200, `D` below 400, else `F`.",
        "", "", "`bloat_ns` is", "A+ A B C D F"}},
      {"bloat_source",
       &result::RttPart::bloat_source,
       {"Which of the two was the worse, and so is what bloat_ns says: the round "
        "trips of probes beside the data, or the data's own delay over its smallest "
        "(probes can overtake it).",
        "", "", "as bloat_ns", "probes data"}},
  };
  return fields;
}

// NOLINTNEXTLINE(readability-function-size): the rows of a table
const Fields<result::ResultDocument>& result_fields() {
  static const Fields<result::ResultDocument> fields{
      {"schema",
       [](const ResultDocument& /*of*/) { return std::string{"udperf/1"}; },
       {"Name and version of this schema. It changes when a field changes its meaning or name, not "
        "when one is added. `udperf/1`."}},
      {"version", &ResultDocument::version, {"Version of the program that wrote the document."}},
      {"status",
       [](const ResultDocument& d) { return std::string{status_name(d.status)}; },
       {"How the test ended: `complete` - both ends finished their books; `incomplete` - it had "
        "started and was cut short; `interrupted` - SIGINT or SIGTERM; `error` - it never started.",
        "", "", "", "complete incomplete interrupted error", 0}},
      {"error",
       object<ResultDocument>(&ResultDocument::error, error_fields()),
       {"What went wrong.", "", "", "nothing did"}},
      {"retry_after_ms",
       &ResultDocument::retry_after_ms,
       {"When to try again, as the server that was busy says.", "ms", "",
        "the server did not say"}},
      {"warnings",
       list<ResultDocument>(&ResultDocument::warnings, warning_fields()),
       {"What the user should know that did not stop the test."}},
      {"notes",
       list<ResultDocument>(&ResultDocument::notes, note_fields()),
       {"Why a field is null, or less than it seems."}},
      {"goodput_bps",
       &ResultDocument::goodput_bps,
       {"Headline: `rx.goodput_bps` of the direction that ran; of both their sum, in which a "
        "direction with too few arrivals for a rate adds nothing. Without a rate it is what the "
        "slower of both hosts carries, unless the path carries less; with `--rate flood` what is "
        "left of all that the sender alone can send.",
        "bit/s", "RFC 9097 s5.6 (units)",
        "a receiver's report is missing, or no direction has a rate", "", 11}},
      {"loss_percent",
       &ResultDocument::loss_percent,
       {"Headline: 100 * lost / sent over all directions and streams.", "%", "RFC 7680 s4.1",
        "a receiver's report is missing, or nothing was sent", "", 12}},
      {"limited_by",
       &ResultDocument::limited_by,
       {"What kept the test from carrying all that was asked: loss on the way, loss "
        "in the receiving socket, a sender that lost datagrams itself or fell more "
        "than 5 % short of the asked rate (1 % where `pacing_skipped` has at least half of what "
        "is missing), its own link or shaper where that took no more (`send_blocked`), or "
        "nothing. Where more is missing of the rate than was lost, the loss is not the limit. "
        "Without a rate something "
        "always does: a control group's quota, the receiver's processor (`held_ratio` "
        "of at least 0.05, less than half of it `held_path_ratio`), the sender's own link or "
        "shaper (`send_blocked`), a path that the sender waited for (`held_path_ratio` of at least "
        "0.05), or else the sender's processor. Where nothing was sent for a twentieth of the "
        "time, it is "
        "why: a full socket of the receiver is the receiver's.",
        "", "RFC 7680 s2.8.3, RFC 9097 s7.4",
        "it is not known: a report is missing, nothing was sent, or the split of the "
        "loss was not measured",
        "network receiver_host sender_host none", 13}},
      {"verdict", &ResultDocument::verdict, {"The same in one sentence for people."}},
      {"test", object<ResultDocument>(&ResultDocument::test, test_fields()), {"All of the below."}},
      {"up",
       object<ResultDocument>(&ResultDocument::up, direction_fields(), "direction"),
       {"From the client to the server.", "", "", "this direction did not run"}},
      {"down",
       object<ResultDocument>(&ResultDocument::down, direction_fields(), "direction"),
       {"From the server to the client.", "", "", "this direction did not run"}},
      {"rtt",
       object<ResultDocument>(&ResultDocument::rtt, rtt_fields()),
       {"Round trips of small probes on the test's own port, measured by the client; the time that "
        "the server held a probe is taken off."}},
      {"clock",
       object<ResultDocument>(
           [](const ResultDocument& d) { return d.test.clock.value_or(ClockEstimate{}); },
           clock_fields()),
       {"How the two hosts' clocks relate."}},
      {"mtu",
       group<ResultDocument>(
           {{"up",
             object<ResultDocument>([](const ResultDocument& d) { return d.test.mtu_up; },
                                    mtu_fields()),
             {"From the client to the server.", "", "", "it did not run, or a size was given"}},
            {"down",
             object<ResultDocument>([](const ResultDocument& d) { return d.test.mtu_down; },
                                    mtu_fields()),
             {"From the server to the client.", "", "", "as for `mtu.up`"}}}),
       {"What the path carries unfragmented, with `--packet-size auto`. It is asked before the "
        "test by padded probes that must not be fragmented.",
        "", "RFC 8899"}},
      {"classic",
       group<ResultDocument>(
           {{"kilobytes_per_second",
             &ResultDocument::kilobytes_per_second,
             {"unique_bytes / (last - first arrival) / 1000; of `up` where it ran, else of `down`. "
              "Unlike goodput it counts the first datagram. With `--classic` the figure that the "
              "server said.",
              "kB/s", "", "as `rx.goodput_bps`; with `--classic`, the server did not say it", "",
              53}},
            {"answer",
             &ResultDocument::classic_answer,
             {"What the server of a classic test answered to STOP, as it came, at most 512 bytes; "
              "what is not UTF-8 is replaced.",
              "", "", "not `--classic`, or no answer came"}}}),
       {"The figure of the classic test."}},
      {"flows",
       object<ResultDocument>(&ResultDocument::flows, flows_fields()),
       {"Many flows side by side (`--flows`, or `-P N` with `--local-port A-B`), judged by their "
        "losses, delays and hops.",
        "", "", "the test was not one of flows, or a receiver's report is missing"}},
      {"repeats",
       object<ResultDocument>(&ResultDocument::repeats, repeats_fields()),
       {"The runs of one invocation with `--repeat`, in the document of the last of them.", "", "",
        "there was one run"}},
      {"search",
       object<ResultDocument>(&ResultDocument::search, search_fields(), "search"),
       {"The search for the highest rate (--find-rate): of the direction asked for, of up where "
        "both were. The rest of the document is that of the run that confirmed it.",
        "", "", "nothing was searched"}},
      {"search_down",
       object<ResultDocument>(&ResultDocument::search_down, search_fields(), "search"),
       {"With --direction both the search of down.", "", "", "there was none"}},
      {"search_sizes",
       list<ResultDocument>(&ResultDocument::search_sizes, size_answer_fields()),
       {"With --sizes: what was found for each size, in the order of the searches; `search` and "
        "the "
        "rest of the document are the last one's.",
        "", "RFC 2544 s26.1"}},
  };
  return fields;
}

}  // namespace udperf::report
