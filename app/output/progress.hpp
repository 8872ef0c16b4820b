#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "app/output/progress_text.hpp"
#include "app/output/terminal.hpp"
#include "engine/client_run.hpp"

namespace udperf::app {

/// What is asked for, with the warm-up.
[[nodiscard]] Amount whole_amount(const TestParams& params);

/// How much of the test is still to come, in the terms in which it was asked for; "" where nothing
/// was asked for, each trial of a search having an amount of its own.
[[nodiscard]] std::string amount_left(const Amount& amount, const engine::LiveProgress& progress);

/// The same as a share, 0..1.
[[nodiscard]] double share_done(const Amount& amount, const engine::LiveProgress& progress);

/// The live lines of a running test, one for each way. They stay where they are: each drawing
/// begins by going back to the first row, clears what it writes over, and writes nothing that would
/// wrap. Thread-safe.
class ProgressLine {
 public:
  /// Writes text to the terminal; columns() is its width now.
  struct Terminal {
    std::function<void(std::string_view)> write;
    std::function<std::size_t()> columns;
  };

  struct Style {
    Colors colors = Colors::off;
    Glyphs glyphs = Glyphs::ascii;
  };
  ProgressLine(Terminal terminal, Amount amount, Style style);
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;
  ~ProgressLine() { erase(); }

  void update(const engine::LiveProgress& progress);
  /// Another test begins: its figures count from 0 again.
  void restart();
  /// Leaves the rows empty; the next update() draws the lines again.
  void erase();

  /// The terminal on stderr, or nothing when stderr is none.
  [[nodiscard]] static std::optional<Terminal> stderr_terminal();

 private:
  // With the mutex held:
  void draw();
  [[nodiscard]] std::string erasure() const;

  struct WayState {
    engine::LiveProgress window_start;  ///< what the rate is counted from
    std::optional<double> bits_per_second;
    std::optional<ProgressFigures> figures;
  };

  Terminal terminal_;
  Amount amount_;
  Style style_;
  std::mutex mutex_;
  std::array<WayState, 2> ways_;
  std::size_t rows_ = 0;  ///< on the screen; the cursor is in the last
};

}  // namespace udperf::app
