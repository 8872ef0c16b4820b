#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "app/cli.hpp"
#include "engine/client_run.hpp"

namespace udperf::app {

/// Whether escape sequences for colour may be written: --color, NO_COLOR (no-color.org) and what
/// the output is. A dumb terminal has none.
enum class Colors : bool { off, on };
[[nodiscard]] Colors choose_colors(ColorMode mode, bool is_terminal);

/// What a progress line says of one way.
struct ProgressFigures {
  Way way = Way::up;
  std::optional<double> bits_per_second;  ///< payload that arrived in the last half second
  std::optional<double> loss_percent;     ///< so far
  std::string left;                       ///< "7 s left", "12.50 MB left"; may be empty
};

/// "up 97.20 Mb/s, 0.12 % lost, 7 s left | down ...", cut to `width` columns.
[[nodiscard]] std::string format_progress(std::span<const ProgressFigures> ways, std::size_t width,
                                          Colors colors);

/// How much of the test is still to come, in the terms in which it was asked for; "" where nothing
/// was asked for, each trial of a search having an amount of its own.
[[nodiscard]] std::string amount_left(const Amount& amount, const engine::LiveProgress& progress);

/// The live line of a running test. It stays on one row: each text begins with a carriage return
/// and clears the rest of the row, and nothing is written that would wrap. Thread-safe.
class ProgressLine {
 public:
  /// Writes text to the terminal; columns() is its width now.
  struct Terminal {
    std::function<void(std::string_view)> write;
    std::function<std::size_t()> columns;
  };

  ProgressLine(Terminal terminal, Amount amount, Colors colors);
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;
  ~ProgressLine() { erase(); }

  void update(const engine::LiveProgress& progress);
  /// Another test begins: its figures count from 0 again.
  void restart();
  /// Leaves the row empty; the next update() draws the line again.
  void erase();

  /// The terminal on stderr, or nothing when stderr is none.
  [[nodiscard]] static std::optional<Terminal> stderr_terminal();

 private:
  void draw();  ///< with the mutex held

  struct WayState {
    engine::LiveProgress window_start;  ///< what the rate is counted from
    std::optional<double> bits_per_second;
    std::optional<ProgressFigures> figures;
  };

  Terminal terminal_;
  Amount amount_;
  Colors colors_;
  std::mutex mutex_;
  std::array<WayState, 2> ways_;
  bool shown_ = false;
};

}  // namespace udperf::app
