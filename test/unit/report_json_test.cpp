#include <algorithm>
#include <limits>
#include <set>
#include <string>

#include <nlohmann/json.hpp>

#include "report/writer.hpp"
#include "support/catch.hpp"
#include "support/example_outcomes.hpp"
#include "support/strict_json.hpp"

using namespace udperf;
using nlohmann::json;
using test::example_outcomes;
using test::parse_strict_json;

namespace {

json read(const std::string& text) {
  const auto document = parse_strict_json(text);
  INFO((document ? std::string{} : document.error().what));
  REQUIRE(document.has_value());
  return *document;
}

json document_of(const TestOutcome& outcome) {
  return read(report::to_json(result::build_result(outcome)));
}

/// Every key of an object and of what is below it, but of lists and of what is null.
void collect_keys(const json& node, const std::string& path, std::set<std::string>& keys) {
  if (!node.is_object()) {
    return;
  }
  for (const auto& [key, below] : node.items()) {
    keys.insert(path + key);
    collect_keys(below, path + key + ".", keys);
  }
}

std::set<std::string> keys_of(const json& node) {
  std::set<std::string> keys;
  collect_keys(node, "", keys);
  return keys;
}

/// Paths of the numbers that are counts or times, by their names, and yet are no whole numbers.
void find_fractions(const json& node, const std::string& path, std::set<std::string>& found) {
  const bool is_count = path.find("packets") != std::string::npos ||
                        path.find("bytes") != std::string::npos ||
                        path.find("_ns") != std::string::npos;
  const bool is_rate = path.find("bytes_per") != std::string::npos;
  if (is_count && !is_rate && node.is_number_float()) {
    found.insert(path);
  }
  if (node.is_structured()) {
    for (const auto& [key, below] : node.items()) {
      find_fractions(below, std::string{path}.append(".").append(key), found);
    }
  }
}

}  // namespace

TEST_CASE("every example is one strict JSON document that ends in a line end", "[report]") {
  for (const auto& example : example_outcomes()) {
    CAPTURE(example.name);
    const std::string text = report::to_json(result::build_result(example.outcome));

    CHECK(read(text).at("schema") == "udperf/1");
    CHECK(text.back() == '\n');
    CHECK(text.substr(text.size() - 3) == "\n}\n");
  }
}

TEST_CASE("the key set is the same whatever happened", "[report]") {
  const json reference = document_of(test::normal_up());
  std::set<std::string> top;
  for (const auto& [key, below] : reference.items()) {
    top.insert(key);
  }
  for (const auto& example : example_outcomes()) {
    CAPTURE(example.name);
    const json document = document_of(example.outcome);
    std::set<std::string> keys;
    for (const auto& [key, below] : document.items()) {
      keys.insert(key);
    }
    CHECK(keys == top);
    for (const char* object : {"rtt", "clock", "classic"}) {
      CHECK(keys_of(document.at(object)) == keys_of(reference.at(object)));
    }
    for (const char* way : {"up", "down"}) {
      if (!document.at(way).is_null()) {
        CHECK(keys_of(document.at(way)) == keys_of(reference.at("up")));
      }
    }
  }
}

TEST_CASE("the parameters have the same keys for every test", "[report]") {
  auto unlabelled = test::normal_up();
  unlabelled.labels.clear();
  auto failed = test::error_before_start();

  CHECK(keys_of(document_of(unlabelled).at("test")) == keys_of(document_of(failed).at("test")));
}

TEST_CASE("counts and nanoseconds are whole numbers", "[report]") {
  for (const auto& example : example_outcomes()) {
    CAPTURE(example.name);
    std::set<std::string> fractions;
    find_fractions(document_of(example.outcome), "", fractions);
    CHECK(fractions == std::set<std::string>{});
  }
}

TEST_CASE("what was not measured is null and not zero", "[report]") {
  const json up = document_of(test::interrupted_tx_only()).at("up");

  CHECK(up.at("tx").at("packets") == 700);
  for (const char* part :
       {"rx", "loss", "duplicates", "reordering", "jitter", "delay_variation", "delay", "ecn"}) {
    for (const auto& [key, value] : up.at(part).items()) {
      CAPTURE(part, key);
      if (value.is_object()) {
        CHECK(std::all_of(value.begin(), value.end(), [](const json& v) { return v.is_null(); }));
      } else {
        CHECK((value.is_null() || value == json::array()));
      }
    }
  }
}

TEST_CASE("a document of an error names it and has no directions", "[report]") {
  const json document = document_of(test::error_before_start());

  CHECK(document.at("status") == "error");
  CHECK(document.at("error").at("code") == "unreachable");
  CHECK(document.at("error").at("phase") == "connect");
  CHECK(document.at("up").is_null());
  CHECK(document.at("down").is_null());
  CHECK(document.at("goodput_bps").is_null());
  CHECK(document.at("loss_percent").is_null());
  CHECK(document.at("test").at("id").is_null());
}

TEST_CASE("an error outside any phase has no phase", "[report]") {
  auto outcome = test::error_before_start();
  outcome.error->phase.clear();

  CHECK(document_of(outcome).at("error").at("phase").is_null());
}

TEST_CASE("numbers that JSON does not have are null", "[report]") {
  auto document = result::build_result(test::normal_up());
  document.goodput_bps = std::numeric_limits<double>::infinity();
  document.loss_percent = std::numeric_limits<double>::quiet_NaN();
  document.up->intervals.front().goodput_bps = -std::numeric_limits<double>::infinity();

  const json read_back = read(report::to_json(document));

  CHECK(read_back.at("goodput_bps").is_null());
  CHECK(read_back.at("loss_percent").is_null());
  CHECK(read_back.at("up").at("intervals").at(0).at("goodput_bps").is_null());
}

TEST_CASE("text that is no UTF-8 neither throws nor makes the document invalid", "[report]") {
  auto outcome = test::error_before_start();
  outcome.error->what = "bad \xff byte";
  outcome.warnings.push_back(Warning{"w\xc3", "cut \xe2\x82"});
  outcome.labels = {{"a\xff", "one"}, {"a\xfe", "two"}, {"quote\"\n", "\x01\\"}};

  const json document = document_of(outcome);

  CHECK(document.at("error").at("message") == "bad \xef\xbf\xbd byte");
  CHECK(document.at("warnings").at(0).at("code") == "w\xef\xbf\xbd");
  // Both keys came out alike: one of them is left, and the key does not come twice.
  CHECK(document.at("test").at("labels").size() == 2);
  CHECK(document.at("test").at("labels").at("quote\"\n") == "\x01\\");
}

TEST_CASE("the target rate is of the ways that run, in payload bits", "[report]") {
  auto outcome = test::normal_up();
  CHECK(document_of(outcome).at("test").at("rate_target_bps").is_null());

  outcome.params.rate_up = SendRate{SendRate::Kind::packets, 1'500};  // 1.5 packets a second
  outcome.params.rate_down = SendRate{SendRate::Kind::bits, 7};
  CHECK(document_of(outcome).at("test").at("rate_target_bps") == 1.5 * 1000 * 8);

  outcome.params.direction = Direction::both;
  CHECK(document_of(outcome).at("test").at("rate_target_bps") == 1.5 * 1000 * 8 + 7);

  outcome.params.rate_down = SendRate{};
  CHECK(document_of(outcome).at("test").at("rate_target_bps").is_null());
}

TEST_CASE("of the ways to end a test the one that was asked for is not null", "[report]") {
  auto outcome = test::normal_up();
  outcome.params.amount = Amount{0, 0, std::chrono::milliseconds{2500}};

  const json parameters = document_of(outcome).at("test");

  CHECK(parameters.at("duration_s") == 2.5);
  CHECK(parameters.at("size_bytes").is_null());
  CHECK(parameters.at("packets").is_null());
}

TEST_CASE("a session's line is strict JSON with both ends' places", "[report]") {
  for (const auto& example : example_outcomes()) {
    CAPTURE(example.name);
    const std::string line = report::session_to_json(test::session_of(example.outcome));

    CHECK(line.find('\n') == line.size() - 1);
    const json event = read(line);
    CHECK(event.at("event") == "session");
    CHECK(event.at("data").at("client_port") == example.outcome.client.port);
    CHECK(event.at("data").at("up").is_null() == !example.outcome.up.has_value());
  }
}
