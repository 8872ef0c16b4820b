#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

#include "app/output/progress.hpp"
#include "model/forever.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;
using namespace udperf;
using namespace udperf::app;
using engine::LiveProgress;

namespace {

LiveProgress progress(Way way, Duration elapsed, std::uint64_t packets, std::uint64_t lost) {
  LiveProgress result;
  result.way = way;
  result.elapsed = elapsed;
  result.received_packets = packets;
  result.received_bytes = packets * 1000;
  result.lost = lost;
  return result;
}

/// Sets one environment variable, and puts it back afterwards.
class Environment {
 public:
  Environment(const char* name, const char* value) : name_(name) {
    if (const char* before = std::getenv(name)) {
      before_ = before;
    }
    set(value);
  }
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;
  ~Environment() { set(before_ ? before_->c_str() : nullptr); }

 private:
  void set(const char* value) const {
    if (value != nullptr) {
      ::setenv(name_, value, 1);
    } else {
      ::unsetenv(name_);
    }
  }
  const char* name_;
  std::optional<std::string> before_;
};

}  // namespace

/// Columns that a text takes: escapes take none, a character of several bytes one.
std::size_t columns_of(const std::string& text) {
  std::size_t columns = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\x1b') {
      i = text.find_first_of("mKA", i);
    } else if ((static_cast<unsigned char>(text[i]) & 0xC0U) != 0x80U) {
      ++columns;
    }
  }
  return columns;
}

const ProgressFigures all{Way::up, 97.2e6, 0.125, 1200us, 0.5, "7 s left"};

TEST_CASE("a warm-up is no part of an amount that is done", "[app]") {
  LiveProgress now = progress(Way::down, 3s, 300, 20);
  now.omitted_packets = 120;  // of 320 that have passed
  CHECK(share_done(Amount{0, 400, {}}, now) == 0.5);
  CHECK(amount_left(Amount{0, 400, {}}, now) == "200 packets left");
  // Of 300 kB five eighths are the test's.
  CHECK(share_done(Amount{375'000, 0, {}}, now) == 0.5);
  now.omitted_packets = 320;
  CHECK(share_done(Amount{0, 400, {}}, now) == 0.0);
  CHECK(share_done(Amount{375'000, 0, {}}, now) == 0.0);
}

TEST_CASE("a progress line says how far it is, rate, loss, round trip and what is left", "[app]") {
  CHECK(format_progress(all, {200, Colors::off, Glyphs::ascii}) ==
        "up    [###############---------------]  97.20 Mb/s  0.12 % lost  rtt 1.20 ms  7 s left");
  CHECK(format_progress(all, {79, Colors::off, Glyphs::ascii}) ==
        "up    [############-----------]  97.20 Mb/s  0.12 % lost  rtt 1.20 ms  7 s left");
  CHECK(format_progress(all, {58, Colors::off, Glyphs::unicode}) ==
        "up    97.20 Mb/s  0.12 % lost  rtt 1.20 ms  7 s left");
  CHECK(format_progress(all, {60, Colors::off, Glyphs::unicode}) ==
        "up    97.20 Mb/s  0.12 % lost  rtt 1.20 ms  7 s left");
  CHECK(format_progress(all, {39, Colors::off, Glyphs::ascii}) ==
        "up    97.20 Mb/s  0.12 % lost  7 s left");
  CHECK(format_progress(all, {32, Colors::off, Glyphs::ascii}) == "up    97.20 Mb/s  0.12 % lost");
  CHECK(format_progress(all, {20, Colors::off, Glyphs::ascii}) == "up    97.20 Mb/s");
  CHECK(format_progress(all, {5, Colors::off, Glyphs::ascii}) == "up   ");
  CHECK(format_progress(all, {0, Colors::off, Glyphs::ascii}).empty());
  const ProgressFigures none{Way::down, std::nullopt, std::nullopt, std::nullopt, std::nullopt, ""};
  CHECK(format_progress(none, {79, Colors::off, Glyphs::ascii}) == "down  ...       ");
}

TEST_CASE("no progress line is wider than it may be, whatever is in it", "[app]") {
  for (const Glyphs glyphs : {Glyphs::ascii, Glyphs::unicode}) {
    for (const Colors colors : {Colors::off, Colors::on}) {
      for (std::size_t width = 0; width < 130; ++width) {
        const std::string text = format_progress(all, {width, colors, glyphs});
        INFO(width << ": " << text);
        CHECK(columns_of(text) <= width);
        CHECK((colors == Colors::on || text.find('\x1b') == std::string::npos));
      }
    }
  }
}

TEST_CASE("only loss and the bar are coloured, and only when colours are wanted", "[app]") {
  ProgressFigures way{Way::up, 1e6, 1.0, std::nullopt, std::nullopt, ""};
  CHECK(format_progress(way, {79, Colors::on, Glyphs::ascii}) ==
        "up    1.000 Mb/s  \x1b[31m1.00 % lost\x1b[0m");
  way.loss_percent = 0.0;
  CHECK(format_progress(way, {79, Colors::on, Glyphs::ascii}) == "up    1.000 Mb/s  0.00 % lost");
  way.done = 1.0;
  CHECK(format_progress(way, {40, Colors::on, Glyphs::unicode}).find("\x1b[32m\u2588") !=
        std::string::npos);
}

TEST_CASE("how far a test is follows from what was asked for", "[app]") {
  auto now = progress(Way::up, 3200ms, 10, 2);
  CHECK(share_done(Amount{0, 0, 10s}, now) == 0.32);
  CHECK(share_done(Amount{0, 0, 1s}, now) == 1.0);
  CHECK(share_done(Amount{40'000, 0, 0s}, now) == 0.25);
  CHECK(share_done(Amount{0, 48, 0s}, now) == 0.25);
}

TEST_CASE("what is left is told in the terms of the request", "[app]") {
  auto now = progress(Way::up, 3200ms, 10, 2);
  CHECK(amount_left(Amount{0, 0, 10s}, now) == "7 s left");
  CHECK(amount_left(Amount{0, 0, 3s}, now) == "0 s left");
  CHECK(amount_left(Amount{30'000, 0, 0s}, now) == "20.00 kB left");
  CHECK(amount_left(Amount{1, 0, 0s}, now) == "0 B left");
  CHECK(amount_left(Amount{0, 100, 0s}, now) == "88 packets left");
  now.sent_packets = 40;
  now.sent_bytes = 40'000;
  CHECK(amount_left(Amount{0, 100, 0s}, now) == "60 packets left");
  CHECK(amount_left(Amount{100'000, 0, 0s}, now) == "60.00 kB left");
}

TEST_CASE("the lines are drawn in place, never reach the last column, and are erased", "[app]") {
  std::string screen;
  std::size_t columns = 40;
  {
    ProgressLine line{{[&](std::string_view text) { screen += text; }, [&] { return columns; }},
                      Amount{0, 0, 10s},
                      {Colors::off, Glyphs::ascii}};
    line.erase();
    CHECK(screen.empty());  // nothing was shown, so nothing is erased

    line.update(progress(Way::up, 1s, 1000, 0));
    CHECK(screen == "\r\x1b[Kup    8.000 Mb/s  0.00 % lost  9 s left");
    screen.clear();

    line.update(progress(Way::up, 2s, 1500, 500));
    CHECK(screen == "\r\x1b[Kup    4.000 Mb/s  25.0 % lost  8 s left");
    screen.clear();

    // half a second has to pass before there is another rate
    line.update(progress(Way::up, 2400ms, 9000, 500));
    CHECK(screen == "\r\x1b[Kup    4.000 Mb/s  5.26 % lost  8 s left");
    screen.clear();

    // the other way has a row of its own
    line.update(progress(Way::down, 2s, 500, 0));
    CHECK(screen ==
          "\r\x1b[Kup    4.000 Mb/s  5.26 % lost  8 s left\n"
          "down  2.000 Mb/s  0.00 % lost  8 s left");
    screen.clear();
    line.update(progress(Way::down, 2s, 500, 0));
    CHECK(screen.starts_with("\r\x1b[K\x1b[A\x1b[Kup "));
    screen.clear();

    line.erase();
    CHECK(screen == "\r\x1b[K\x1b[A\x1b[K");
    screen.clear();

    columns = 0;
    line.update(progress(Way::down, 3s, 0, 0));
    CHECK(screen == "\r\x1b[K\n");
    screen.clear();
  }
  CHECK(screen == "\r\x1b[K\x1b[A\x1b[K");
}

TEST_CASE("where arrivals are not told, the rate is that of sending", "[app]") {
  std::string screen;
  ProgressLine line{{[&](std::string_view text) { screen += text; }, [] { return 80U; }},
                    Amount{4'000'000, 0, 0s},
                    {}};
  engine::LiveProgress now;
  now.elapsed = 1s;
  now.sent_bytes = 1'000'000;
  now.sent_packets = 1000;
  now.arrivals_known = false;
  line.update(now);
  CHECK(screen.find("8.000 Mb/s") != std::string::npos);
  CHECK(screen.find("lost") == std::string::npos);
  CHECK(screen.find("3.000 MB left") != std::string::npos);
}

TEST_CASE("blocks are drawn where the locale is UTF-8 only", "[app]") {
  const Environment locale{"LC_ALL", nullptr};
  const Environment type{"LC_CTYPE", nullptr};
  const Environment lang{"LANG", "de_DE.UTF-8"};
  CHECK(choose_glyphs() == Glyphs::unicode);
  {
    const Environment other{"LC_ALL", "C"};
    CHECK(choose_glyphs() == Glyphs::ascii);
  }
  {
    const Environment other{"LC_CTYPE", "C.utf8"};
    CHECK(choose_glyphs() == Glyphs::unicode);
  }
  const Environment none{"LANG", nullptr};
  CHECK(choose_glyphs() == Glyphs::ascii);
}

TEST_CASE("what is no terminal has COLUMNS, or 80", "[app]") {
  {
    const Environment columns{"COLUMNS", "40"};
    CHECK(terminal_columns(-1) == 40);
  }
  const Environment nonsense{"COLUMNS", "0x"};
  CHECK(terminal_columns(-1) == 80);
}

TEST_CASE("colours follow --color, then NO_COLOR, then the terminal", "[app]") {
  const Environment term{"TERM", "xterm"};
  const Environment none{"NO_COLOR", nullptr};
  CHECK(choose_colors(ColorMode::automatic, true) == Colors::on);
  CHECK(choose_colors(ColorMode::automatic, false) == Colors::off);
  CHECK(choose_colors(ColorMode::always, false) == Colors::on);
  CHECK(choose_colors(ColorMode::never, true) == Colors::off);
  {
    const Environment no_color{"NO_COLOR", "1"};
    CHECK(choose_colors(ColorMode::automatic, true) == Colors::off);
    CHECK(choose_colors(ColorMode::always, true) == Colors::on);
  }
  {
    const Environment empty{"NO_COLOR", ""};
    CHECK(choose_colors(ColorMode::automatic, true) == Colors::on);
  }
  {
    const Environment dumb{"TERM", "dumb"};
    CHECK(choose_colors(ColorMode::automatic, true) == Colors::off);
  }
}

TEST_CASE("a warm-up is a part of what is left, save of a test without end", "[app]") {
  TestParams params;
  params.omit = 2s;
  params.amount.duration = 10s;
  CHECK(whole_amount(params).duration == 12s);
  params.amount.duration = kForever;
  CHECK(amount_left(whole_amount(params), progress(Way::up, 5s, 10, 0)) ==
        amount_left(params.amount, progress(Way::up, 5s, 10, 0)));
  params.amount = Amount{0, 7, 0s};
  CHECK(whole_amount(params).duration == 0s);
}
