#include <algorithm>
#include <limits>
#include <string>
#include <vector>

#include "report/writer.hpp"
#include "support/catch.hpp"
#include "support/example_outcomes.hpp"

using namespace udperf;
using report::check_fields;
using report::print_fields;

namespace {

using Fields = std::vector<std::string>;

std::string printed(const TestOutcome& outcome, const Fields& fields) {
  const auto text = print_fields(result::build_result(outcome), fields);
  INFO((text ? std::string{} : text.error().what));
  REQUIRE(text.has_value());
  return *text;
}

}  // namespace

TEST_CASE("fields are printed bare, in the order asked for, on one line", "[report]") {
  CHECK(printed(test::normal_up(), {"up.loss.packets", "status", "up.loss.ratio", "test.df"}) ==
        "10 complete 0.01 false\n");
}

TEST_CASE("what was not measured is printed as null", "[report]") {
  CHECK(printed(test::interrupted_tx_only(), {"goodput_bps", "up.rx.unique", "down.rx.unique"}) ==
        "null null null\n");
}

TEST_CASE("elements of lists are named by their index", "[report]") {
  const auto outcome = test::three_streams();
  CHECK(printed(outcome, {"up.streams.1.rx.unique", "up.streams.2.silent", "up.loss.ci95.1"})
            .rfind("200 true 0.", 0) == 0);
  // A fourth stream could be, but is not there.
  CHECK(printed(outcome, {"up.streams.3.rx.unique"}) == "null\n");
}

TEST_CASE("a whole object is printed as JSON without a space in it", "[report]") {
  const std::string text = printed(test::normal_up(), {"up.duplicates"});

  CHECK(text.rfind(R"({"packets":5,"fraction":0.0050)", 0) == 0);
  CHECK(text.find(' ') == std::string::npos);
}

TEST_CASE("a label can be printed, also one with a dot or one that was not given", "[report]") {
  auto outcome = test::normal_up();
  outcome.labels = {{"site.room", "lab 7"}};

  CHECK(printed(outcome, {"test.labels.site.room", "test.labels.other"}) == "lab 7 null\n");
}

TEST_CASE("a field that no result has is refused by name", "[report]") {
  const auto* wrong =
      GENERATE("", ".", "up.", ".up", "up..tx", "no_such_field", "up.tx.no", "up.streams.x.rx",
               "up.streams.-1", "up.streams.1x", "test.labels.", "status.0", "up.loss.ci95.2",
               "goodput_bps.x", "up.tx.packets ", "UP.tx");
  CAPTURE(wrong);

  const auto problem = check_fields({"status", wrong});

  REQUIRE(problem.has_value());
  CHECK(problem->rfind(std::string{"no such field: "} + wrong, 0) == 0);
  const auto text = print_fields(result::build_result(test::normal_up()), {wrong});
  REQUIRE_FALSE(text.has_value());
  CHECK(text.error().code == ErrorCode::usage);
}

TEST_CASE("every path of the contract can be asked for before a test", "[report]") {
  CHECK_FALSE(check_fields({"goodput_bps", "loss_percent", "error.code", "warnings.0.message",
                            "notes.3.code", "up.intervals.59.lost", "down.outages.0.start_s",
                            "down.streams.127.loss.ratio", "up.loss.ci95.0", "rtt.loaded.p99_ns",
                            "clock.method", "classic.kilobytes_per_second", "test.labels.any",
                            "test.labels"})
                  .has_value());
}

TEST_CASE("every row of the table has as many cells as the header", "[report]") {
  const std::string header = report::csv_header();
  const auto columns = std::count(header.begin(), header.end(), ',') + 1;
  for (const auto& example : test::example_outcomes()) {
    CAPTURE(example.name);
    auto outcome = example.outcome;
    outcome.labels.clear();

    const std::string row = report::to_csv(result::build_result(outcome));

    CHECK(std::count(row.begin(), row.end(), ',') + 1 == columns);
    CHECK(std::count(row.begin(), row.end(), '\n') == 1);
    CHECK(row.back() == '\n');
  }
}

TEST_CASE("every column of the table is a field that can be printed", "[report]") {
  std::string header = report::csv_header();
  header.pop_back();
  Fields fields(1);
  for (const char c : header) {
    if (c == ',') {
      fields.emplace_back();
    } else {
      fields.back() += c;
    }
  }

  CHECK(check_fields(fields).value_or("") == "");
}

TEST_CASE("a cell with commas and quotes is quoted, and null is empty", "[report]") {
  auto outcome = test::normal_up();
  outcome.labels = {{"a", "x,\"y\""}};
  const std::string row = report::to_csv(result::build_result(outcome));

  // In the label's cell: the quotes of JSON, of the text within, and the doubling of them all.
  const std::string cell = R"("{""a"":""x,\""y\""""}")";
  CHECK(row.find("," + cell + ",") != std::string::npos);
  CHECK(row.find("null") == std::string::npos);
}

TEST_CASE("a number that JSON does not have is an empty cell and a printed null", "[report]") {
  auto document = result::build_result(test::normal_up());
  const std::string before = report::to_csv(document);
  document.goodput_bps = std::numeric_limits<double>::infinity();
  const std::string after = report::to_csv(document);

  CHECK(std::count(after.begin(), after.end(), ',') ==
        std::count(before.begin(), before.end(), ','));
  CHECK(after.find(",,1.0,network,") != std::string::npos);
  CHECK(after.find("null") == std::string::npos);
  CHECK(print_fields(document, {"goodput_bps"}).value_or("") == "null\n");
}

TEST_CASE("what a classic server says forges no further line of --print", "[report][hostile]") {
  auto outcome = test::normal_up();
  outcome.classic.emplace();
  outcome.classic->text =
      "Throughput: 1\n900\xC2\x9B"
      "31m";
  const auto text =
      print_fields(result::build_result(outcome), {"classic.answer", "status"}).value_or("");
  CHECK(text == "Throughput: 1\\x0a900\\xc2\\x9b31m complete\n");
}
