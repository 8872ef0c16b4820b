#pragma once

#include <cstddef>
#include <cstdint>

#include "app/cli.hpp"
#include "os/fd.hpp"

namespace udperf::app {

/// Whether escape sequences for colour may be written: --color, NO_COLOR (no-color.org) and what
/// the output is. A dumb terminal has none.
enum class Colors : bool { off, on };
[[nodiscard]] Colors choose_colors(ColorMode mode, bool is_terminal);

/// Which characters bars and curves are made of: blocks where the locale is UTF-8 (LC_ALL, else
/// LC_CTYPE, else LANG).
enum class Glyphs : bool { ascii, unicode };
[[nodiscard]] Glyphs choose_glyphs();

/// Columns of the terminal at this descriptor now, else those that COLUMNS names, else 80.
[[nodiscard]] std::size_t terminal_columns(int fd);

/// The same terminal, opened once more so that no write waits, whatever others that share `fd`
/// want; none where that is no terminal, or the system does not let it.
[[nodiscard]] os::Fd unhurried_terminal(int fd);

}  // namespace udperf::app
