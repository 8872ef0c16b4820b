#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "base/nearest_word.hpp"
#include "base/units.hpp"
#include "compare/compare.hpp"

namespace udperf::compare {
namespace {

constexpr auto kMetrics = std::to_array<Metric>({
    {"rate", "rate", Unit::bits_per_second, true, "goodput_bps", "goodput_bps"},
    {"loss", "loss", Unit::percent, false, "loss_percent", "loss_percent"},
    {"rtt-idle", "idle RTT, median", Unit::nanoseconds, false, "rtt.idle.p50_ns",
     "rtt_idle_p50_ns"},
    {"rtt-p50", "loaded RTT, median", Unit::nanoseconds, false, "rtt.loaded.p50_ns",
     "rtt_loaded_p50_ns"},
    {"rtt-p99", "loaded RTT, 99 %", Unit::nanoseconds, false, "rtt.loaded.p99_ns",
     "rtt_loaded_p99_ns"},
    {"jitter", "jitter", Unit::nanoseconds, false, "up.jitter.rfc3550_ns down.jitter.rfc3550_ns",
     "jitter_rfc3550_ns"},
    {"variation-p99", "delay variation, 99 %", Unit::nanoseconds, false,
     "up.delay_variation.p99_ns down.delay_variation.p99_ns", "delay_variation_p99_ns"},
    {"duplicated", "duplicated", Unit::percent, false,
     "up.duplicates.fraction down.duplicates.fraction", "duplicates_fraction", 100},
    {"reordered", "reordered", Unit::percent, false, "up.reordering.ratio down.reordering.ratio",
     "reordering_ratio", 100},
    {"found-rate", "found rate", Unit::bits_per_second, true, "", ""},
    // Before mos_least there was mos alone, which is never less.
    {"mos", "MOS of a call", Unit::score, true,
     "up.voice.mos_least down.voice.mos_least up.voice.mos down.voice.mos", "voice_mos"},
    {"outliers", "flows that fare otherwise", Unit::flows, false, "flows.outliers", ""},
});

Error refusal(std::string_view part, const std::string& sentence) {
  return Error{ErrorCode::usage, std::string{part} + ": " + sentence, 0, {}};
}

std::string all_names() {
  std::string text;
  for (const Metric& metric : kMetrics) {
    text += (text.empty() ? "" : ", ") + std::string{metric.name};
  }
  return text;
}

std::optional<double> parse_decimal(std::string_view text) {
  double value = 0;
  const auto [end, problem] =
      std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
  const bool whole = problem == std::errc{} && end == text.data() + text.size();
  return whole && std::isfinite(value) && value >= 0 ? std::optional{value} : std::nullopt;
}

/// An amount in the metric's own unit: "10M", "2ms". A bare number of seconds or bit/s would hide
/// that "%" was forgotten: only what has no unit takes one.
std::optional<double> parse_amount(const Metric& metric, std::string_view text) {
  const auto bare = parse_decimal(text);
  if (metric.unit == Unit::nanoseconds && !bare) {
    const auto time = parse_duration(text);
    return time ? std::optional{static_cast<double>(time->count())} : std::nullopt;
  }
  if (metric.unit == Unit::bits_per_second && !bare) {
    const auto rate = parse_send_rate(text);
    const bool bits = rate && rate->kind == SendRate::Kind::bits;
    return bits ? std::optional{static_cast<double>(rate->value)} : std::nullopt;
  }
  return metric.unit == Unit::score || metric.unit == Unit::flows ? bare : std::nullopt;
}

Result<Limit> parse_limit(std::string_view part) {
  const auto colon = part.find(':');
  const std::string_view name = part.substr(0, colon);
  const Metric* const metric = find_metric(name);
  if (metric == nullptr) {
    std::vector<std::string_view> names;
    std::transform(kMetrics.begin(), kMetrics.end(), std::back_inserter(names),
                   [](const Metric& known) { return known.name; });
    const auto nearest = nearest_word(name, names);
    const std::string meant =
        nearest ? " (did you mean " + std::string{*nearest} + "?)" : std::string{};
    return tl::unexpected{refusal(part, "no such figure" + meant + "; accepted is " + all_names())};
  }
  const std::string_view value =
      colon == std::string_view::npos ? std::string_view{} : part.substr(colon + 1);
  Limit limit{std::string{name}, 0, false};
  if (value.ends_with('%')) {
    const auto percent = parse_decimal(value.substr(0, value.size() - 1));
    limit.relative = metric->unit != Unit::percent;
    limit.amount = percent.value_or(0) / (limit.relative ? 100 : 1);
    if (percent) {
      return limit;
    }
  } else if (const auto amount = parse_amount(*metric, value)) {
    limit.amount = *amount;
    return limit;
  }
  if (parse_decimal(value)) {
    return tl::unexpected{refusal(part, "give a unit or %")};
  }
  return tl::unexpected{refusal(part,
                                "accepted is FIGURE:HOW_MUCH, e.g. rate:5%, loss:0.1% or "
                                "rtt-p99:2ms")};
}

}  // namespace

std::span<const Metric> metrics() {
  return kMetrics;
}

const Metric* find_metric(std::string_view name) {
  const auto* const found =
      std::find_if(kMetrics.begin(), kMetrics.end(),
                   [name](const Metric& metric) { return metric.name == name; });
  return found != kMetrics.end() ? found : nullptr;
}

Result<std::vector<Limit>> parse_limits(std::string_view text) {
  std::vector<Limit> limits;
  for (std::size_t start = 0; start <= text.size();) {
    const auto comma = std::min(text.find(',', start), text.size());
    auto limit = parse_limit(text.substr(start, comma - start));
    if (!limit) {
      return tl::unexpected{limit.error()};
    }
    for (const Limit& before : limits) {
      if (before.metric == limit->metric) {
        return tl::unexpected{refusal(limit->metric, "is given twice")};
      }
    }
    limits.push_back(*std::move(limit));
    start = comma + 1;
  }
  return limits;
}

}  // namespace udperf::compare
