#include "monitor/round_document.hpp"

#include <algorithm>

#include "base/saturating.hpp"
#include "monitor/ratio.hpp"
#include "result/version.hpp"
#include "voice/e_model.hpp"

namespace udperf::monitor {
namespace {

using result::DelayPart;
using result::DirectionPart;
using result::Nanoseconds;
using result::Number;
using result::ResultDocument;

Nanoseconds ns_of(const std::optional<Duration>& value) {
  return value ? Nanoseconds{value->count()} : std::nullopt;
}

/// 1, 2 or 5 times a power of ten: where the steps of a document's histogram end.
bool is_step(std::int64_t ns) {
  while (ns > 0 && ns % 10 == 0) {
    ns /= 10;
  }
  return ns == 1 || ns == 2 || ns == 5;
}

std::vector<result::HistogramStep> steps_of(const TimeHistogram& times) {
  std::vector<result::HistogramStep> steps;
  std::uint64_t seen = 0;
  std::uint64_t in_step = 0;
  for (std::size_t i = 0; i < TimeHistogram::kBounds && (seen < times.total() || in_step > 0);
       ++i) {
    seen += times.count(i);
    in_step += times.count(i);
    const std::int64_t bound = TimeHistogram::bound(i).count();
    if (is_step(bound)) {
      steps.push_back({bound, in_step});
      in_step = 0;
    }
  }
  if (seen < times.total()) {  // beyond the last bound
    steps.push_back({ns_of(times.max()).value_or(INT64_MAX), times.total() - seen});
  }
  return steps;
}

DelayPart delay_part(const TimeHistogram& times) {
  DelayPart part;
  part.n = times.total();
  if (times.total() == 0) {
    return part;
  }
  part.min_ns = ns_of(times.min());
  part.mean_ns = times.sum_ns() / saturate<std::int64_t>(times.total());
  part.p50_ns = ns_of(times.percentile(0.5));
  part.p90_ns = ns_of(times.percentile(0.9));
  part.p95_ns = ns_of(times.percentile(0.95));
  part.p99_ns = ns_of(times.percentile(0.99));
  part.p999_ns = ns_of(times.percentile(0.999));
  part.max_ns = ns_of(times.max());
  return part;
}

DirectionPart direction(const RoundWay& way) {
  DirectionPart part;
  part.tx.packets = way.sent;
  part.tx.payload_bytes = way.sent_bytes;
  part.rx.unique = way.unique;
  part.rx.unique_bytes = way.unique_bytes;
  part.rx.late = way.late;
  part.rx.goodput_bps = way.goodput_bps;
  if (way.hops) {
    part.rx.hops = *way.hops;
  }
  part.loss.packets = way.lost;
  part.loss.ratio = ratio_of(way.lost, way.sent);
  if (way.sent_bytes >= way.unique_bytes) {
    part.loss.bytes = way.sent_bytes - way.unique_bytes;
  }
  part.loss.rx_socket_drop = way.lost_rx_socket;
  part.loss.local_tx_drop = way.lost_tx_host;
  if (way.lost_rx_socket) {
    part.loss.network_packets = way.lost_network();
  }
  part.duplicates.packets = way.duplicates;
  part.reordering.packets = way.reordered;
  part.jitter.rfc3550_ns = ns_of(way.jitter);
  part.delay_variation = delay_part(way.delay_variation);
  part.delay_variation.histogram = steps_of(way.delay_variation);
  if (way.delay) {
    part.delay = delay_part(*way.delay);
    part.delay.absolute_valid = true;
  }
  return part;
}

/// What is kept of how a call sounded, and what its parameters say.
result::VoicePart voice_part(const RoundVoice& kept, const VoiceSetup& setup) {
  result::VoicePart part;
  if (setup.wanted()) {
    const voice::CodecFigures& codec = voice::figures(setup.codec);
    part.codec = codec.name;
    part.title = codec.title;
    part.ie = codec.ie;
    part.bpl = codec.bpl;
    part.buffer = setup.adaptive() ? "adaptive" : "fixed";
  }
  part.loss_after_ratio = kept.missed_ratio;
  part.r = kept.r;
  part.mos = kept.mos;
  part.mos_least = kept.mos;
  return part;
}

TestStatus status_of(RoundStatus status) {
  return status == RoundStatus::complete    ? TestStatus::complete
         : status == RoundStatus::cut_short ? TestStatus::incomplete
                                            : TestStatus::error;
}

TestOutcome test_of(const RoundResult& round, const Target& target) {
  TestOutcome test;
  test.status = status_of(round.status);
  test.error = round.error;
  if (!test.error && test.status == TestStatus::error) {
    test.error = Error{ErrorCode::system, "this host did not measure", 0, "schedule"};
  }
  if (round.session != 0) {
    test.session = round.session;
  }
  test.start = round.start;
  test.end = round.start + round.length;
  test.params = round.params;
  test.server = round.address;
  test.server_name = target.address.host.empty() ? target.name : target.address.host;
  test.labels = target.labels;
  test.labels.emplace_back("target", target.name);
  test.labels.emplace_back("module", target.module);
  if (round.clock_offset_ns) {
    test.clock.emplace();
    // Of one host's clock there is nothing uncertain.
    test.clock->method = round.clock_uncertainty_ns.value_or(1) == 0 ? "same_host" : "corridor";
    test.clock->offset_ns = round.clock_offset_ns;
    test.clock->uncertainty_ns = round.clock_uncertainty_ns;
    test.clock->step_detected = round.clock_stepped;
  }
  return test;
}

void sum_up(ResultDocument& document) {
  std::uint64_t sent = 0;
  std::uint64_t lost = 0;
  for (const auto* part : {&document.up, &document.down}) {
    if (*part) {
      sent += (*part)->tx.packets.value_or(0);
      lost += (*part)->loss.packets.value_or(0);
      if ((*part)->rx.goodput_bps) {
        document.goodput_bps = document.goodput_bps.value_or(0) + *(*part)->rx.goodput_bps;
      }
    }
  }
  if (const Number ratio = ratio_of(lost, sent)) {
    document.loss_percent = 100 * *ratio;
  }
}

/// What set the pace of a test without a rate is not in what is left of it: only its loss is
/// judged.
void judge_loss(ResultDocument& document) {
  TestParams& params = document.test.params;
  const TestParams asked = params;
  const SendRate some{SendRate::Kind::bits, 1};
  params.rate_up = params.rate_up.limited() ? params.rate_up : some;
  params.rate_down = params.rate_down.limited() ? params.rate_down : some;
  const result::Verdict verdict = result::judge(document);
  params = asked;
  document.limited_by = verdict.limited_by;
  document.verdict = verdict.sentence;
}

}  // namespace

ResultDocument round_document(const RoundResult& round, const Target& target) {
  ResultDocument document;
  document.version = result::program_version();
  document.test = test_of(round, target);
  document.status = document.test.status;
  document.error = document.test.error;
  if (round.up) {
    document.up = direction(*round.up);
  }
  if (round.down) {
    document.down = direction(*round.down);
  }
  if (round.rtt) {
    document.rtt.loaded = delay_part(round.rtt->times);
    const std::uint64_t sent = round.rtt->sent;
    document.rtt.loss_ratio = ratio_of(sent - std::min(round.rtt->times.total(), sent), sent);
  }
  if (document.up && round.up->voice) {
    document.up->voice = voice_part(*round.up->voice, round.params.voice);
  }
  if (document.down && round.down->voice) {
    document.down->voice = voice_part(*round.down->voice, round.params.voice);
  }
  sum_up(document);
  judge_loss(document);
  document.notes = result::list_notes(document);
  document.notes.push_back(
      {"test", "history",
       "from a monitor's history, which keeps counts and histograms of each round: percentiles are "
       "at most an eighth above, and what it does not keep is null"});
  return document;
}

}  // namespace udperf::monitor
