#include "app/progress.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <utility>
#include <vector>

#include "app/files.hpp"
#include "base/units.hpp"

namespace udperf::app {
namespace {

constexpr std::string_view kEraseRow = "\r\x1b[K";
constexpr std::string_view kRed = "\x1b[31m";
constexpr std::string_view kPlain = "\x1b[0m";
constexpr std::size_t kDefaultColumns = 80;
/// Long enough for a figure that can be read, and for the pause at the end not to show as a drop.
constexpr Duration kRateWindow = std::chrono::milliseconds{500};

std::string percent_text(double percent) {
  std::array<char, 32> buffer{};
  const auto [end, problem] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), percent,
                                            std::chars_format::fixed, percent < 10 ? 2 : 1);
  return problem == std::errc{} ? std::string(buffer.data(), end) : std::string{"?"};
}

std::string one_way(const ProgressFigures& way) {
  std::string text = way.way == Way::up ? "up " : "down ";
  text += way.bits_per_second ? format_bit_rate(*way.bits_per_second) : "...";
  if (way.loss_percent) {
    text += ", " + percent_text(*way.loss_percent) + " % lost";
  }
  return way.left.empty() ? text : text + ", " + way.left;
}

std::uint64_t less(std::uint64_t whole, std::uint64_t part) {
  return whole > part ? whole - part : 0;
}

/// Payload that arrived between two looks at the test.
double rate_between(const engine::LiveProgress& before, const engine::LiveProgress& now) {
  const auto seconds = std::chrono::duration<double>{now.elapsed - before.elapsed}.count();
  return 8.0 * static_cast<double>(less(now.received_bytes, before.received_bytes)) / seconds;
}

std::optional<double> loss_so_far(const engine::LiveProgress& now) {
  const std::uint64_t passed = now.received_packets + now.lost;
  if (passed == 0) {
    return std::nullopt;
  }
  return 100.0 * static_cast<double>(now.lost) / static_cast<double>(passed);
}

}  // namespace

Colors choose_colors(ColorMode mode, bool is_terminal) {
  if (mode != ColorMode::automatic) {
    return mode == ColorMode::always ? Colors::on : Colors::off;
  }
  // NOLINTBEGIN(concurrency-mt-unsafe): nothing in this program changes the environment
  const char* const no_color = std::getenv("NO_COLOR");
  const char* const term = std::getenv("TERM");
  // NOLINTEND(concurrency-mt-unsafe)
  const bool refused = no_color != nullptr && *no_color != '\0';
  const bool dumb = term == nullptr || std::string_view{term} == "dumb";
  return is_terminal && !refused && !dumb ? Colors::on : Colors::off;
}

std::string format_progress(std::span<const ProgressFigures> ways, std::size_t width,
                            Colors colors) {
  std::string text;
  bool lossy = false;
  for (const ProgressFigures& way : ways) {
    text += (text.empty() ? "" : " | ") + one_way(way);
    lossy = lossy || way.loss_percent.value_or(0) > 0;
  }
  text.resize(std::min(text.size(), width));
  if (colors == Colors::on && lossy) {
    return std::string{kRed} + text + std::string{kPlain};
  }
  return text;
}

std::string amount_left(const Amount& amount, const engine::LiveProgress& progress) {
  if (amount == Amount{}) {
    return {};
  }
  if (amount.duration > Duration{0}) {
    const Duration left = std::max(amount.duration - progress.elapsed, Duration{0});
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(left).count();
    return std::to_string(seconds) + " s left";
  }
  // What was sent is known sooner than what arrived, but only where this end sends.
  if (amount.size_bytes != 0) {
    const auto done = std::max(progress.sent_bytes, progress.received_bytes);
    return format_bytes(less(amount.size_bytes, done)) + " left";
  }
  const auto done = std::max(progress.sent_packets, progress.received_packets + progress.lost);
  return std::to_string(less(amount.packets, done)) + " packets left";
}

ProgressLine::ProgressLine(Terminal terminal, Amount amount, Colors colors)
    : terminal_(std::move(terminal)), amount_(amount), colors_(colors) {}

void ProgressLine::update(const engine::LiveProgress& progress) {
  const std::lock_guard lock{mutex_};
  WayState& state = ways_[progress.way == Way::up ? 0 : 1];
  if (progress.elapsed - state.window_start.elapsed >= kRateWindow) {
    state.bits_per_second = rate_between(state.window_start, progress);
    state.window_start = progress;
  }
  state.figures = ProgressFigures{progress.way, state.bits_per_second, loss_so_far(progress),
                                  amount_left(amount_, progress)};
  draw();
}

void ProgressLine::restart() {
  const std::lock_guard lock{mutex_};
  ways_ = {};
}

void ProgressLine::draw() {
  std::vector<ProgressFigures> ways;
  for (const WayState& way : ways_) {
    if (way.figures) {
      ways.push_back(*way.figures);
    }
  }
  if (ways.size() > 1 && amount_.duration > Duration{0}) {
    ways.front().left.clear();  // both ways end together: saying it once is enough
  }
  // The last column stays free: some terminals wrap as soon as it is written.
  const std::size_t columns = terminal_.columns();
  const std::size_t width = columns > 1 ? columns - 1 : 0;
  terminal_.write(std::string{kEraseRow} + format_progress(ways, width, colors_));
  shown_ = true;
}

void ProgressLine::erase() {
  const std::lock_guard lock{mutex_};
  if (shown_) {
    terminal_.write(kEraseRow);
    shown_ = false;
  }
}

std::optional<ProgressLine::Terminal> ProgressLine::stderr_terminal() {
  if (::isatty(STDERR_FILENO) != 1) {
    return std::nullopt;
  }
  Terminal terminal;
  terminal.write = [](std::string_view text) {
    (void)write_all(STDERR_FILENO, text, "stderr");  // a lost progress line harms nobody
  };
  terminal.columns = [] {
    winsize size{};
    const bool known = ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
    return known ? std::size_t{size.ws_col} : kDefaultColumns;
  };
  return terminal;
}

}  // namespace udperf::app
