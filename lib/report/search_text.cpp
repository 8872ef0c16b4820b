#include <algorithm>
#include <array>
#include <cstdio>
#include <string>
#include <vector>

#include "base/percent.hpp"
#include "base/units.hpp"
#include "pacing/load_adjustment.hpp"
#include "report/block.hpp"
#include "report/direction_text.hpp"
#include "report/json_tree.hpp"
#include "report/writer.hpp"

namespace udperf::report {
namespace {

using search::Answer;
using search::Limit;
using search::TrialPart;
using search::Verdict;

std::string percent(double ratio) {
  return percent_digits(100 * ratio, 3);
}

std::string rate(const std::optional<double>& bps) {
  return bps ? format_bit_rate(*bps) : "not known";
}

std::string plain_verdict(Verdict verdict) {
  switch (verdict) {
    case Verdict::passed:
      return "passed";
    case Verdict::lossy:
      return "too much lost";
    case Verdict::congested:
      return "more than the path carries";
    case Verdict::host_limited:
      return "more than the hosts manage";
    case Verdict::unusable:
      break;
  }
  return "did not complete";
}

std::string plain_limit(const Answer& answer) {
  switch (answer.limited_by.value_or(Limit::time)) {
    case Limit::network:
      return "the network";
    case Limit::host_limited:
      return "the hosts, not the network (host_limited)";
    case Limit::max_rate:
      return "--max-rate: the path may carry more";
    case Limit::server_policy:
      return "the server's --max-rate: the path may carry more";
    case Limit::path_loss:
      return "the path loses more than " + percent(answer.max_loss) + " at every rate";
    case Limit::below_min_rate:
      return "not even the slowest rate passed";
    case Limit::unstable:
      return "the path is unstable: its rate changed during the search";
    case Limit::time:
      break;
  }
  return answer.limited_by ? "the search time" : "the search was interrupted";
}

std::string answer_text(const Answer& answer) {
  if (!answer.answer_bps) {
    return "none";
  }
  return format_bit_rate(*answer.answer_bps) + " payload, " + rate(answer.answer_ip_bps) +
         " with IP and UDP headers" + (answer.confirmed ? ", confirmed" : ", NOT confirmed");
}

std::string bracket_text(const Answer& answer) {
  return (answer.bracket_low_bps ? format_bit_rate(*answer.bracket_low_bps) + " passed"
                                 : std::string{"nothing passed"}) +
         (answer.bracket_high_bps
              ? ", " + format_bit_rate(*answer.bracket_high_bps) + " is too much"
              : std::string{});
}

std::string delay_text(const Answer& answer) {
  std::string text;
  if (answer.rtt_idle_p50_ns) {
    text = "idle " + duration_text(*answer.rtt_idle_p50_ns);
  }
  if (answer.rtt_loaded_p50_ns) {
    text += (text.empty() ? "" : ", ") + std::string{"at the answer "} +
            duration_text(*answer.rtt_loaded_p50_ns);
  }
  if (const auto added = added_delay(answer)) {
    text += std::string{", grade "} + result::bloat_grade(*added);
  }
  return text;
}

/// The trials by rate: what was lost at which.
void loss_curve(const Answer& answer, Block& block) {
  std::vector<TrialPart> trials = answer.trials;
  std::stable_sort(trials.begin(), trials.end(),
                   [](const TrialPart& a, const TrialPart& b) { return a.rate_bps < b.rate_bps; });
  const char* label = "loss curve";
  for (const TrialPart& trial : trials) {
    if (trial.loss_ratio) {
      block.line(label, format_bit_rate(trial.rate_bps) + ": " + percent(*trial.loss_ratio) +
                            " lost, " + plain_verdict(trial.verdict));
      label = "";
    }
  }
}

std::string range_text(const std::optional<std::int64_t>& least,
                       const std::optional<std::int64_t>& most) {
  return least && most ? "round trip " + duration_text(*least) + " to " + duration_text(*most)
                       : std::string{"round trip not measured"};
}

void capacity_lines(const Answer& answer, Block& block) {
  const search::Capacity& capacity = *answer.capacity;
  using pacing::LoadAdjustment;
  const auto second = [](double s) {
    return format_duration(Duration{static_cast<std::int64_t>(s * 1e9)});
  };
  const auto figures = [](const search::SubInterval& part) {
    return percent(part.loss_ratio) + " lost, " + range_text(part.rtt_min_ns, part.rtt_max_ns);
  };
  if (capacity.maximum) {
    const search::SubInterval& best = capacity.sub_intervals.at(*capacity.maximum);
    block.line("at the maximum", "from " + second(best.start_s) + " on: " + figures(best));
  }
  const char* label = "each second";
  for (const search::SubInterval& part : capacity.sub_intervals) {
    block.line(label, format_bit_rate(part.offered_ip_bps) + " sent, " +
                          format_bit_rate(part.ip_bps) + " arrived, " + figures(part));
    label = "";
  }
  if (answer.trials.size() > 1) {
    const TrialPart& verification = answer.trials.back();
    block.line("verification", format_bit_rate(verification.rate_bps) +
                                   " payload: " + plain_verdict(verification.verdict));
  }
  std::string method = "Type B, ";
  method += second(capacity.test_interval_s) + " in parts of " + second(capacity.sub_interval_s);
  method += ", feedback every " + format_duration(LoadAdjustment::kFeedbackInterval);
  method += ", delay " + format_duration(LoadAdjustment::kLowDelay) + " and " +
            format_duration(LoadAdjustment::kHighDelay);
  method += ", " + std::to_string(LoadAdjustment::kSequenceErrors) + " sequence errors";
  block.line("method", method);
}

std::string heading(const Answer& answer) {
  const bool standard = answer.algorithm == search::Algorithm::rfc9097;
  std::string text = standard ? "Maximum IP-Layer Capacity (RFC 9097), " : "highest rate, ";
  text += answer.way == Way::up ? "client to server" : "server to client";
  if (!standard || answer.max_loss < 1) {
    text += ", with at most " + percent(answer.max_loss) + " lost";
  }
  return text;
}

void answer_lines(const Answer& answer, const TextStyle& style, Block& block) {
  block.heading("", "");
  block.heading(heading(answer), style.color ? "1" : "");
  const char* paint = answer.confirmed ? "32" : "33";
  block.line("answer", answer_text(answer), style.color ? paint : "");
  block.line("limited by", plain_limit(answer));
  if (!answer.capacity) {
    block.line("bracket", bracket_text(answer));
  }
  if (answer.bottleneck_bps) {
    block.line("bottleneck", format_bit_rate(*answer.bottleneck_bps) + " came out under overload");
  }
  if (const std::string delay = delay_text(answer); !delay.empty()) {
    block.line("round trip", delay);
  }
  if (answer.shaper_suspected) {
    block.line("shaper", "short bursts pass faster, but not for long: a token bucket (shaper)");
  }
  if (answer.underestimate_likely) {
    block.line("caution", "the path may carry more: give it more --search-time");
  }
  if (answer.capacity) {
    capacity_lines(answer, block);
  } else {
    loss_curve(answer, block);
  }
}

void size_lines(const std::vector<search::SizeAnswer>& sizes, const TextStyle& style,
                Block& block) {
  block.heading("", "");
  block.heading("highest rate by size (Ethernet frames with FCS)", style.color ? "1" : "");
  for (const search::SizeAnswer& size : sizes) {
    const Answer& answer = size.answer;
    const std::string label =
        std::to_string(size.frame_bytes) + " B" + (answer.way == Way::up ? " up" : " down");
    std::string text = answer_text(answer);
    if (const auto pps = packets_per_second(size)) {
      text = std::to_string(static_cast<std::uint64_t>(*pps)) + " datagrams/s, " + text;
    }
    block.line(label, text + "; " + plain_limit(answer));
  }
}

}  // namespace

std::string search_to_text(const result::ResultDocument& document, const TextStyle& style) {
  Block block{style.width};
  for (const auto* answer : {&document.search, &document.search_down}) {
    if (*answer) {
      answer_lines(**answer, style, block);
    }
  }
  if (!document.search_sizes.empty()) {
    size_lines(document.search_sizes, style, block);
  }
  return block.text();
}

std::string trial_line(const TrialPart& trial) {
  std::array<char, 16> step{};
  std::snprintf(step.data(), step.size(), "%-10s", step_name(trial.step));
  const char* up_to = trial.step == search::Step::adjust ? "up to " : "";
  std::string line = step.data() + (up_to + format_bit_rate(trial.rate_bps)) + " for " +
                     format_duration(Duration{static_cast<std::int64_t>(trial.duration_s * 1e9)});
  if (trial.goodput_bps && trial.loss_ratio) {
    line += ": " + format_bit_rate(*trial.goodput_bps) + " arrived, " + percent(*trial.loss_ratio) +
            " lost";
  }
  return line + ", " + plain_verdict(trial.verdict);
}

}  // namespace udperf::report
