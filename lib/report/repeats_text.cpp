
#include "base/decimal.hpp"
#include "base/percent.hpp"
#include "base/units.hpp"
#include "report/block.hpp"
#include "report/direction_text.hpp"
#include "report/writer.hpp"

namespace udperf::report {
namespace {

/// "median 1.2 Gb/s, 1.1 Gb/s to 1.3 Gb/s, mean 1.2 Gb/s +- 0.1 Gb/s (95 %)"
template <typename Format>
std::string spread_text(const stats::Spread& spread, Format format) {
  std::string text = "median " + format(spread.median) + ", " + format(spread.min) + " to " +
                     format(spread.max) + ", mean " + format(spread.mean);
  if (spread.ci95) {
    text += " +- " + format((spread.ci95->second - spread.ci95->first) / 2) + " (95 %)";
  }
  return text;
}

std::string percent_of(double value) {
  return percent_digits(value, 4);
}

}  // namespace

std::string repeats_to_text(const result::ResultDocument& document, const TextStyle& style) {
  if (!document.repeats) {
    return {};
  }
  const result::RepeatsPart& repeats = *document.repeats;
  const std::size_t complete = result::complete_runs(repeats);
  Block block{style.width};
  block.heading("", "");
  block.heading(
      std::to_string(complete) + " of " + std::to_string(repeats.wanted) + " runs complete",
      style.color ? "1" : "");
  if (repeats.goodput_bps) {
    block.line("delivered",
               spread_text(*repeats.goodput_bps, [](double v) { return format_bit_rate(v); }));
  }
  if (repeats.kilobytes_per_second) {
    block.line("throughput", spread_text(*repeats.kilobytes_per_second,
                                         [](double v) { return decimal("%.3f kB/s", v); }));
  }
  if (repeats.loss_percent) {
    block.line("lost", spread_text(*repeats.loss_percent, percent_of));
  }
  if (repeats.rtt_loaded_p50_ns) {
    block.line("loaded RTT", spread_text(*repeats.rtt_loaded_p50_ns, [](double v) {
                 return duration_text(static_cast<std::int64_t>(v));
               }));
  }
  return block.text();
}

}  // namespace udperf::report
