// Outputs of the example outcomes, so that a change of any of them is seen and decided on. One JSON
// document is compared whole, since every field stands in it: of the others only what is special in
// them, so that a new field changes one file.

#include <map>
#include <set>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "report/writer.hpp"
#include "support/catch.hpp"
#include "support/example_outcomes.hpp"
#include "support/golden.hpp"

using namespace udperf;
using test::check_golden;
using test::example_outcomes;

namespace {

/// The version is not what is compared.
result::ResultDocument document_of(const TestOutcome& outcome) {
  auto document = result::build_result(outcome);
  document.version = "0.0.0";
  return document;
}

constexpr report::TextStyle kPlain{};
constexpr const char* kWhole = "both_directions";

using Json = nlohmann::ordered_json;
using Paths = std::vector<std::string>;

/// The values at some paths, one a line.
std::string projected(const Json& document, const Paths& paths) {
  Json out = Json::object();
  for (const std::string& path : paths) {
    const Json::json_pointer pointer{path};
    INFO(path);
    REQUIRE(document.contains(pointer));
    out[path] = document.at(pointer);
  }
  return out.dump(2) + "\n";
}

Paths both(Paths one, const Paths& other) {
  one.insert(one.end(), other.begin(), other.end());
  return one;
}

const Paths kSaid{"/status",  "/error",       "/warnings",     "/notes",
                  "/verdict", "/goodput_bps", "/loss_percent", "/limited_by"};
/// Of a direction of which much is not known.
const Paths kGaps{"/up/tx/packets",
                  "/up/tx/first_unix_ns",
                  "/up/tx/offered_bps",
                  "/up/tx/end",
                  "/up/rx/datagrams",
                  "/up/rx/unique",
                  "/up/rx/span_ns",
                  "/up/rx/goodput_bps",
                  "/up/rx/finalize_reason",
                  "/up/loss/packets",
                  "/up/loss/ratio",
                  "/up/loss/ci95",
                  "/up/loss/head_packets",
                  "/up/loss/tail_packets",
                  "/up/loss/rx_socket_drop",
                  "/up/loss/network_packets",
                  "/up/loss/periods",
                  "/up/loss/period_max",
                  "/up/duplicates/packets",
                  "/up/reordering/packets",
                  "/up/jitter/rfc3550_ns",
                  "/up/delay_variation/n",
                  "/up/delay_variation/p50_ns",
                  "/up/delay/n",
                  "/up/delay/p50_ns",
                  "/up/intervals",
                  "/up/outages",
                  "/up/streams/0/silent",
                  "/rtt/idle/p50_ns",
                  "/rtt/loaded/n",
                  "/rtt/bloat_ns",
                  "/clock/offset_ns",
                  "/down"};

/// What is special in each example.
Paths special_in(const std::string& example) {
  static const std::map<std::string, Paths> special{
      {"normal_up", both(kSaid, {"/test/direction", "/test/rate_target_bps", "/down"})},
      {"total_loss", both(kSaid, kGaps)},
      {"zero_packets", both(kSaid, kGaps)},
      {"interrupted_tx_only", both(kSaid, kGaps)},
      {"error_before_start",
       both(kSaid, {"/retry_after_ms", "/test/id", "/test/client_address", "/test/server_port",
                    "/test/family", "/test/concurrent_sessions_max", "/up", "/down",
                    "/rtt/idle/p50_ns", "/clock/method", "/mtu"})},
      {"three_streams",
       both(kSaid, {"/test/streams", "/up/tx/span_ns", "/up/tx/offered_bps", "/up/rx/span_ns",
                    "/up/rx/goodput_bps", "/up/loss/packets", "/up/loss/period_max",
                    "/up/jitter/rfc3550_ns", "/up/jitter/ipdv_mean_abs_ns", "/up/delay_variation/n",
                    "/up/delay_variation/p50_ns", "/up/delay/p50_ns", "/up/intervals/0/packets",
                    "/up/intervals/0/delay_variation_p50_ns", "/up/streams"})},
  };
  return special.at(example);
}

/// The names of all members, those of arrays by their first element.
void collect_names(const Json& json, const std::string& at, std::set<std::string>& out) {
  if (json.is_array() && !json.empty()) {
    return collect_names(json.front(), at + "/0", out);
  }
  if (!json.is_object()) {
    return;
  }
  for (const auto& [name, member] : json.items()) {
    out.insert(at + "/" + name);
    collect_names(member, at + "/" + name, out);
  }
}

}  // namespace

TEST_CASE("the JSON document of the example that has everything is as agreed", "[report]") {
  check_golden(std::string{"report/"} + kWhole + ".json",
               report::to_json(document_of(test::both_directions())));
}

TEST_CASE("what is special in the JSON document of each other example is as agreed", "[report]") {
  for (const auto& example : example_outcomes()) {
    if (example.name != kWhole) {
      const Json document = Json::parse(report::to_json(document_of(example.outcome)));
      check_golden("report/" + example.name + ".json",
                   projected(document, special_in(example.name)));
    }
  }
}

TEST_CASE("no example has a member that the whole document has not", "[report]") {
  std::set<std::string> known;
  collect_names(Json::parse(report::to_json(document_of(test::both_directions()))), {}, known);
  for (const auto& example : example_outcomes()) {
    std::set<std::string> names;
    collect_names(Json::parse(report::to_json(document_of(example.outcome))), {}, names);
    names.erase("/error/code");  // of a test that failed alone
    names.erase("/error/phase");
    names.erase("/error/message");
    names.erase("/up/streams/0/intervals/0");
    for (const std::string& name : names) {
      INFO(example.name << " " << name);
      CHECK((known.count(name) == 1 || name.rfind("/up/streams/0/intervals/0/", 0) == 0));
    }
  }
}

TEST_CASE("the text of each example is as agreed", "[report]") {
  for (const auto& example : example_outcomes()) {
    check_golden("report/" + example.name + ".txt",
                 report::to_text(document_of(example.outcome), kPlain));
  }
}

TEST_CASE("the table of the examples is as agreed", "[report]") {
  std::string table = report::csv_header();
  for (const auto& example : example_outcomes()) {
    table += report::to_csv(document_of(example.outcome));
  }
  check_golden("report/examples.csv", table);
}

TEST_CASE("the server's half of each example is as agreed", "[report]") {
  std::string text;
  std::string lines;
  for (const auto& example : example_outcomes()) {
    const auto session = test::session_of(example.outcome);
    text += report::session_to_text(session);
    Json line = Json::parse(report::session_to_json(session));
    for (const char* way : {"up", "down"}) {
      Json& part = line["data"][way];
      if (!part.is_null()) {
        part = Json::parse(projected(
            part, {"/tx/packets", "/rx/unique", "/rx/goodput_bps", "/loss/packets", "/delay/n"}));
      }
    }
    lines += line.dump() + "\n";
  }
  check_golden("report/sessions.txt", text);
  check_golden("report/sessions.jsonl", lines);
}

TEST_CASE("a session tells of a direction what the client's document does", "[report]") {
  const TestOutcome outcome = test::both_directions();
  const Json session = Json::parse(report::session_to_json(test::session_of(outcome)))["data"];
  Json document = Json::parse(report::to_json(document_of(outcome)));

  for (const char* way : {"up", "down"}) {
    // The clocks' relation is the client's, and so are the delays.
    Json told = session[way];
    told.erase("delay");
    document[way].erase("delay");
    CHECK(told == document[way]);
  }
}

TEST_CASE("the events of a test are as agreed", "[report]") {
  const TestOutcome outcome = test::both_directions();
  report::JsonlWriter writer;
  report::IntervalView view;
  view.way = Way::down;
  view.start_s = 1;
  view.end_s = 2;
  view.packets = 248;
  view.payload_bytes = 248'000;
  view.lost = 1;
  view.duplicates = 2;

  std::string lines = writer.start(outcome, outcome.start);
  lines += writer.interval(view, outcome.start + std::chrono::seconds{2});
  Json last = Json::parse(writer.finish(document_of(outcome), outcome.end));
  CHECK(last["data"] == Json::parse(report::to_json(document_of(outcome))));
  last["data"] = "the document";
  lines += last.dump() + "\n";

  check_golden("report/events.jsonl", lines);
}
