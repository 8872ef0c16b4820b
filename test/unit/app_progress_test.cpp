#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

#include "app/progress.hpp"
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

TEST_CASE("a progress line says rate, loss and what is left of each way", "[app]") {
  const std::vector<ProgressFigures> ways{{Way::up, 97.2e6, 0.125, "7 s left"},
                                          {Way::down, std::nullopt, std::nullopt, ""}};
  CHECK(format_progress(ways, 200, Colors::off) ==
        "up 97.20 Mb/s, 0.12 % lost, 7 s left | down ...");
  CHECK(format_progress(ways, 10, Colors::off) == "up 97.20 M");
  CHECK(format_progress(ways, 0, Colors::off).empty());
}

TEST_CASE("only loss is coloured, and only when colours are wanted", "[app]") {
  std::vector<ProgressFigures> ways{{Way::up, 1e6, 1.0, ""}};
  CHECK(format_progress(ways, 8, Colors::on) == "\x1b[31mup 1.000\x1b[0m");
  CHECK(format_progress(ways, 8, Colors::off) == "up 1.000");
  ways.front().loss_percent = 0.0;
  CHECK(format_progress(ways, 8, Colors::on) == "up 1.000");
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

TEST_CASE("the line is drawn in place, never reaches the last column, and is erased", "[app]") {
  std::string screen;
  std::size_t columns = 80;
  {
    ProgressLine line{{[&](std::string_view text) { screen += text; }, [&] { return columns; }},
                      Amount{0, 0, 10s},
                      Colors::off};
    line.erase();
    CHECK(screen.empty());  // nothing was shown, so nothing is erased

    line.update(progress(Way::up, 1s, 1000, 0));
    CHECK(screen == "\r\x1b[Kup 8.000 Mb/s, 0.00 % lost, 9 s left");
    screen.clear();

    line.update(progress(Way::up, 2s, 1500, 500));
    CHECK(screen == "\r\x1b[Kup 4.000 Mb/s, 25.0 % lost, 8 s left");
    screen.clear();

    // half a second has to pass before there is another rate
    line.update(progress(Way::up, 2400ms, 9000, 500));
    CHECK(screen == "\r\x1b[Kup 4.000 Mb/s, 5.26 % lost, 8 s left");
    screen.clear();

    line.update(progress(Way::down, 2s, 500, 0));
    CHECK(screen == "\r\x1b[Kup 4.000 Mb/s, 5.26 % lost | down 2.000 Mb/s, 0.00 % lost, 8 s left");
    screen.clear();

    columns = 20;
    line.update(progress(Way::down, 2s, 0, 0));
    CHECK(screen == "\r\x1b[Kup 4.000 Mb/s, 5.26");
    CHECK(screen.size() == 4 + 19);
    screen.clear();

    columns = 0;
    line.update(progress(Way::down, 3s, 0, 0));
    CHECK(screen == "\r\x1b[K");
    screen.clear();
  }
  CHECK(screen == "\r\x1b[K");
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
