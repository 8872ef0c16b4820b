#include "app/output/progress.hpp"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "app/output/files.hpp"
#include "base/saturating.hpp"
#include "base/units.hpp"
#include "model/forever.hpp"

namespace udperf::app {
namespace {

constexpr std::string_view kEraseRow = "\r\x1b[K";
constexpr std::string_view kRowAbove = "\x1b[A\x1b[K";
/// Long enough for a figure that can be read, and for the pause at the end not to show as a drop.
constexpr Duration kRateWindow = std::chrono::milliseconds{500};

std::uint64_t less(std::uint64_t whole, std::uint64_t part) {
  return whole > part ? whole - part : 0;
}

/// Payload per second that arrived between two looks at the test.
double rate_between(const engine::LiveProgress& before, const engine::LiveProgress& now) {
  const auto seconds = std::chrono::duration<double>{now.elapsed - before.elapsed}.count();
  const bool known = now.arrivals_known;  // else what was sent is all there is to show
  const auto bytes = known ? less(now.received_bytes, before.received_bytes)
                           : less(now.sent_bytes, before.sent_bytes);
  return 8.0 * static_cast<double>(bytes) / seconds;
}

std::optional<double> loss_so_far(const engine::LiveProgress& now) {
  const std::uint64_t passed = now.received_packets + now.lost;
  if (passed == 0) {
    return std::nullopt;
  }
  return 100.0 * static_cast<double>(now.lost) / static_cast<double>(passed);
}

/// Of the test proper, which is what an amount is of. What was sent is known sooner than what
/// arrived, but only where this end sends.
std::uint64_t packets_done(const engine::LiveProgress& now) {
  return std::max(now.sent_packets, less(now.received_packets + now.lost, now.omitted_packets));
}

std::uint64_t bytes_done(const engine::LiveProgress& now) {
  const std::uint64_t passed = now.received_packets + now.lost;
  const std::uint64_t received =
      now.omitted_packets == 0
          ? now.received_bytes
          : saturating_mul_div(Uint128{now.received_bytes} * less(passed, now.omitted_packets), 1,
                               std::max<std::uint64_t>(passed, 1));
  return std::max(now.sent_bytes, received);
}

}  // namespace

Amount whole_amount(const TestParams& params) {
  Amount amount = params.amount;
  if (amount.duration > Duration{0} && amount.duration != kForever) {
    amount.duration += params.omit;
  }
  return amount;
}

std::string amount_left(const Amount& amount, const engine::LiveProgress& progress) {
  if (amount == Amount{}) {
    return {};
  }
  if (amount.duration == kForever) {
    return "until interrupted";
  }
  if (amount.duration > Duration{0}) {
    const Duration left = std::max(amount.duration - progress.elapsed, Duration{0});
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(left).count();
    return std::to_string(seconds) + " s left";
  }
  if (amount.size_bytes != 0) {
    return format_bytes(less(amount.size_bytes, bytes_done(progress))) + " left";
  }
  return std::to_string(less(amount.packets, packets_done(progress))) + " packets left";
}

double share_done(const Amount& amount, const engine::LiveProgress& progress) {
  const auto share = [](auto part, auto whole) {
    return std::min(static_cast<double>(part) / static_cast<double>(whole), 1.0);
  };
  if (amount.duration > Duration{0}) {
    return share(std::max(progress.elapsed, Duration{0}).count(), amount.duration.count());
  }
  if (amount.size_bytes != 0) {
    return share(bytes_done(progress), amount.size_bytes);
  }
  return share(packets_done(progress), std::max<std::uint64_t>(amount.packets, 1));
}

ProgressLine::ProgressLine(Terminal terminal, Amount amount, Style style)
    : terminal_(std::move(terminal)), amount_(amount), style_(style) {}

void ProgressLine::update(const engine::LiveProgress& progress) {
  const std::lock_guard lock{mutex_};
  WayState& state = ways_[progress.way == Way::up ? 0 : 1];
  if (progress.elapsed - state.window_start.elapsed >= kRateWindow) {
    state.bits_per_second = rate_between(state.window_start, progress);
    state.window_start = progress;
  }
  state.figures =
      ProgressFigures{progress.way, state.bits_per_second,         loss_so_far(progress),
                      progress.rtt, share_done(amount_, progress), amount_left(amount_, progress)};
  draw();
}

void ProgressLine::restart() {
  const std::lock_guard lock{mutex_};
  ways_ = {};
}

std::string ProgressLine::erasure() const {
  std::string text{kEraseRow};
  for (std::size_t row = 1; row < rows_; ++row) {
    text += kRowAbove;
  }
  return text;
}

void ProgressLine::draw() {
  // The last column stays free: some terminals wrap as soon as it is written.
  const std::size_t columns = terminal_.columns();
  const ProgressStyle style{columns > 1 ? columns - 1 : 0, style_.colors, style_.glyphs};
  std::string text = erasure();
  std::size_t rows = 0;
  for (const WayState& way : ways_) {
    if (way.figures) {
      text += (rows > 0 ? "\n" : "") + format_progress(*way.figures, style);
      ++rows;
    }
  }
  rows_ = rows;
  terminal_.write(text);
}

void ProgressLine::erase() {
  const std::lock_guard lock{mutex_};
  if (rows_ > 0) {
    terminal_.write(erasure());
    rows_ = 0;
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
  terminal.columns = [] { return terminal_columns(STDERR_FILENO); };
  return terminal;
}

}  // namespace udperf::app
