#include <sstream>
#include <string>
#include <vector>

#include "report/writer.hpp"
#include "support/catch.hpp"
#include "support/example_outcomes.hpp"

using namespace udperf;
using Catch::Matchers::ContainsSubstring;

namespace {

std::string text_of(const TestOutcome& outcome, const report::TextStyle& style = {}) {
  return report::to_text(result::build_result(outcome), style);
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream{text};
  for (std::string line; std::getline(stream, line);) {
    lines.push_back(line);
  }
  return lines;
}

/// The value beside a label, with the lines that it goes on in.
std::string value_of(const std::string& text, const std::string& label) {
  std::string value;
  bool inside = false;
  for (const std::string& line : lines_of(text)) {
    if (inside && line.rfind("                        ", 0) == 0) {
      value += " " + line.substr(24);
      continue;
    }
    inside = line.rfind(label + " ", 0) == 0 && value.empty();
    if (inside) {
      value = line.substr(line.find_first_not_of(' ', label.size()));
    }
  }
  return value;
}

/// Whether the labels stand in this order, each at the beginning of a line.
void check_order(const std::string& text, const std::vector<std::string>& labels) {
  CAPTURE(text);
  std::size_t at = 0;
  for (const std::string& label : labels) {
    CAPTURE(label);
    const std::size_t found = ("\n" + text).find("\n" + label, at);
    CHECK(found != std::string::npos);
    at = found == std::string::npos ? at : found;
  }
}

std::string without_escapes(const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\x1b') {
      i = text.find('m', i);
      REQUIRE(i != std::string::npos);
    } else {
      out += text[i];
    }
  }
  return out;
}

}  // namespace

TEST_CASE("the text has what the classic test said, in its order", "[report]") {
  check_order(text_of(test::normal_up()),
              {"client", "server", "first packet sent", "sent", "first packet received", "received",
               "time taken", "throughput", "lost", "  where", "duplicated", "reordered", "jitter",
               "verdict"});
}

TEST_CASE("the text says each figure with its unit", "[report]") {
  const std::string text = text_of(test::normal_up());

  CHECK(value_of(text, "client") == "127.0.0.1:40000");
  CHECK(value_of(text, "server") == "127.0.0.1:5555");
  CHECK(value_of(text, "first packet sent") == "2025-11-24T16:00:00.100000Z");
  CHECK(value_of(text, "sent") == "1000000 bytes (1.000 MB) in 1000 packets");
  CHECK(value_of(text, "received") == "990000 bytes (990.0 kB) in 990 packets");
  CHECK(value_of(text, "time taken") == "2.50 s");
  CHECK(value_of(text, "throughput") == "396.000 kB/s, 3.165 Mb/s");
  CHECK(value_of(text, "lost") == "10 packets, 10000 bytes (1.00 %)");
  CHECK(value_of(text, "  where") == "network 6, receiving socket 3, sending host 1");
  CHECK(value_of(text, "jitter") == "15.0 us (RFC 3550)");
}

TEST_CASE("duplicates and reordering are told only when there are any", "[report]") {
  auto outcome = test::normal_up();
  auto& rx = *outcome.up->streams.front().rx;
  rx.duplicates = 0;
  rx.reordered = 0;
  rx.invalid = 0;

  const std::string text = text_of(outcome);

  for (const char* label : {"duplicated", "reordered", "foreign", "late", "skipped"}) {
    CHECK_THAT(text, !ContainsSubstring(label));
  }
}

TEST_CASE("what came too late and what was never sent is told when there is any", "[report]") {
  auto outcome = test::normal_up();
  auto& stream = outcome.up->streams.front();
  stream.rx->late = 1;
  stream.tx->pacing_skipped = 12;

  const std::string text = text_of(outcome);

  CHECK(value_of(text, "late") == "1 packet, too late to count as arrived");
  CHECK_THAT(value_of(text, "skipped"), ContainsSubstring("12 packets"));
}

TEST_CASE("tests that shared the server are told of each other", "[report]") {
  auto outcome = test::normal_up();
  CHECK_THAT(text_of(outcome), !ContainsSubstring("shared"));

  outcome.concurrent_sessions_max = 2;
  CHECK(value_of(text_of(outcome), "shared") == "the server ran up to 2 tests at once");
}

TEST_CASE("what was agreed on is told where it is more than an amount", "[report]") {
  TestOutcome outcome = test::normal_up();
  outcome.params.amount = Amount{0, 0, std::chrono::seconds{10}};
  outcome.params.rate_up = SendRate{};
  CHECK(value_of(text_of(outcome), "agreed").empty());
  outcome.params.streams = 4;
  CHECK(value_of(text_of(outcome), "agreed") == "no rate in 4 streams, 10.0 s");
  outcome.params.rate_up = SendRate{SendRate::Kind::bits, 100'000'000};
  CHECK(value_of(text_of(outcome), "agreed") == "100.0 Mb/s in 4 streams, 10.0 s");
  outcome.params.streams = 1;
  outcome.params.direction = Direction::both;
  outcome.params.amount = Amount{0, 500, {}};
  CHECK(value_of(text_of(outcome), "agreed") == "100.0 Mb/s up and no rate down, 500 packets");
  outcome.params.rate_down = outcome.params.rate_up;
  CHECK(value_of(text_of(outcome), "agreed") == "100.0 Mb/s each way, 500 packets");
}

TEST_CASE("a client is told as the server sees it where that differs", "[report]") {
  TestOutcome outcome = test::normal_up();
  outcome.client = Endpoint{*parse_ip_address("192.168.0.2"), 4000};
  outcome.client_seen_by_server = outcome.client;
  CHECK(value_of(text_of(outcome), "client") == "192.168.0.2:4000");
  outcome.client_seen_by_server = Endpoint{*parse_ip_address("192.0.2.1"), 61'000};
  CHECK(value_of(text_of(outcome), "client") ==
        "192.168.0.2:4000, seen by the server as 192.0.2.1:61000");
  outcome.client = Endpoint{};
  CHECK(value_of(text_of(outcome), "client") == "not known");
}

TEST_CASE("silences are told where somebody asked for them", "[report]") {
  TestOutcome outcome = test::normal_up();
  RxReport& rx = *outcome.up->streams.front().rx;
  rx.first_unix_ns = 1'000'000'000;
  rx.outages = {Outage{1'000'000'000, 200'000'000, 3}, Outage{2'500'000'000, 300'000'000, 0}};
  CHECK(value_of(text_of(outcome), "silences").empty());
  outcome.params.gap_threshold = std::chrono::milliseconds{100};
  CHECK(value_of(text_of(outcome), "silences") ==
        "2 longer than 100 ms, the longest 300 ms at 2.50 s");
  CHECK(result::build_result(outcome).up->outages[1].start_unix_ns == 3'500'000'000);
  rx.outages.clear();
  CHECK(value_of(text_of(outcome), "silences") == "none longer than 100 ms");
}

TEST_CASE("a loss that is only a bound is said to be about so much", "[report]") {
  auto outcome = test::normal_up();
  outcome.up->streams.front().rx->rx_socket_drop_is_bound = true;

  CHECK(value_of(text_of(outcome), "  where") ==
        "network about 6, receiving socket about 3, sending host 1");
}

TEST_CASE("a small loss is not rounded to none", "[report]") {
  auto outcome = test::normal_up();
  auto& rx = *outcome.up->streams.front().rx;
  rx.sent = 1'000'000;
  rx.lost = 10;

  CHECK_THAT(value_of(text_of(outcome), "lost"), ContainsSubstring("(0.0010 %)"));
}

TEST_CASE("each direction has its own block when both ran", "[report]") {
  check_order(text_of(test::both_directions()),
              {"client  ", "server  ", "client to server", "first packet sent", "jitter",
               "server to client", "first packet sent", "jitter", "pacing", "verdict"});
  CHECK_THAT(text_of(test::normal_up()), !ContainsSubstring("client to server\n"));
}

TEST_CASE("a partial result says what is not known and why", "[report]") {
  const std::string text = text_of(test::interrupted_tx_only());

  CHECK(value_of(text, "sent") == "700000 bytes (700.0 kB) in 700 packets");
  CHECK(value_of(text, "received") == "not known: the receiver's report is missing");
  CHECK(value_of(text, "lost") == "not known: the receiver's report is missing");
  CHECK(value_of(text, "error") == "interrupted");
  CHECK_THAT(value_of(text, "verdict"), ContainsSubstring("interrupted"));
}

TEST_CASE("without arrivals there is no rate, and the text says why", "[report]") {
  const std::string text = text_of(test::total_loss());

  CHECK(value_of(text, "first packet received") == "none");
  CHECK(value_of(text, "throughput") == "not measurable: nothing arrived");
  CHECK_THAT(value_of(text, "lost"), ContainsSubstring("(100.00 %)"));
}

TEST_CASE("an error before the start is one line", "[report]") {
  CHECK(text_of(test::error_before_start()) ==
        "error                   127.0.0.1:5555: nothing listens there\n");
}

TEST_CASE("no line is longer than the width, and no word is lost by it", "[report]") {
  const auto words = [](const std::string& text) {
    std::istringstream stream{text};
    std::vector<std::string> all;
    for (std::string word; stream >> word;) {
      all.push_back(word);
    }
    return all;
  };
  for (const auto& example : test::example_outcomes()) {
    const std::string unwrapped = text_of(example.outcome, {false, 0});
    for (const int width : {70, 80, 100}) {
      CAPTURE(example.name, width);
      const std::string text = text_of(example.outcome, {false, width});
      for (const std::string& line : lines_of(text)) {
        CAPTURE(line);
        CHECK(line.size() <= static_cast<std::size_t>(width));
        CHECK((line.empty() || line.back() != ' '));
      }
      CHECK(words(text) == words(unwrapped));
    }
  }
}

TEST_CASE("colour only adds escape sequences, and only when it is asked for", "[report]") {
  for (const auto& example : test::example_outcomes()) {
    CAPTURE(example.name);
    const std::string plain = text_of(example.outcome);
    const std::string coloured = text_of(example.outcome, {true, 80});
    CHECK(plain.find('\x1b') == std::string::npos);
    CHECK(coloured.find('\x1b') != std::string::npos);
    CHECK(without_escapes(coloured) == plain);
  }
}

TEST_CASE("the verdict is green without a limit, yellow with one, red when cut short", "[report]") {
  const report::TextStyle style{true, 0};
  const auto painted = [](const char* colour) {
    return "verdict                 \x1b[" + std::string{colour} + "m";
  };
  auto outcome = test::both_directions();
  CHECK_THAT(text_of(outcome, style), ContainsSubstring(painted("33")));

  outcome.up.reset();
  CHECK_THAT(text_of(outcome, style), ContainsSubstring(painted("32")));

  outcome.status = TestStatus::incomplete;
  CHECK_THAT(text_of(outcome, style), ContainsSubstring(painted("31")));
}

TEST_CASE("live rows stand below their headings", "[report]") {
  report::IntervalView view;
  view.start_s = 1;
  view.end_s = 2;
  view.packets = 8500;
  view.payload_bytes = 12'512'000;
  view.lost = 3;
  const std::string line = report::interval_line(view, {});
  const std::string header = report::interval_header({});

  CHECK(line == "up      1.00-2.00    s   100.1 Mb/s       8500        3\n");
  CHECK(header.size() == line.size());

  view.way = Way::down;
  view.end_s = 1;
  view.duplicates = 2;
  view.reordered = 4;
  CHECK_THAT(report::interval_line(view, {false, 0}),
             ContainsSubstring("down") && ContainsSubstring(" - ") &&
                 ContainsSubstring("2 duplicated") && ContainsSubstring("4 reordered"));

  view.end_s = 2;
  view.sent_alone = {8600, 12'500'000};
  CHECK(report::interval_line(view, {}) ==
        "down    1.00-2.00    s   100.0 Mb/s       8600        -  sent\n");
}

TEST_CASE("the server tells its half: what it received, or what it sent", "[report]") {
  const std::string text = report::session_to_text(test::session_of(test::both_directions()));

  check_order(text, {"server", "client", "session", "first packet received", "received",
                     "time taken", "lost", "first packet sent", "sent", "time taken", "lost"});
  CHECK(value_of(text, "session") == "0123456789abcdef, complete");
  CHECK(value_of(text, "received") == "990000 bytes (990.0 kB) in 990 packets");
  CHECK(value_of(text, "sent") == "500000 bytes (500.0 kB) in 500 packets");
}
