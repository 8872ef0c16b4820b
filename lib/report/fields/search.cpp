#include "pacing/load_adjustment.hpp"
#include "report/fields/parts.hpp"

namespace udperf::report {

std::optional<double> packets_per_second(const search::SizeAnswer& size) {
  return size.answer.answer_bps && size.payload_bytes != 0
             ? std::optional{*size.answer.answer_bps / 8 / size.payload_bytes}
             : std::nullopt;
}
namespace {

using search::Answer;
using search::Capacity;

std::optional<std::string> limit_text(const std::optional<search::Limit>& limit) {
  return limit ? std::optional<std::string>{search::limit_name(*limit)} : std::nullopt;
}

}  // namespace

const Fields<search::TrialPart>& trial_fields() {
  static const Fields<search::TrialPart> fields{
      {"step",
       [](const search::TrialPart& t) { return std::string{step_name(t.step)}; },
       {"What the trial was for.", "", "", "",
        "approach overload host loss_check bisect confirm adjust"}},
      {"rate_bps",
       &search::TrialPart::rate_bps,
       {"Payload rate that was asked for; of adjust the highest that was sent.", "bit/s"}},
      {"duration_s", &search::TrialPart::duration_s, {"How long it sent.", "s"}},
      {"payload_bytes", &search::TrialPart::payload_bytes, {"UDP payload of each datagram.", "B"}},
      {"offered_bps",
       &search::TrialPart::offered_bps,
       {"As tx.offered_bps, summed over the streams.", "bit/s", "", "there was no report"}},
      {"goodput_bps",
       &search::TrialPart::goodput_bps,
       {"As rx.goodput_bps.", "bit/s", "", "there was no report"}},
      {"loss_ratio",
       &search::TrialPart::loss_ratio,
       {"As loss.ratio.", "0..1", "", "there was no report"}},
      {"rtt_p50_ns",
       &search::TrialPart::rtt_p50_ns,
       {"Median round trip under the trial's load.", "ns", "", "no probe came back"}},
      {"verdict",
       [](const search::TrialPart& t) { return std::string{verdict_name(t.verdict)}; },
       {"passed; lossy: more was lost than asked for; congested: less came out than went in, or "
        "the queue grew all the time; host_limited: the sender did not reach the rate, or the "
        "hosts lost what was lost; unusable: it did not complete.",
        "", "", "", "passed lossy congested host_limited unusable"}},
  };
  return fields;
}

const Fields<search::SubInterval>& sub_interval_fields() {
  static const Fields<search::SubInterval> fields{
      {"start_s", &search::SubInterval::start_s, {"Since the first arrival.", "s"}},
      {"ip_bps",
       &search::SubInterval::ip_bps,
       {"Received, first copies, IP and UDP headers included.", "bit/s", "RFC 9097 s5.3"}},
      {"offered_ip_bps",
       &search::SubInterval::offered_ip_bps,
       {"Sent: of the sequence numbers that were passed in it.", "bit/s", "RFC 9097 s7.3"}},
      {"loss_ratio", &search::SubInterval::loss_ratio, {"Lost of these.", "0..1", "RFC 9097 s5.4"}},
      {"rtt_min_ns",
       &search::SubInterval::rtt_min_ns,
       {"Shortest round trip that began in it.", "ns", "RFC 9097 s5.4", "no probe came back"}},
      {"rtt_max_ns",
       &search::SubInterval::rtt_max_ns,
       {"Longest.", "ns", "RFC 9097 s5.4", "no probe came back"}},
  };
  return fields;
}

// NOLINTNEXTLINE(readability-function-size): the rows of a table
const Fields<search::Capacity>& capacity_fields() {
  static const Fields<search::Capacity> fields{
      {"maximum",
       object<Capacity>(
           [](const Capacity& c) { return c.maximum ? &c.sub_intervals.at(*c.maximum) : nullptr; },
           sub_interval_fields(), "sub_interval"),
       {"The sub-interval with the maximum; the answer is its ip_bps.", "", "RFC 9097 s5.3",
        "none met the loss target"}},
      {"flows", &Capacity::flows, {"F: streams, each with its own adjustment."}},
      {"payload_bytes", &Capacity::payload_bytes, {"ss: UDP payload of each datagram.", "B"}},
      {"test_interval_s", &Capacity::test_interval_s, {"I.", "s", "RFC 9097 s4"}},
      {"sub_interval_s", &Capacity::sub_interval_s, {"dt.", "s", "RFC 9097 s4"}},
      {"feedback_interval_ns",
       [](const Capacity& /*of*/) { return pacing::LoadAdjustment::kFeedbackInterval.count(); },
       {"FT.", "ns", "RFC 9097 s4"}},
      {"feedback_timeout_ns",
       [](const Capacity& /*of*/) { return pacing::LoadAdjustment::kFeedbackTimeout.count(); },
       {"The sender stops after so long without feedback.", "ns", "RFC 9097 s4"}},
      {"low_delay_ns",
       [](const Capacity& /*of*/) { return pacing::LoadAdjustment::kLowDelay.count(); },
       {"Round trip over the smallest: below it the rate rises.", "ns", "RFC 9097 s8.1"}},
      {"high_delay_ns",
       [](const Capacity& /*of*/) { return pacing::LoadAdjustment::kHighDelay.count(); },
       {"Above it the rate falls.", "ns", "RFC 9097 s8.1"}},
      {"sequence_errors",
       [](const Capacity& /*of*/) { return pacing::LoadAdjustment::kSequenceErrors; },
       {"More lost, reordered and duplicated datagrams than this in one feedback, and the rate "
        "falls.",
        "", "RFC 9097 s8.1"}},
      {"confirmations",
       [](const Capacity& /*of*/) { return pacing::LoadAdjustment::kConfirmations; },
       {"Feedbacks with congestion that end the fast increase.", "", "RFC 9097 s8.1"}},
      {"fast_increase_rows",
       [](const Capacity& /*of*/) { return pacing::LoadAdjustment::kFastIncrease; },
       {"Rows of the rate table.", "", "RFC 9097 s8.1"}},
      {"fast_decrease_rows",
       [](const Capacity& /*of*/) { return pacing::LoadAdjustment::kFastDecrease; },
       {"Rows, once, when congestion is confirmed.", "", "RFC 9097 s8.1"}},
      {"sub_intervals",
       list<Capacity>(&Capacity::sub_intervals, sub_interval_fields(), "sub_interval"),
       {"All of the test interval, in order."}},
  };
  return fields;
}

// NOLINTNEXTLINE(readability-function-size): the rows of a table
const Fields<search::Answer>& search_fields() {
  static const Fields<search::Answer> fields{
      {"algorithm",
       [](const Answer& a) { return std::string{search::algorithm_name(a.algorithm)}; },
       {"How it was searched (docs/search.md).", "", "", "", "udperf rfc9097"}},
      {"direction",
       [](const Answer& a) { return std::string{a.way == Way::up ? "up" : "down"}; },
       {"Which direction.", "", "", "", "up down"}},
      {"max_loss", &Answer::max_loss, {"Share that could be lost (--max-loss).", "0..1"}},
      {"answer_bps",
       &Answer::answer_bps,
       {"Highest payload rate that the path carries with no more loss than that.", "bit/s", "",
        "there is none, or it was not found in time", "", 56, 59}},
      {"answer_ip_bps",
       &Answer::answer_ip_bps,
       {"The same with IP and UDP headers: 28 B (IPv4) or 48 B (IPv6) for each datagram.", "bit/s",
        "RFC 9097 s5.3", "as answer_bps"}},
      {"confirmed",
       &Answer::confirmed,
       {"Whether a run of at least three seconds at the answer met the loss target.", "", "", "",
        "", 57, 60}},
      {"bracket_low_bps",
       &Answer::bracket_low_bps,
       {"Highest rate that passed a trial and that nothing speaks against.", "bit/s", "",
        "none did"}},
      {"bracket_high_bps",
       &Answer::bracket_high_bps,
       {"Lowest rate that failed, or that is above what came out of the bottleneck under overload.",
        "bit/s", "", "none did"}},
      {"limited_by",
       [](const Answer& a) { return limit_text(a.limited_by); },
       {"What kept the answer from being higher.", "", "", "the search was interrupted",
        "network host_limited max_rate server_policy path_loss below_min_rate unstable time", 58,
        61}},
      {"underestimate_likely",
       &Answer::underestimate_likely,
       {"Whether the true rate may well be higher: the time was over, or the bottleneck's rate was "
        "not steady."}},
      {"shaper_suspected",
       &Answer::shaper_suspected,
       {"Whether short trials passed at rates that did not last: a token bucket."}},
      {"bottleneck_bps",
       &Answer::bottleneck_bps,
       {"Payload rate that came out at the end of an overload.", "bit/s", "RFC 9097 s8.1",
        "there was none"}},
      {"rtt_idle_p50_ns",
       &Answer::rtt_idle_p50_ns,
       {"Median round trip before a trial, the smallest.", "ns", "", "no probe came back"}},
      {"rtt_loaded_p50_ns",
       &Answer::rtt_loaded_p50_ns,
       {"Median round trip at the answer.", "ns", "", "nothing was confirmed"}},
      {"bloat_grade",
       [](const Answer& a) {
         const auto added = added_delay(a);
         return added ? std::optional<std::string>{result::bloat_grade(*added)} : std::nullopt;
       },
       {"As rtt.bloat_grade, from these two.", "", "", "one of them is", "A+ A B C D F"}},
      {"duration_s", &Answer::duration_s, {"How long the search took.", "s"}},
      {"trials",
       list<Answer>(&Answer::trials, trial_fields(), "trial"),
       {"All of them, in order."}},
      {"capacity",
       object<Answer>(&Answer::capacity, capacity_fields(), "capacity"),
       {"With --find-rate=rfc9097: the Maximum IP-Layer Capacity and how it was measured.", "",
        "RFC 9097 s5, s8, s9", "another algorithm, or it was not begun"}},
  };
  return fields;
}

const Fields<search::SizeAnswer>& size_answer_fields() {
  using search::SizeAnswer;
  static const Fields<SizeAnswer> fields{
      {"frame_bytes",
       &SizeAnswer::frame_bytes,
       {"Ethernet frame that carries such a datagram, header and FCS included.", "B",
        "RFC 2544 s9.1"}},
      {"payload_bytes", &SizeAnswer::payload_bytes, {"UDP payload of each datagram.", "B"}},
      {"direction",
       [](const SizeAnswer& s) { return std::string{s.answer.way == Way::up ? "up" : "down"}; },
       {"Which direction.", "", "", "", "up down"}},
      {"answer_bps",
       [](const SizeAnswer& s) { return s.answer.answer_bps; },
       {"As search.answer_bps.", "bit/s", "", "as search.answer_bps"}},
      {"answer_ip_bps",
       [](const SizeAnswer& s) { return s.answer.answer_ip_bps; },
       {"As search.answer_ip_bps.", "bit/s", "", "as search.answer_bps"}},
      {"answer_pps",
       [](const SizeAnswer& s) { return packets_per_second(s); },
       {"The same in datagrams.", "1/s", "RFC 2544 s26.1", "as search.answer_bps"}},
      {"confirmed",
       [](const SizeAnswer& s) { return s.answer.confirmed; },
       {"As search.confirmed."}},
      {"limited_by",
       [](const SizeAnswer& s) { return limit_text(s.answer.limited_by); },
       {"As search.limited_by.", "", "", "the search was interrupted",
        "network host_limited max_rate server_policy path_loss below_min_rate unstable time"}},
      {"duration_s",
       [](const SizeAnswer& s) { return s.answer.duration_s; },
       {"How long the search took.", "s"}},
      {"trials",
       list<SizeAnswer>([](const SizeAnswer& s)
                            -> const std::vector<search::TrialPart>& { return s.answer.trials; },
                        trial_fields(), "trial"),
       {"As search.trials."}},
  };
  return fields;
}

}  // namespace udperf::report
