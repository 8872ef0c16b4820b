#include <algorithm>
#include <array>
#include <cstdio>
#include <string>

#include "base/decimal.hpp"
#include "base/units.hpp"
#include "result/aggregate.hpp"

// What kept more from arriving, and what to do about it, in one sentence for people.

namespace udperf::result {
namespace {

/// "0.0123 %", "12.30 %"
std::string percent(double ratio) {
  const double value = ratio * 100.0;
  return decimal(value != 0 && value < 0.1 ? "%.4f %%" : "%.2f %%", value);
}

const char* way_word(Way way) {
  return way == Way::up ? "client to server" : "server to client";
}

/// A twentieth below the asked rate is beyond what rounding and a short test explain.
constexpr double kShortfall = -0.05;

bool fell_short(const DirectionPart& part, const ResultDocument& document) {
  return document.status == TestStatus::complete && part.pacing.rate_error_ratio &&
         *part.pacing.rate_error_ratio < kShortfall;
}

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
      append(kept, std::string{what} + " " + percent(*ratio));
    }
  };
  add(host.throttled_ratio, "its control group (cgroup) was throttled");
  add(host.steal_ratio, "its hypervisor took");
  add(host.waited_ratio, "its threads waited for a processor");
  return kept.empty() ? kept : kept + " of the time";
}

/// "the sending host was busy (its threads waited for a processor 23.00 % of the time)"; empty
/// where it was not, or nobody knows. `pacing`: of a sender, whose wake-ups are evidence.
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
std::string sender_busy(const DirectionPart& part) {
  return busy_words(part.tx.host, "sending", &part.pacing);
}
std::string receiver_busy(const DirectionPart& part) {
  return busy_words(part.rx.host, "receiving", nullptr);
}
/// Both hosts', before what they explain: "the sending host was busy (...): "
std::string busy_first(const DirectionPart& part) {
  std::string words = sender_busy(part);
  if (const std::string other = receiver_busy(part); !other.empty()) {
    append(words, other);
  }
  return words.empty() ? words : words + ": ";
}
std::string with_evidence(const std::string& sentence, const std::string& busy) {
  return busy.empty() ? sentence : sentence + "; " + busy;
}

/// What kept a sender without a rate from sending more, where all arrived: something always did.
Verdict full_speed_limit(const DirectionPart& part) {
  constexpr double kHeld = 0.05;
  constexpr double kThrottled = 0.01;
  if (part.tx.host.throttled_ratio.value_or(0) >= kThrottled) {
    return {"sender_host", "the sending host's control group (cgroup) used up its quota"};
  }
  if (part.rx.host.throttled_ratio.value_or(0) >= kThrottled) {
    return {"receiver_host", "the receiving host's control group (cgroup) used up its quota"};
  }
  if (part.tx.held_ratio.value_or(0) >= kHeld) {
    return {"receiver_host",
            with_evidence("the receiving host set the pace: the sender waited for it " +
                              percent(*part.tx.held_ratio) + " of the time",
                          receiver_busy(part))};
  }
  if (part.tx.send_blocked.value_or(0) > 0) {
    return {"network", "the sending host's own link or shaper took no more"};
  }
  return {"sender_host",
          with_evidence("the sending host's processor set the pace", sender_busy(part))};
}

/// The share of the time that counts as the sender having stood still, not as a slow one.
constexpr double kStoodStill = 0.05;

/// A sender that got nothing out for a good part of the time: there the limit is, whatever was
/// lost. Where the receiver was silent, whose fault that was is not known.
std::optional<Verdict> stood_still(const DirectionPart& part, Way way) {
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

Verdict lossless(const DirectionPart& part, const ResultDocument& document, Way way) {
  if (auto pause = stood_still(part, way)) {
    return *std::move(pause);
  }
  if (fell_short(part, document)) {
    const std::string busy = sender_busy(part);
    return {"sender_host", std::string{"no loss "} + way_word(way) +
                               ", but the sending host reached only " +
                               percent(1.0 + *part.pacing.rate_error_ratio) +
                               " of the asked rate: " + (busy.empty() ? "" : busy + "; ") +
                               "ask for less (--rate), use larger datagrams "
                               "(--packet-size) or more streams (--streams)"};
  }
  std::string sentence = std::string{"no loss "} + way_word(way);
  if (part.loss.ci95) {
    sentence += " (less than " + percent(part.loss.ci95->second) + " at 95 % confidence)";
  }
  if (!document.test.params.rate(way).limited() && document.status == TestStatus::complete) {
    const Verdict limit = full_speed_limit(part);
    return {limit.limited_by, sentence + ": " + limit.sentence};
  }
  return {"none", sentence};
}

/// The limit that the kernel sets to what --buffer may ask for: at least four times what there was.
std::string rmem_advice(const DirectionPart& part) {
  constexpr std::uint64_t kLeast = 32ULL << 20U;
  const std::uint64_t wanted = std::max(kLeast, 4 * part.rx.rcvbuf_bytes.value_or(0));
  const std::string bytes = std::to_string(wanted);
  return "raise the limit on the receiving host (sysctl -w net.core.rmem_max=" + bytes +
         "), give it a larger --buffer, or send slower (--rate)";
}

/// All that was large was lost, while what is small came through: the size may be why.
std::string size_hint(const DirectionPart& part, const ResultDocument& document) {
  constexpr std::uint32_t kPassesAnywhere = 1232;  // the smallest IPv6 MTU less its headers
  const std::uint32_t bytes = document.test.params.payload_bytes;
  if (part.rx.unique.value_or(1) != 0 || bytes <= kPassesAnywhere) {
    return {};
  }
  return "; datagrams of " + std::to_string(bytes) +
         " bytes may be larger than the path takes: try --packet-size " +
         std::to_string(kPassesAnywhere);
}

/// What to do about losses in the sending host itself.
std::string advice_for_local(const DirectionPart& part) {
  for (const SendPausePart& pause : part.tx.pauses) {
    if (pause.packets > 0) {
      return ": " + pause.reason;
    }
  }
  return ": send slower (--rate)";
}

Verdict lossy(const DirectionPart& part, const ResultDocument& document, Way way) {
  const LossPart& loss = part.loss;
  const std::string share = percent(loss.ratio.value_or(0)) + " lost " + way_word(way);
  if (!loss.network_packets) {
    return {std::nullopt, share + ": where is not known"};
  }
  const std::string about = loss.rx_socket_drop_is_bound.value_or(false) ? "about " : "";
  const std::string socket =
      about + std::to_string(*loss.rx_socket_drop) + " in the receiving host's own socket";
  const std::string network = about + std::to_string(*loss.network_packets) + " in the network";
  const std::string local = std::to_string(loss.local_tx_drop.value_or(0)) + " in the sending host";
  if (*loss.rx_socket_drop > std::max(*loss.network_packets, loss.local_tx_drop.value_or(0))) {
    const std::string busy = receiver_busy(part);
    return {"receiver_host",
            share + ", " + socket + ": " + (busy.empty() ? "" : busy + "; ") + rmem_advice(part)};
  }
  if (loss.local_tx_drop.value_or(0) > *loss.network_packets) {
    const std::string busy = sender_busy(part);
    return {"sender_host",
            share + ", " + local + (busy.empty() ? "" : ": " + busy) + advice_for_local(part)};
  }
  std::string sentence = share + ", " + network;
  if (const auto pause = stood_still(part, way)) {
    return {pause->limited_by, pause->sentence + "; " + sentence};
  }
  if (*loss.rx_socket_drop > 0) {
    sentence += ", " + socket;
  }
  if (loss.local_tx_drop.value_or(0) > 0) {
    sentence += ", " + local;
  }
  return {"network", busy_first(part) + sentence + size_hint(part, document)};
}

/// A classic server tells one figure; how much of what was sent it is, nobody knows.
Verdict classic(const ResultDocument& document) {
  if (!document.kilobytes_per_second) {
    return {std::nullopt, "the classic server did not say what arrived"};
  }
  std::array<char, 400> text{};  // the largest double has 309 digits
  std::snprintf(text.data(), text.size(),
                "%.3f kB/s arrived, says the classic server; loss is "
                "not known to it",
                *document.kilobytes_per_second);
  return {std::nullopt, text.data()};
}

Verdict judge_way(const DirectionPart& part, const ResultDocument& document, Way way) {
  if (document.test.classic) {
    return classic(document);
  }
  if (!part.loss.packets) {
    return {std::nullopt, std::string{"what arrived "} + way_word(way) +
                              " is not known: the receiver's report is missing"};
  }
  const std::uint64_t sent = *part.loss.packets + part.rx.unique.value_or(0);
  if (sent == 0) {
    return {std::nullopt, std::string{"nothing was sent "} + way_word(way)};
  }
  return *part.loss.packets == 0 ? lossless(part, document, way) : lossy(part, document, way);
}

/// Which of two limits is the test's: one that is not known, else the one that lost datagrams, else
/// a slow sender, else none.
int severity(const DirectionPart& part, const Verdict& verdict) {
  if (!verdict.limited_by) {
    return 3;
  }
  if (part.loss.packets.value_or(0) > 0) {
    return 2;
  }
  return *verdict.limited_by == "none" ? 0 : 1;
}

Verdict judge_ways(const ResultDocument& document) {
  if (!document.up || !document.down) {
    return document.up ? judge_way(*document.up, document, Way::up)
                       : judge_way(*document.down, document, Way::down);
  }
  const Verdict up = judge_way(*document.up, document, Way::up);
  const Verdict down = judge_way(*document.down, document, Way::down);
  const bool down_is_worse = severity(*document.down, down) > severity(*document.up, up);
  const Verdict& worse = down_is_worse ? down : up;
  return {worse.limited_by, up.sentence + "; " + down.sentence};
}

}  // namespace

Verdict judge(const ResultDocument& document) {
  if (!document.up && !document.down) {
    return {std::nullopt,
            document.error ? document.error->message() : std::string{"no test was run"}};
  }
  Verdict verdict = judge_ways(document);
  if (document.status == TestStatus::incomplete || document.status == TestStatus::interrupted) {
    const bool interrupted = document.status == TestStatus::interrupted;
    verdict.sentence = std::string{interrupted ? "interrupted" : "cut short"} +
                       ", as far as it went: " + verdict.sentence;
  }
  return verdict;
}

}  // namespace udperf::result
