#include "result/pace_limit.hpp"

#include <algorithm>

#include "base/percent.hpp"
#include "base/units.hpp"

namespace udperf::result {
namespace {

/// What joins with what follows: "a, b"
void append(std::string& list, const std::string& item) {
  list += (list.empty() ? "" : ", ") + item;
}

/// What of the time the host gave to others, as a list; empty where none is worth saying.
std::string kept_words(const HostPart& host) {
  std::string kept;
  const auto add = [&kept](const Number& ratio, const char* what) {
    constexpr double kWorthSaying = 0.01;
    if (ratio.value_or(0) >= kWorthSaying) {
      append(kept, std::string{what} + " " + percent_text(100 * *ratio));
    }
  };
  add(host.throttled_ratio, "its control group (cgroup) was throttled");
  add(host.steal_ratio, "its hypervisor took");
  add(host.waited_ratio, "its threads waited for a processor");
  return kept.empty() ? kept : kept + " of the time";
}

/// `pacing`: of a sender, whose wake-ups are evidence.
std::string busy_words(const HostPart& host, const char* which, const PacingPart* pacing) {
  if (!host.busy.value_or(false)) {
    return {};
  }
  std::string why = kept_words(host);
  if (pacing != nullptr && pacing->lateness_p99_ns && pacing->lateness_max_ns) {
    constexpr Duration kWorthSaying = std::chrono::milliseconds{1};
    const Duration often{*pacing->lateness_p99_ns};
    const Duration once{*pacing->lateness_max_ns};
    if (once >= kWorthSaying) {
      append(why, "it woke up " + format_duration(once) + " late at worst, 1 % of the times " +
                      format_duration(often) + " or more");
    }
  }
  return std::string{"the "} + which + " host was busy (" + why + ")";
}

/// Whether the sender's socket refused often enough to be what slowed it. One that is full takes
/// some hundred datagrams after each refusal, or some thousands where its buffer is large.
bool own_link_full(const DirectionPart& part) {
  const std::uint64_t blocked = part.tx.send_blocked.value_or(0);
  constexpr std::uint64_t kOften = 1000;
  return blocked > 0 && blocked >= part.tx.packets.value_or(0) / kOften;
}

/// Whether deadlines that were given up are at least half of what is missing.
bool skipped_explains(const DirectionPart& part, double missing) {
  const auto sent = static_cast<double>(part.tx.packets.value_or(0));
  const auto skipped = static_cast<double>(part.tx.pacing_skipped.value_or(0));
  return skipped > 0 && skipped * 2 >= missing * (sent + skipped);
}

/// The share of the asked rate that was not reached; 0 where that says nothing about the sender.
double missing_share(const DirectionPart& part, const ResultDocument& document) {
  // Beyond what rounding explains; and where the sender itself says that it gave up deadlines.
  constexpr double kMissing = 0.05;
  constexpr double kGivenUp = 0.01;
  // A sender may be late by a burst at its end as at any time: a short test's rate is then a
  // little lower for it, and the host is not slow.
  constexpr std::int64_t kLate = 4'000'000;
  if (document.status != TestStatus::complete) {
    return 0;
  }
  const double missing = -part.pacing.rate_error_ratio.value_or(0);
  if (missing <= (skipped_explains(part, missing) ? kGivenUp : kMissing)) {
    return 0;
  }
  const std::int64_t time = std::max(part.tx.span_ns.value_or(0), part.tx.window_ns.value_or(0));
  const std::int64_t told = std::max(part.pacing.burst_ns.value_or(0), kLate);
  return missing * static_cast<double>(time) > static_cast<double>(told) ? missing : 0;
}

}  // namespace

const char* way_word(Way way) {
  return way == Way::up ? "client to server" : "server to client";
}

std::string sender_busy(const DirectionPart& part) {
  return busy_words(part.tx.host, "sending", &part.pacing);
}

std::string receiver_busy(const DirectionPart& part) {
  return busy_words(part.rx.host, "receiving", nullptr);
}

std::string hosts_busy(const DirectionPart& part) {
  std::string words = sender_busy(part);
  if (const std::string other = receiver_busy(part); !other.empty()) {
    append(words, other);
  }
  return words;
}

std::string with_evidence(const std::string& sentence, const std::string& busy) {
  return busy.empty() ? sentence : sentence + "; " + busy;
}

std::optional<Verdict> stood_still(const DirectionPart& part, Way way) {
  // The share of the time that counts as having stood still, not as slow.
  constexpr double kStoodStill = 0.05;
  const std::int64_t silent = part.tx.silent_ns.value_or(0);
  const std::int64_t window = part.tx.window_ns.value_or(0);
  if (silent <= 0 || static_cast<double>(silent) < kStoodStill * static_cast<double>(window)) {
    return std::nullopt;
  }
  const auto longest =
      std::max_element(part.tx.pauses.begin(), part.tx.pauses.end(),
                       [](const auto& a, const auto& b) { return a.duration_s < b.duration_s; });
  const std::string reason = longest == part.tx.pauses.end() ? std::string{} : longest->reason;
  std::string sentence = std::string{"nothing was sent "} + way_word(way) + " for " +
                         format_duration(Duration{silent}) + " of " +
                         format_duration(Duration{window}) + ": ";
  if (reason.empty() && part.tx.held_ratio.value_or(0) >= kStoodStill) {
    return std::nullopt;  // it waited for what the receiver had to say
  }
  if (reason == kReceiverWasFull) {
    return Verdict{"receiver_host", sentence + with_evidence(reason, receiver_busy(part))};
  }
  if (reason == kReceiverWasSilent) {
    return Verdict{std::nullopt, sentence + with_evidence(reason, receiver_busy(part))};
  }
  return Verdict{"sender_host",
                 sentence + with_evidence(reason.empty() ? "the sending host was held up" : reason,
                                          sender_busy(part))};
}

std::optional<PaceLimit> shortfall(const DirectionPart& part, const ResultDocument& document) {
  const double missing = missing_share(part, document);
  if (missing <= 0) {
    return std::nullopt;
  }
  const std::string reached = percent_text(100 * (1.0 - missing)) + " of the asked rate";
  const std::string busy = sender_busy(part);
  // A busy host is late, but its sockets take what it gives them.
  if (own_link_full(part)) {
    return PaceLimit{
        {"network",
         with_evidence("the sending host's own link or shaper took only " + reached, busy)},
        missing};
  }
  return PaceLimit{{"sender_host", "the sending host reached only " + reached + ": " +
                                       (busy.empty() ? "" : busy + "; ") +
                                       "ask for less (--rate), use larger datagrams "
                                       "(--packet-size) or more streams (--streams)"},
                   missing};
}

PaceLimit full_speed_limit(const DirectionPart& part) {
  constexpr double kHeld = 0.05;
  constexpr double kThrottled = 0.01;
  const HostPart& host = part.tx.host;
  if (const double ratio = host.throttled_ratio.value_or(0); ratio >= kThrottled) {
    return {{"sender_host", "the sending host's control group (cgroup) used up its quota"}, ratio};
  }
  if (const double ratio = part.rx.host.throttled_ratio.value_or(0); ratio >= kThrottled) {
    return {{"receiver_host", "the receiving host's control group (cgroup) used up its quota"},
            ratio};
  }
  const double held = part.tx.held_ratio.value_or(0);
  const double by_path = part.tx.held_path_ratio.value_or(0);
  const double by_receiver = held - by_path;
  if (held >= kHeld && by_receiver > by_path) {
    return {{"receiver_host",
             with_evidence("the receiving host set the pace: the sender waited for it " +
                               percent_text(100 * by_receiver) + " of the time",
                           receiver_busy(part))},
            0};  // it waits for news of what the network lost, too
  }
  if (own_link_full(part)) {
    return {{"network", "the sending host's own link or shaper took no more"}, 0};
  }
  if (held >= kHeld) {
    return {
        {"network", "the path set the pace: " + percent_text(100 * by_path) +
                        " of the time the sender waited for word of what was on its way, while the "
                        "receiver's socket had room"},
        0};
  }
  const double kept = std::max(host.steal_ratio.value_or(0), host.waited_ratio.value_or(0));
  return {{"sender_host",
           with_evidence("the sending host's processor set the pace", sender_busy(part))},
          host.busy.value_or(false) ? kept : 0};
}

}  // namespace udperf::result
