#include <algorithm>
#include <string>

#include "report/details.hpp"
#include "report/writer.hpp"
#include "support/catch.hpp"
#include "support/example_outcomes.hpp"

using namespace udperf;
using Catch::Matchers::ContainsSubstring;

namespace {

/// The widest line, in columns: escapes take none, a character of several bytes one.
std::size_t widest(const std::string& text) {
  std::size_t most = 0;
  std::size_t columns = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\x1b') {
      i = text.find('m', i);
    } else if (text[i] == '\n') {
      columns = 0;
    } else if ((static_cast<unsigned char>(text[i]) & 0xC0U) != 0x80U) {
      most = std::max(most, ++columns);
    }
  }
  return most;
}

report::TextStyle style(int width, bool unicode) {
  report::TextStyle out;
  out.width = width;
  out.unicode = unicode;
  out.details = true;
  return out;
}

}  // namespace

TEST_CASE("a sparkline has one mark a value, blanks for what is not known", "[report]") {
  CHECK(report::sparkline({0.0, 7.0, 14.0, std::nullopt}, 14.0, 10, false) == "_+@ ");
  CHECK(report::sparkline({0.0, 14.0}, 14.0, 10, true) == "\u2581\u2588");
  CHECK(report::sparkline({1.0, 3.0, 5.0, 5.0}, 5.0, 2, false) == "=@");  // means of two
  CHECK(report::sparkline({std::nullopt, std::nullopt, 5.0}, 5.0, 1, false) == "@");
  CHECK(report::sparkline({0.0}, 0.0, 5, false) == "_");
  CHECK(report::sparkline({}, 1.0, 5, false).empty());
}

TEST_CASE("details add rate, loss and the spread of delay to the text", "[report]") {
  const auto document = result::build_result(test::normal_up());
  const std::string plain = report::to_text(document, {});
  CHECK_THAT(plain, !ContainsSubstring("over time"));
  const std::string text = report::to_text(document, style(80, false));
  CHECK_THAT(text, ContainsSubstring("rate over time          "));
  CHECK_THAT(text, ContainsSubstring("loss over time          "));
  CHECK_THAT(text, ContainsSubstring("delay variation         <= "));
  CHECK(std::all_of(text.begin(), text.end(), [](char c) { return c == '\n' || c >= ' '; }));
  CHECK_THAT(report::to_text(document, style(80, true)), ContainsSubstring("\u2588"));
}

TEST_CASE("details say how late the sender woke up, where it tells", "[report]") {
  const std::string text =
      report::to_text(result::build_result(test::both_directions()), style(80, false));
  CHECK_THAT(text, ContainsSubstring("p50 50.0 us, p99 130 us, max 3.00 ms"));
  CHECK_THAT(text, ContainsSubstring("of 1.00 ms at most; scheduling short_slice"));
  CHECK_THAT(report::to_text(result::build_result(test::normal_up()), style(80, false)),
             !ContainsSubstring("wake-ups"));
}

TEST_CASE("the shares of the spread add up", "[report]") {
  const auto document = result::build_result(test::normal_up());
  const std::string text = report::to_text(document, style(80, false));
  double sum = 0;
  for (auto at = text.find("<= "); at != std::string::npos; at = text.find("<= ", at + 1)) {
    const auto end = text.find(" %\n", at);
    sum += std::stod(text.substr(text.rfind(' ', end - 1), end));
  }
  CHECK(sum > 99.0);
  CHECK(sum < 101.0);
}

TEST_CASE("no line of the text is wider than the terminal", "[report]") {
  for (const auto& example : test::example_outcomes()) {
    const auto document = result::build_result(example.outcome);
    for (const int width : {32, 40, 49, 50, 60, 80, 100, 120}) {
      for (const bool unicode : {false, true}) {
        auto look = style(width, unicode);
        look.color = unicode;
        const std::string text = report::to_text(document, look);
        INFO(example.name << " at " << width << ":\n" << text);
        CHECK(widest(text) <= static_cast<std::size_t>(width));
      }
    }
  }
}

TEST_CASE("interval rows fit where they are shown", "[report]") {
  report::IntervalView view;
  view.start_s = 3599;
  view.end_s = 3600;
  view.packets = 1'000'000;
  view.payload_bytes = 1'000'000'000;
  view.lost = 99'999;
  view.duplicates = 1000;
  view.reordered = 1000;
  for (const int width : {40, 56, 80, 100}) {
    const auto columns = static_cast<std::size_t>(width);
    CHECK(widest(report::interval_line(view, style(width, false))) <= columns);
    CHECK(widest(report::interval_header(style(width, false))) <= columns);
    auto upward = view;
    upward.sent_alone = {view.packets, view.payload_bytes};
    CHECK(widest(report::interval_line(upward, style(width, false))) <= columns);
  }
}
