#include "monitor/limits.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "base/decimal.hpp"
#include "base/percent.hpp"
#include "base/units.hpp"
#include "monitor/ratio.hpp"

namespace udperf::monitor {
namespace {

std::optional<double> goodput_of(const RoundResult& round) {
  std::optional<double> sum;
  for (const auto* way : {&round.up, &round.down}) {
    if (const auto rate = rate_of(*way)) {
      sum = sum.value_or(0) + *rate;
    }
  }
  return sum;
}

/// The worse way's; nothing where a way that was measured has none.
std::optional<double> worst_mos(const RoundResult& round) {
  std::optional<double> worst;
  for (const auto* way : {&round.up, &round.down}) {
    if (*way && (!(*way)->voice || !(*way)->voice->mos)) {
      return std::nullopt;
    }
    if (*way) {
      worst = std::min(worst.value_or(5), *(*way)->voice->mos);
    }
  }
  return worst;
}

/// Rounded down: what misses a limit does not read like it.
std::string score(double mos) {
  return decimal(std::floor(100 * mos + 1e-6) / 100, 2);
}

/// What is said of a value and its bound.
struct Phrase {
  const char* unknown;  ///< where the value was not measured
  const char* before;
  const char* between;
};

template <typename Value, typename Text>
LimitFinding finding(Limit limit, const std::optional<Value>& value, const Value& bound,
                     bool at_most, const Phrase& phrase, Text text) {
  if (!value) {
    return {limit, std::nullopt, phrase.unknown};
  }
  return {limit, at_most ? *value <= bound : *value >= bound,
          std::string{phrase.before} + text(*value) + phrase.between + text(bound)};
}

}  // namespace

const char* to_string(Limit limit) {
  constexpr std::array<const char*, kLimits> kNames{"loss", "rate", "rtt_p99", "mos"};
  return kNames.at(static_cast<std::size_t>(limit));
}

std::string share_text(double ratio) {
  return percent_digits(100 * ratio, 3);
}

std::optional<double> rate_of(const std::optional<RoundWay>& way) {
  return !way ? std::nullopt : way->found_bps ? way->found_bps : way->goodput_bps;
}

std::optional<double> loss_of(const std::optional<RoundWay>& way) {
  return way ? ratio_of(way->lost, way->sent) : std::nullopt;
}

/// The worse way's.
std::optional<double> worst_loss(const RoundResult& round) {
  const auto up = loss_of(round.up);
  const auto down = loss_of(round.down);
  return up && down ? std::max(up, down) : up ? up : down;
}

std::vector<LimitFinding> judge_limits(const Limits& limits, const RoundResult& round) {
  std::vector<LimitFinding> found;
  if (limits.loss_ratio) {
    found.push_back(finding(Limit::loss, worst_loss(round), *limits.loss_ratio, true,
                            {"the loss could not be measured", "", " were lost, accepted are "},
                            share_text));
  }
  if (limits.goodput_bps) {
    found.push_back(finding(Limit::rate, goodput_of(round), *limits.goodput_bps, false,
                            {"the rate could not be measured", "", " arrived, wanted are "},
                            format_bit_rate));
  }
  if (limits.rtt_p99) {
    const auto p99 = round.rtt ? round.rtt->times.percentile(0.99) : std::nullopt;
    found.push_back(finding(Limit::rtt, p99, *limits.rtt_p99, true,
                            {"the round trip was not measured",
                             "the 99th percentile of round trips was ", ", accepted are "},
                            format_duration));
  }
  if (limits.mos) {
    found.push_back(finding(Limit::mos, worst_mos(round), *limits.mos, false,
                            {"how a call would sound could not be measured",
                             "a call would sound like MOS ", ", wanted is "},
                            score));
  }
  return found;
}

std::vector<std::string> missed_limits(const Limits& limits, const RoundResult& round) {
  std::vector<std::string> missed;
  for (LimitFinding& found : judge_limits(limits, round)) {
    if (!found.kept.value_or(false)) {
      missed.push_back(std::move(found.sentence));
    }
  }
  return missed;
}

}  // namespace udperf::monitor
