#include "report/details.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>
#include <vector>

#include "base/percent.hpp"
#include "base/units.hpp"
#include "report/direction_text.hpp"

namespace udperf::report {
namespace {

using Values = std::vector<std::optional<double>>;

constexpr std::array<std::string_view, 8> kBlocks{"\u2581", "\u2582", "\u2583", "\u2584",
                                                  "\u2585", "\u2586", "\u2587", "\u2588"};
constexpr std::array<std::string_view, 8> kAscii{"_", ".", "-", "=", "+", "*", "#", "@"};

/// Means of neighbours, so that no more than `columns` are left.
Values squeezed(const Values& values, std::size_t columns) {
  if (values.size() <= columns) {
    return values;
  }
  Values out;
  for (std::size_t i = 0; i < columns; ++i) {
    double sum = 0;
    std::size_t known = 0;
    for (std::size_t k = i * values.size() / columns; k < (i + 1) * values.size() / columns; ++k) {
      sum += values[k].value_or(0);
      known += values[k] ? 1U : 0U;
    }
    out.push_back(known > 0 ? std::optional{sum / static_cast<double>(known)} : std::nullopt);
  }
  return out;
}

double largest(const Values& values) {
  double top = 0;
  for (const auto& value : values) {
    top = std::max(top, value.value_or(0));
  }
  return top;
}

void curves(const result::DirectionPart& part, const TextStyle& style, Block& block) {
  Values rates;
  Values losses;
  for (const result::IntervalPart& row : part.intervals) {
    const double length = row.end_s - row.start_s;
    rates.push_back(length > 0
                        ? std::optional{8.0 * static_cast<double>(row.payload_bytes) / length}
                        : std::nullopt);
    losses.push_back(row.sent > 0 ? std::optional{100.0 * static_cast<double>(row.lost) /
                                                  static_cast<double>(row.sent)}
                                  : std::nullopt);
  }
  constexpr std::size_t kScale = 16;  // "  0 to 97.2 Mb/s"
  constexpr std::size_t kFewest = 8;
  const std::size_t room = std::min<std::size_t>(block.value_columns(), 96);
  const std::size_t columns = std::max(room > kScale ? room - kScale : 0, kFewest);
  if (const double top = largest(rates); top > 0) {
    block.drawing("rate over time",
                  sparkline(rates, top, columns, style.unicode) + " max " + format_bit_rate(top));
  }
  if (const double top = largest(losses); !losses.empty()) {
    block.drawing("loss over time", top > 0 ? sparkline(losses, top, columns, style.unicode) +
                                                  " max " + percent_text(top, 1)
                                            : "none at any time");
  }
}

/// The steps to show: no more than some, the first ones in one.
std::vector<result::HistogramStep> shown_steps(const std::vector<result::HistogramStep>& all) {
  constexpr std::size_t kMostRows = 10;
  std::vector<result::HistogramStep> steps{all};
  while (steps.size() > kMostRows) {
    const bool at_end = steps[steps.size() - 1].packets <= steps[0].packets;
    const std::size_t joined = at_end ? steps.size() - 2 : 0;
    steps[joined + 1].packets += steps[joined].packets;
    steps.erase(steps.begin() + static_cast<std::ptrdiff_t>(joined));
  }
  return steps;
}

void histogram(const result::DelayPart& delay, const TextStyle& style, Block& block) {
  constexpr std::size_t kFigures = 22;  // "<= 100 us  ... 12.3 %"
  const std::size_t room = std::min<std::size_t>(block.value_columns(), 62);
  const std::size_t most = room > kFigures ? room - kFigures : 1;
  const auto steps = shown_steps(delay.histogram);
  double all = 0;
  for (const auto& step : steps) {
    all += static_cast<double>(step.packets);
  }
  const char* label = "delay variation";
  for (const auto& step : steps) {
    const double share = static_cast<double>(step.packets) / all;
    const auto length = static_cast<std::size_t>(std::lround(share * static_cast<double>(most)));
    std::string row = "<= " + duration_text(step.up_to_ns);
    row.resize(std::max<std::size_t>(row.size(), 11), ' ');
    row += " ";
    for (std::size_t i = 0; i < length; ++i) {
      row += style.unicode ? "\u2588" : "#";
    }
    row += length > 0 ? " " : "";
    row += percent_text(100 * share, 1);
    block.drawing(label, row);
    label = "";
  }
}

/// How well the sending host kept its times.
void wake_ups(const result::DirectionPart& part, Block& block) {
  const result::PacingPart& pacing = part.pacing;
  if (pacing.lateness_p50_ns && pacing.lateness_p99_ns && pacing.lateness_max_ns) {
    block.line("wake-ups late by", "p50 " + duration_text(*pacing.lateness_p50_ns) + ", p99 " +
                                       duration_text(*pacing.lateness_p99_ns) + ", max " +
                                       duration_text(*pacing.lateness_max_ns));
  }
  if (pacing.burst_ns && part.tx.scheduling) {
    block.line("bursts", "of " + duration_text(*pacing.burst_ns) + " at most; scheduling " +
                             *part.tx.scheduling);
  }
}

}  // namespace

std::string sparkline(const std::vector<std::optional<double>>& values, double top,
                      std::size_t columns, bool unicode) {
  const auto& marks = unicode ? kBlocks : kAscii;
  std::string text;
  for (const auto& value : squeezed(values, columns)) {
    if (!value) {
      text += " ";
      continue;
    }
    const double level = top > 0 ? std::clamp(*value / top, 0.0, 1.0) : 0.0;
    text += marks[static_cast<std::size_t>(std::lround(level * 7))];
  }
  return text;
}

void detail_lines(const result::DirectionPart& part, const TextStyle& style, Block& block) {
  wake_ups(part, block);
  curves(part, style, block);
  histogram(part.delay_variation, style, block);
}

}  // namespace udperf::report
