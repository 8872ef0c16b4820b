#include <algorithm>
#include <string>

#include "base/decimal.hpp"
#include "base/percent.hpp"
#include "result/aggregate.hpp"
#include "result/pace_limit.hpp"

// What kept more from arriving, and what to do about it, in one sentence for people.

namespace udperf::result {
namespace {

Verdict lossless(const DirectionPart& part, const ResultDocument& document, Way way) {
  if (auto pause = stood_still(part, way)) {
    return *std::move(pause);
  }
  std::string sentence = std::string{"no loss "} + way_word(way);
  if (const auto slow = shortfall(part, document)) {
    return {slow->verdict.limited_by, sentence + ", but " + slow->verdict.sentence};
  }
  if (part.loss.ci95) {
    sentence +=
        " (less than " + percent_text(100 * part.loss.ci95->second) + " at 95 % confidence)";
  }
  if (!document.test.params.rate(way).limited() && document.status == TestStatus::complete) {
    const Verdict limit = full_speed_limit(part).verdict;
    return {limit.limited_by, sentence + ": " + limit.sentence};
  }
  return {"none", with_evidence(sentence, hosts_busy(part))};  // its times may be the host's
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

/// Whoever asks for no rate gets more than a narrow path takes.
std::string rate_hint(const DirectionPart& part, const ResultDocument& document, Way way) {
  constexpr double kMuch = 0.01;
  const SendRate& rate = document.test.params.rate(way);
  const bool flat_out = !rate.limited() && !rate.flood;
  const bool found = part.rx.unique.value_or(0) > 0 && part.loss.ratio.value_or(0) >= kMuch;
  return flat_out && found ? "; without a rate nothing is held back for the network: ask for what "
                             "it carries (--rate), or have that found (--find-rate)"
                           : "";
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

/// Where the sender's own pace kept more from arriving than was lost: one datagram lost on the way
/// of a host that reached half of the rate is not what limited the test.
std::optional<Verdict> slower_than_lossy(const DirectionPart& part, const ResultDocument& document,
                                         Way way) {
  if (document.status != TestStatus::complete || stood_still(part, way)) {
    return std::nullopt;
  }
  const auto limit = document.test.params.rate(way).limited()
                         ? shortfall(part, document)
                         : std::optional{full_speed_limit(part)};
  return limit && limit->share > part.loss.ratio.value_or(0) ? std::optional{limit->verdict}
                                                             : std::nullopt;
}

/// Where datagrams were lost, in words. Precondition: the places are known.
struct LossPlaces {
  explicit LossPlaces(const LossPart& loss)
      : about(loss.rx_socket_drop_is_bound.value_or(false) ? "about " : ""),
        socket(about + std::to_string(*loss.rx_socket_drop) +
               " in the receiving host's own socket"),
        network(about + std::to_string(*loss.network_packets) + " in the network"),
        local(std::to_string(loss.local_tx_drop.value_or(0)) + " in the sending host") {}

  /// The network first, and what the hosts lost where they did.
  [[nodiscard]] std::string all(const LossPart& loss) const {
    return network + (*loss.rx_socket_drop > 0 ? ", " + socket : "") +
           (loss.local_tx_drop.value_or(0) > 0 ? ", " + local : "");
  }

  std::string about;
  std::string socket;
  std::string network;
  std::string local;
};

Verdict lossy(const DirectionPart& part, const ResultDocument& document, Way way) {
  const LossPart& loss = part.loss;
  const std::string share = percent_text(100 * loss.ratio.value_or(0)) + " lost " + way_word(way);
  const auto slow = slower_than_lossy(part, document, way);
  if (!loss.network_packets) {
    const std::string sentence = share + ": where is not known";
    return slow ? Verdict{slow->limited_by, slow->sentence + "; " + sentence}
                : Verdict{std::nullopt, sentence};
  }
  const LossPlaces places{loss};
  const std::string everywhere = share + ", " + places.all(loss);
  if (slow) {
    return {slow->limited_by, slow->sentence + "; " + everywhere};
  }
  if (*loss.rx_socket_drop > std::max(*loss.network_packets, loss.local_tx_drop.value_or(0))) {
    const std::string busy = receiver_busy(part);
    return {"receiver_host", share + ", " + places.socket + ": " +
                                 (busy.empty() ? "" : busy + "; ") + rmem_advice(part)};
  }
  if (loss.local_tx_drop.value_or(0) > *loss.network_packets) {
    const std::string busy = sender_busy(part);
    return {"sender_host", share + ", " + places.local + (busy.empty() ? "" : ": " + busy) +
                               advice_for_local(part)};
  }
  if (const auto pause = stood_still(part, way)) {
    return {pause->limited_by, pause->sentence + "; " + share + ", " + places.network};
  }
  const std::string busy = hosts_busy(part);
  return {"network", (busy.empty() ? busy : busy + ": ") + everywhere + size_hint(part, document) +
                         rate_hint(part, document, way)};
}

/// A classic server tells one figure; how much of what was sent it is, nobody knows.
Verdict classic(const ResultDocument& document) {
  if (!document.kilobytes_per_second) {
    return {std::nullopt, "the classic server did not say what arrived"};
  }
  return {std::nullopt,
          decimal("%.3f kB/s arrived, says the classic server; loss is not known to it",
                  *document.kilobytes_per_second)};
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
  Verdict verdict =
      *part.loss.packets == 0 ? lossless(part, document, way) : lossy(part, document, way);
  if (!document.test.params.rate(way).limited() && part.tx.governor == "none") {
    verdict.sentence +=
        "; the receiving end does not tell how full its socket is: full speed may overrun it";
  }
  return verdict;
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

/// What of the test was not what was asked for: its figures are of less.
std::string lowered(const ResultDocument& document) {
  std::string text;
  for (const Warning& warning : document.warnings) {
    if (warning.code == "rate_lowered" || warning.code == "duration_lowered") {
      text += "; " + warning.message;
    }
  }
  return text;
}

}  // namespace

Verdict judge(const ResultDocument& document) {
  if (!document.up && !document.down) {
    return {std::nullopt,
            document.error ? document.error->message() : std::string{"no test was run"}};
  }
  Verdict verdict = judge_ways(document);
  verdict.sentence += lowered(document);
  if (document.status == TestStatus::incomplete || document.status == TestStatus::interrupted) {
    const bool interrupted = document.status == TestStatus::interrupted;
    verdict.sentence = std::string{interrupted ? "interrupted" : "cut short"} +
                       ", as far as it went: " + verdict.sentence;
  }
  return verdict;
}

}  // namespace udperf::result
