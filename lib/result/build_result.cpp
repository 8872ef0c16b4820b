#include <algorithm>
#include <array>

#include "base/units.hpp"
#include "result/aggregate.hpp"
#include "result/version.hpp"

namespace udperf::result {
namespace {

/// The sum over the directions. One whose receiver did not tell leaves the sum unknown; one in
/// which too little arrived for a rate adds nothing.
Number headline_goodput(const ResultDocument& document) {
  Number sum;
  for (const auto* part : {&document.up, &document.down}) {
    if (!*part) {
      continue;
    }
    const RxPart& rx = (*part)->rx;
    if (!rx.unique) {
      return std::nullopt;
    }
    if (rx.goodput_bps) {
      sum = sum.value_or(0) + *rx.goodput_bps;
    }
  }
  return sum;
}

DelayPart rtt_part(const std::optional<RttSummary>& summary) {
  DelayPart part;
  if (!summary) {
    return part;
  }
  part.n = summary->delay.n;
  if (summary->delay.n > 0) {
    part.min_ns = summary->delay.min_ns;
    part.mean_ns = summary->delay.mean_ns;
    part.p50_ns = summary->delay.p50_ns;
    part.p90_ns = summary->delay.p90_ns;
    part.p99_ns = summary->delay.p99_ns;
    part.max_ns = summary->delay.max_ns;
  }
  return part;
}

/// What the load adds, by the probes that ran beside the data and by the data itself: the worse of
/// both. Probes can overtake the data, by priority or by another queue.
void fill_bloat(const ResultDocument& document, RttPart& rtt) {
  constexpr std::uint64_t kFewest = 5;  // a median of less says little
  if (rtt.idle.p50_ns && rtt.loaded.p50_ns && rtt.loaded.n.value_or(0) >= kFewest) {
    rtt.bloat_ns = std::max<std::int64_t>(*rtt.loaded.p50_ns - *rtt.idle.p50_ns, 0);
    rtt.bloat_source = "probes";
  }
  std::int64_t data = 0;
  for (const auto* part : {&document.up, &document.down}) {
    if (*part && (*part)->delay_variation.n.value_or(0) >= kFewest) {
      data += std::clamp<std::int64_t>((*part)->delay_variation.p50_ns.value_or(0), 0,
                                       std::int64_t{1} << 60U);
    }
  }
  if (rtt.bloat_ns && data > *rtt.bloat_ns) {
    rtt.bloat_ns = data;
    rtt.bloat_source = "data";
  }
  if (rtt.bloat_ns) {
    rtt.bloat_grade = bloat_grade(*rtt.bloat_ns);
  }
}

void fill_rtt(const TestOutcome& outcome, const ResultDocument& document, RttPart& rtt) {
  rtt.idle = rtt_part(outcome.rtt_idle);
  rtt.loaded = rtt_part(outcome.rtt_loaded);
  fill_bloat(document, rtt);
  bool kernel = true;
  for (const auto* summary : {&outcome.rtt_idle, &outcome.rtt_loaded}) {
    if (*summary && (*summary)->delay.n > 0) {
      kernel = kernel && (*summary)->kernel_stamps;
      rtt.timestamps = kernel ? "kernel" : "user";
    }
  }
  if (!outcome.rtt_loaded) {
    return;
  }
  const std::uint64_t sent = outcome.rtt_loaded->sent;
  rtt.loss_ratio = quotient(sent - std::min(outcome.rtt_loaded->delay.n, sent), sent);
}

ClockRelation relation(const std::optional<ClockEstimate>& clock, Way way) {
  ClockRelation out;
  if (clock && clock->theta_ns && clock->uncertainty_ns) {
    // theta is the server's clock minus the client's; the receiver of `up` is the server.
    out.theta_ns = way == Way::up ? *clock->theta_ns : time_between(*clock->theta_ns, 0);
    out.uncertainty_ns = clock->delay_uncertainty_ns.value_or(*clock->uncertainty_ns);
  }
  return out;
}

Number loss_percent(const ResultDocument& document) {
  std::uint64_t lost = 0;
  std::uint64_t sent = 0;
  for (const auto* part : {&document.up, &document.down}) {
    if (!*part) {
      continue;
    }
    const Count& packets = (*part)->loss.packets;
    if (!packets || !(*part)->rx.unique) {
      return std::nullopt;
    }
    lost += *packets;
    sent += *packets + *(*part)->rx.unique;
  }
  if (sent == 0) {
    return std::nullopt;
  }
  return 100.0 * static_cast<double>(lost) / static_cast<double>(sent);
}

Number classic_rate(const ResultDocument& document) {
  if (document.test.classic) {
    return document.test.classic->kilobytes_per_second;
  }
  const auto& part = document.up ? document.up : document.down;
  if (!part || !part->rx.unique_bytes || part->rx.span_ns.value_or(0) <= 0) {
    return std::nullopt;
  }
  return static_cast<double>(*part->rx.unique_bytes) * 1e6 / static_cast<double>(*part->rx.span_ns);
}

/// Marks that the way has changed: what relies on them does not work there (RFC 3168, RFC 2474).
void warn_of_marks(const DirectionPart& part, const TestParams& params, const char* way,
                   std::vector<Warning>& warnings) {
  const EcnPart& ecn = part.ecn;
  if (!ecn.not_ect) {
    return;
  }
  const std::uint64_t unique = *ecn.not_ect + *ecn.ect0 + *ecn.ect1 + *ecn.ce;
  const auto changed = [&](std::uint64_t count, const char* code, const std::string& what) {
    if (count > 0) {
      warnings.push_back(Warning{code, std::to_string(count) + " of " + std::to_string(unique) +
                                           " datagrams on the way " + way + " arrived " + what});
    }
  };
  if (params.ecn != 0) {
    changed(*ecn.not_ect, "ecn_bleached", "without the ECN mark that they were sent with");
    const std::uint64_t other = params.ecn == 2 ? *ecn.ect1 : params.ecn == 1 ? *ecn.ect0 : 0;
    changed(other, "ecn_changed", "with the other ECT mark");
  } else {
    changed(*ecn.ect0 + *ecn.ect1 + *ecn.ce, "ecn_changed",
            "with an ECN mark although they were sent without");
  }
  if (ecn.dscp_received && *ecn.dscp_received != params.dscp) {
    warnings.push_back(
        Warning{"dscp_changed", "DSCP " + std::to_string(params.dscp) + " was sent, " +
                                    std::to_string(*ecn.dscp_received) + " arrived on the way " +
                                    way + ": what it asks for is not honoured beyond that hop"});
  }
}

std::string seconds_text(std::int64_t ns) {
  return format_duration(Duration{ns});
}

/// What kept a sender from sending: its own host, or a receiver that was not heard.
void warn_of_pauses(const DirectionPart& part, const char* way, std::vector<Warning>& warnings) {
  constexpr std::int64_t kWorthAWord = 250'000'000;  // a busy host stands still for less
  for (const SendPausePart& pause : part.tx.pauses) {
    const auto at = static_cast<std::int64_t>(pause.start_s * 1e9);
    const auto length = static_cast<std::int64_t>(pause.duration_s * 1e9);
    if (pause.packets > 0) {
      warnings.push_back(
          Warning{"send_refused", std::string{"on the way "} + way + " the sending host refused " +
                                      std::to_string(pause.packets) + " datagrams from " +
                                      seconds_text(at) + " on, within " + seconds_text(length) +
                                      ": " + pause.reason + "; they count as lost there"});
    } else if (length >= kWorthAWord) {
      warnings.push_back(Warning{"send_pause", std::string{"on the way "} + way +
                                                   " nothing was sent from " + seconds_text(at) +
                                                   " on for " + seconds_text(length) + ": " +
                                                   pause.reason});
    }
  }
  const std::int64_t silent = part.tx.silent_ns.value_or(0);
  if (silent >= kWorthAWord) {
    warnings.push_back(
        Warning{"sender_silent", std::string{"on the way "} + way + " nothing was sent for " +
                                     seconds_text(silent) + " of " +
                                     seconds_text(part.tx.window_ns.value_or(0)) +
                                     " in all, although there was something to send"});
  }
}

}  // namespace

Number sustained_bps(const ResultDocument& document) {
  Number sum;
  for (const auto* part : {&document.up, &document.down}) {
    if (!*part || !(*part)->rx.unique_bytes) {
      continue;
    }
    Number rate = (*part)->rx.goodput_bps;
    if ((*part)->tx.silent_ns.value_or(0) > 0) {
      const Number whole = rate_over(8.0 * static_cast<double>(*(*part)->rx.unique_bytes),
                                     (*part)->tx.window_ns.value_or(0));
      rate = rate && whole ? Number{std::min(*rate, *whole)} : (whole ? whole : rate);
    }
    if (rate) {
      sum = sum.value_or(0) + *rate;
    }
  }
  return sum;
}

const char* bloat_grade(std::int64_t bloat_ns) {
  struct Step {
    std::int64_t below_ms;
    const char* grade;
  };
  constexpr std::array<Step, 5> kSteps{{{5, "A+"}, {30, "A"}, {60, "B"}, {200, "C"}, {400, "D"}}};
  constexpr std::int64_t kMillisecond = 1'000'000;
  for (const Step& step : kSteps) {
    if (bloat_ns < step.below_ms * kMillisecond) {
      return step.grade;
    }
  }
  return "F";
}

namespace {

/// Both ways, as far as they were tested, and what is to be warned of.
void fill_ways(const TestOutcome& outcome, ResultDocument& document) {
  const IpFamily family = outcome.server ? outcome.server->address.family : IpFamily::v4;
  if (outcome.up) {
    document.up = build_direction(*outcome.up, {outcome.params, Way::up, family},
                                  relation(outcome.clock, Way::up));
  }
  if (outcome.down) {
    document.down = build_direction(*outcome.down, {outcome.params, Way::down, family},
                                    relation(outcome.clock, Way::down));
  }
  if (outcome.iperf3 && document.up) {
    keep_what_iperf3_tells(*document.up, Iperf3Side::receiver, outcome.iperf3->tells_copies);
  }
  if (outcome.iperf3 && document.down) {
    keep_what_iperf3_tells(*document.down, Iperf3Side::sender, true);
  }
  const std::array ways{std::pair{&document.up, "up"}, std::pair{&document.down, "down"}};
  for (const auto& [part, name] : ways) {
    if (*part) {
      warn_of_marks(**part, outcome.params, name, document.warnings);
    }
  }
  for (const auto& [part, name] : ways) {
    if (*part) {
      warn_of_pauses(**part, name, document.warnings);
    }
  }
}

/// How calls would have sounded: wants the round trips to be known.
void fill_voice(const TestOutcome& outcome, ResultDocument& document) {
  const auto fill = [&](Way direction, const std::optional<WayOutcome>& way,
                        std::optional<DirectionPart>& part) {
    if (way && part) {
      part->voice = build_voice(outcome.params, direction, *way, document.rtt, *part);
    }
  };
  fill(Way::up, outcome.up, document.up);
  fill(Way::down, outcome.down, document.down);
}

}  // namespace

ResultDocument build_result(const TestOutcome& outcome) {
  ResultDocument document;
  document.version = program_version();
  document.status = outcome.status;
  document.error = outcome.error;
  if (outcome.retry_after_ms) {
    document.retry_after_ms = *outcome.retry_after_ms;
  }
  document.warnings = outcome.warnings;
  document.test = outcome;
  fill_ways(outcome, document);
  document.goodput_bps = headline_goodput(document);
  document.loss_percent = loss_percent(document);
  document.kilobytes_per_second = classic_rate(document);
  if (outcome.classic && !outcome.classic->text.empty()) {
    document.classic_answer = outcome.classic->text;
  }
  fill_rtt(outcome, document, document.rtt);
  document.flows = judge_flows(outcome);
  fill_voice(outcome, document);
  const Verdict verdict = judge(document);
  document.limited_by = verdict.limited_by;
  document.verdict = verdict.sentence;
  document.notes = list_notes(document);
  if (auto broken = violated_identity(document)) {
    document.warnings.push_back(
        Warning{"books_do_not_balance", *std::move(broken) + ": do not trust these counts"});
  }
  return document;
}

}  // namespace udperf::result
