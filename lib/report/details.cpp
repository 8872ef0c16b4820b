#include "report/details.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <string_view>
#include <utility>

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

std::string percent_text(double percent) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), percent != 0 && percent < 0.1 ? "%.3f %%" : "%.1f %%",
                percent);
  return text.data();
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
                                                  " max " + percent_text(top)
                                            : "none at any time");
  }
}

/// What is known of a distribution: value and share of all that is not above it, ascending.
using Quantiles = std::vector<std::pair<double, double>>;

Quantiles quantiles(const result::DelayPart& delay) {
  Quantiles out{{0.0, 0.0}};
  const auto add = [&out](const result::Nanoseconds& value, double share) {
    if (value && static_cast<double>(*value) > out.back().first) {
      out.emplace_back(static_cast<double>(*value), share);
    } else if (value) {
      out.back().second = share;
    }
  };
  add(delay.p50_ns, 0.5);
  add(delay.p90_ns, 0.9);
  add(delay.p95_ns, 0.95);
  add(delay.p99_ns, 0.99);
  add(delay.p999_ns, 0.999);
  add(delay.max_ns, 1.0);
  return out;
}

/// The share that is not above `value`, on straight lines between what is known.
double share_below(const Quantiles& known, double value) {
  for (std::size_t i = 1; i < known.size(); ++i) {
    const auto& [left, share_left] = known[i - 1];
    const auto& [right, share_right] = known[i];
    if (value < right) {
      return share_left + (share_right - share_left) * std::max(value - left, 0.0) / (right - left);
    }
  }
  return 1.0;
}

/// 1, 2, 5, 10, 20, ... ns: the first that is not below `value`.
double round_up(double value) {
  double decade = std::pow(10.0, std::floor(std::log10(std::max(value, 1.0))));
  for (const double step : {1.0, 2.0, 5.0}) {
    if (decade * step >= value) {
      return decade * step;
    }
  }
  return decade * 10;
}

double half(double edge) {  // the round number below another
  const double decade = std::pow(10.0, std::floor(std::log10(edge) + 1e-9));
  const double digit = edge / decade;
  return digit > 4 ? 2 * decade : digit > 1.5 ? decade : decade / 2;
}

void histogram(const result::DelayPart& delay, const TextStyle& style, Block& block) {
  if (!delay.p50_ns || !delay.max_ns || *delay.max_ns <= 0) {
    return;
  }
  constexpr std::size_t kMostRows = 8;
  const Quantiles known = quantiles(delay);
  std::vector<double> edges{round_up(static_cast<double>(*delay.max_ns))};
  while (edges.size() < kMostRows && share_below(known, half(edges.back())) > 0.005 &&
         edges.back() > 1) {
    edges.push_back(half(edges.back()));
  }
  std::reverse(edges.begin(), edges.end());
  constexpr std::size_t kFigures = 22;  // "<= 100 us  ... 12.3 %"
  const std::size_t room = std::min<std::size_t>(block.value_columns(), 62);
  const std::size_t most = room > kFigures ? room - kFigures : 1;
  double below = 0;
  for (const double edge : edges) {
    const double share = share_below(known, edge) - below;
    below += share;
    const auto length = static_cast<std::size_t>(std::lround(share * static_cast<double>(most)));
    std::string upper = "<= " + duration_text(static_cast<std::int64_t>(edge));
    upper.resize(std::max<std::size_t>(upper.size(), 11), ' ');
    std::string bar;
    for (std::size_t i = 0; i < length; ++i) {
      bar += style.unicode ? "\u2588" : "#";
    }
    upper += " ";
    upper += bar;
    upper += length > 0 ? " " : "";
    upper += percent_text(100 * share);
    block.drawing(edge == edges.front() ? "delay spread" : "", upper);
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
  curves(part, style, block);
  histogram(part.delay_variation, style, block);
}

}  // namespace udperf::report
