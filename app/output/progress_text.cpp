#include "app/output/progress_text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <string_view>
#include <vector>

#include "base/units.hpp"

namespace udperf::app {
namespace {

constexpr std::string_view kRed = "\x1b[31m";
constexpr std::string_view kGreen = "\x1b[32m";
constexpr std::string_view kPlain = "\x1b[0m";
constexpr std::size_t kGap = 2;  ///< columns between two figures

std::string percent_text(double percent) {
  std::array<char, 32> buffer{};
  const auto [end, problem] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), percent,
                                            std::chars_format::fixed, percent < 10 ? 2 : 1);
  return problem == std::errc{} ? std::string(buffer.data(), end) : std::string{"?"};
}

/// One figure of the line: `columns` is what it takes on the screen, which escapes and characters
/// of several bytes do not tell.
struct Piece {
  std::string text;
  std::size_t columns = 0;
};

Piece piece_of(std::string text, std::size_t at_least = 0) {
  text.resize(std::max(text.size(), at_least), ' ');
  return {text, text.size()};
}

Piece bar(double done, std::size_t columns, const ProgressStyle& style) {
  const std::size_t inner = columns - 2;
  const auto full = static_cast<std::size_t>(
      std::lround(std::clamp(done, 0.0, 1.0) * static_cast<double>(inner)));
  const bool unicode = style.glyphs == Glyphs::unicode;
  std::string text = "[";
  text += style.colors == Colors::on ? kGreen : "";
  for (std::size_t i = 0; i < inner; ++i) {
    if (i == full && style.colors == Colors::on) {
      text += kPlain;
    }
    text += i < full ? (unicode ? "\u2588" : "#") : (unicode ? "\u2591" : "-");
  }
  text += style.colors == Colors::on && full == inner ? kPlain : "";
  return {text + "]", columns};
}

Piece loss(double percent, const ProgressStyle& style) {
  Piece piece = piece_of(percent_text(percent) + " % lost", 11);
  if (style.colors == Colors::on && percent > 0) {
    piece.text = std::string{kRed} + piece.text + std::string{kPlain};
  }
  return piece;
}

std::size_t columns_of(const std::vector<Piece>& pieces) {
  std::size_t sum = 0;
  for (const Piece& piece : pieces) {
    sum += piece.columns + (sum > 0 && piece.columns > 0 ? kGap : 0);
  }
  return sum;
}

}  // namespace

std::string format_progress(const ProgressFigures& figures, const ProgressStyle& style) {
  constexpr std::size_t kLeastBar = 8;
  constexpr std::size_t kMostBar = 32;
  enum : std::size_t { way, meter, rate, lost, rtt, left };
  std::vector<Piece> pieces(6);
  pieces[way] = piece_of(figures.way == Way::up ? "up" : "down", 4);
  pieces[rate] =
      piece_of(figures.bits_per_second ? format_bit_rate(*figures.bits_per_second) : "...", 10);
  pieces[lost] = figures.loss_percent ? loss(*figures.loss_percent, style) : Piece{};
  pieces[rtt] = figures.rtt ? piece_of("rtt " + format_duration(*figures.rtt), 11) : Piece{};
  pieces[left] = piece_of(figures.left);
  // The bar has what the figures leave; where they leave too little, the round trip goes first.
  const auto room = [&] {
    const std::size_t used = columns_of(pieces) + kGap;
    return style.width > used ? style.width - used : 0;
  };
  if (columns_of(pieces) > style.width) {
    pieces[rtt] = {};
  }
  if (figures.done && room() >= kLeastBar) {
    pieces[meter] = bar(*figures.done, std::min(room(), kMostBar), style);
  }
  for (const std::size_t least : {left, lost}) {
    if (columns_of(pieces) > style.width) {
      pieces[least] = {};
    }
  }
  std::string text;
  for (const Piece& piece : pieces) {
    text += piece.columns == 0 ? "" : (text.empty() ? "" : std::string(kGap, ' ')) + piece.text;
  }
  if (columns_of(pieces) > style.width) {  // no escapes are left by now
    text.resize(std::min(text.size(), style.width));
  }
  return text;
}

}  // namespace udperf::app
