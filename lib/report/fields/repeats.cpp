#include "model/session_text.hpp"
#include "report/fields/parts.hpp"

namespace udperf::report {
namespace {

using result::RepeatsPart;
using result::RunPart;

constexpr std::string_view kNoWay = "neither direction has it";
constexpr std::string_view kNone = "no complete run has it";

/// A figure over the complete runs, in this unit.
Fields<stats::Spread> make_spread(std::string_view unit) {
  return Fields<stats::Spread>{
      {"n", &stats::Spread::n, {"Runs that have it."}},
      {"mean", &stats::Spread::mean, {"Mean.", unit}},
      {"median", &stats::Spread::median, {"Median.", unit}},
      {"min", &stats::Spread::min, {"Smallest.", unit}},
      {"max", &stats::Spread::max, {"Largest.", unit}},
      {"stddev",
       &stats::Spread::stddev,
       {"Standard deviation of the sample (n - 1).", unit, "", "fewer than two runs"}},
      {"ci95",
       &stats::Spread::ci95,
       {"95 % confidence interval of the mean, by Student's t.", unit, "", "fewer than two runs"}},
  };
}

}  // namespace

// NOLINTNEXTLINE(readability-function-size): the rows of a table
const Fields<result::RunPart>& run_fields() {
  static const Fields<result::RunPart> fields{
      {"id",
       [](const RunPart& r) {
         return r.session ? std::optional{session_text(*r.session)} : std::nullopt;
       },
       {"As `test.id`.", "", "", "the run never started"}},
      {"status",
       [](const RunPart& r) { return std::string{status_name(r.status)}; },
       {"As `status`.", "", "", "", "complete incomplete interrupted error"}},
      {"start_unix_ns", &RunPart::start_unix_ns, {"As `test.start_unix_ns`.", "ns"}},
      {"end_unix_ns", &RunPart::end_unix_ns, {"As `test.end_unix_ns`.", "ns"}},
      {"goodput_bps", &RunPart::goodput_bps, {"As `goodput_bps`.", "bit/s", "", "as there"}},
      {"loss_percent", &RunPart::loss_percent, {"As `loss_percent`.", "%", "", "as there"}},
      {"rtt_idle_p50_ns",
       &RunPart::rtt_idle_p50_ns,
       {"As `rtt.idle.p50_ns`.", "ns", "", "as there"}},
      {"rtt_loaded_p50_ns",
       &RunPart::rtt_loaded_p50_ns,
       {"As `rtt.loaded.p50_ns`.", "ns", "", "as there"}},
      {"rtt_loaded_p99_ns",
       &RunPart::rtt_loaded_p99_ns,
       {"As `rtt.loaded.p99_ns`.", "ns", "", "as there"}},
      {"jitter_rfc3550_ns",
       &RunPart::jitter_rfc3550_ns,
       {"As `up.jitter.rfc3550_ns`, of the direction in which it is higher.", "ns",
        "RFC 3550 s6.4.1", kNoWay}},
      {"delay_variation_p99_ns",
       &RunPart::delay_variation_p99_ns,
       {"As `up.delay_variation.p99_ns`, likewise.", "ns", "", kNoWay}},
      {"duplicates_fraction",
       &RunPart::duplicates_fraction,
       {"As `up.duplicates.fraction`, likewise.", "0..1", "", kNoWay}},
      {"reordering_ratio",
       &RunPart::reordering_ratio,
       {"As `up.reordering.ratio`, likewise.", "0..1", "", kNoWay}},
      {"voice_mos",
       &RunPart::voice_mos,
       {"As `up.voice.mos_least`, of the direction in which it is lower.", "1..4.5", "", kNoWay}},
      {"kilobytes_per_second",
       &RunPart::kilobytes_per_second,
       {"As `classic.kilobytes_per_second`.", "kB/s", "", "as there"}},
  };
  return fields;
}

const Fields<result::RepeatsPart>& repeats_fields() {
  static const auto rate = make_spread("bit/s");
  static const auto loss = make_spread("%");
  static const auto rtt = make_spread("ns");
  static const auto classic = make_spread("kB/s");
  static const Fields<result::RepeatsPart> fields{
      {"wanted", &RepeatsPart::wanted, {"Runs that were asked for."}},
      {"runs",
       list<RepeatsPart>(&RepeatsPart::runs, run_fields()),
       {"Those that there were, in order: fewer where one did not complete."}},
      {"goodput_bps",
       object<RepeatsPart>(&RepeatsPart::goodput_bps, rate),
       {"Goodput over the complete runs.", "bit/s", "", kNone}},
      {"loss_percent",
       object<RepeatsPart>(&RepeatsPart::loss_percent, loss),
       {"Loss over the complete runs.", "%", "", kNone}},
      {"rtt_loaded_p50_ns",
       object<RepeatsPart>(&RepeatsPart::rtt_loaded_p50_ns, rtt),
       {"Median loaded round trip over the complete runs.", "ns", "", kNone}},
      {"kilobytes_per_second",
       object<RepeatsPart>(&RepeatsPart::kilobytes_per_second, classic),
       {"Throughput of a classic test over the complete runs.", "kB/s", "", kNone}},
  };
  return fields;
}

}  // namespace udperf::report
