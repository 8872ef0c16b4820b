#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "app/output/terminal.hpp"
#include "base/time.hpp"
#include "model/test_params.hpp"

namespace udperf::app {

/// What a progress line says of one way.
struct ProgressFigures {
  Way way = Way::up;
  std::optional<double> bits_per_second;  ///< payload that arrived in the last half second
  std::optional<double> loss_percent;     ///< so far
  std::optional<Duration> rtt;            ///< the last one measured
  std::optional<double> done;             ///< share of the test that is over, 0..1
  std::string left;                       ///< "7 s left", "12.50 MB left"; may be empty
};

struct ProgressStyle {
  std::size_t width = 79;  ///< columns that may be written
  Colors colors = Colors::off;
  Glyphs glyphs = Glyphs::ascii;
};

/// "up    [#####-----]  97.20 Mb/s  0.12 % lost  rtt 1.20 ms  7 s left": what does not fit is left
/// out, the round trip first, then the bar, then what is left, then the loss.
[[nodiscard]] std::string format_progress(const ProgressFigures& figures,
                                          const ProgressStyle& style);

}  // namespace udperf::app
