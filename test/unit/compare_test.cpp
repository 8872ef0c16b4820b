#include "compare/compare.hpp"

#include <string>
#include <vector>

#include "html/report_page.hpp"
#include "support/comparison.hpp"

using namespace udperf;
using namespace udperf::test::comparison;
using Catch::Detail::Approx;
using compare::Json;
using compare::Judgement;
using compare::parse_limits;

namespace {

/// The document of so many runs, whose goodput is given.
Json with_runs(const std::vector<double>& goodput) {
  Json json = document();
  Json runs = Json::array();
  for (const double bps : goodput) {
    runs.push_back({{"status", "complete"}, {"goodput_bps", bps}, {"loss_percent", 1.0}});
  }
  json["repeats"] = {{"wanted", goodput.size()}, {"runs", runs}};
  return json;
}

}  // namespace

TEST_CASE("a document does not differ from itself", "[compare]") {
  const auto comparison = compare::compare(document(), document(), limits("rate:0%,loss:0%"));
  CHECK(comparison.differences.empty());
  CHECK_FALSE(comparison.failed());
  CHECK(row(comparison, "rate").change == 0);
  CHECK(row(comparison, "rate").judgement == Judgement::not_known);
  CHECK(row(comparison, "loss").judgement == Judgement::within_spread);
  CHECK(row(comparison, "loss").p == Approx(1.0));
  CHECK(row(comparison, "found-rate").judgement == Judgement::not_measured);
}

TEST_CASE("a limit of the rate is a share of the old one, and only worse counts", "[compare]") {
  Json before = document();
  Json after = document();
  before["goodput_bps"] = 100e6;
  after["goodput_bps"] = 95e6;
  CHECK_FALSE(fails(before, after, "rate:5%"));
  CHECK(fails(before, after, "rate:4.9%"));
  CHECK(fails(before, after, "rate:4M"));
  CHECK_FALSE(fails(before, after, "rate:5M"));
  CHECK_FALSE(fails(after, before, "rate:0%"));
}

TEST_CASE("a limit of loss is in percentage points, of round trips a share or a time",
          "[compare]") {
  Json before = document();
  Json after = document();
  before["loss_percent"] = 0.0;
  after["loss_percent"] = 0.2;
  CHECK(fails(before, after, "loss:0.1%"));
  CHECK_FALSE(fails(before, after, "loss:0.2%"));
  before["rtt"]["loaded"]["p99_ns"] = 1'000'000;
  after["rtt"]["loaded"]["p99_ns"] = 1'500'000;
  CHECK(fails(before, after, "rtt-p99:20%"));
  CHECK_FALSE(fails(before, after, "rtt-p99:50%"));
  CHECK(fails(before, after, "rtt-p99:400us"));
  CHECK_FALSE(fails(after, before, "rtt-p99:0%"));
}

TEST_CASE("what is worse by just as much as is allowed does not fail", "[compare]") {
  Json before = document();
  Json after = document();
  for (int tenths = 0; tenths < 100; ++tenths) {
    CAPTURE(tenths);
    before["loss_percent"] = tenths / 10.0;
    after["loss_percent"] = (tenths + 1) / 10.0;
    CHECK_FALSE(fails(before, after, "loss:0.1%"));
    CHECK(fails(before, after, "loss:0.0999%"));
    before["goodput_bps"] = 1e6 * (tenths + 1);
    after["goodput_bps"] = 0.93e6 * (tenths + 1);
    CHECK_FALSE(fails(before, after, "rate:7%"));
    CHECK(fails(before, after, "rate:6.999%"));
  }
  before["loss_percent"] = 0.0;
  after["loss_percent"] = 1e-9;
  CHECK(fails(before, after, "loss:0%"));
}

TEST_CASE("a call that sounds worse is worse", "[compare]") {
  Json before = document();
  Json after = document();
  before["up"]["voice"] = {{"mos_least", 4.4}};
  before["down"] = {{"voice", {{"mos_least", 4.2}}}};
  after["up"]["voice"] = {{"mos_least", 4.0}};
  after["down"] = {{"voice", {{"mos_least", 4.4}}}};
  CHECK(fails(before, after, "mos:0.1"));
  CHECK_FALSE(fails(before, after, "mos:0.2"));
  CHECK_FALSE(fails(before, after, "mos:5%"));
  CHECK(row(compare::compare(before, after, {}), "mos").before->median == 4.2);
  CHECK(compare::to_text(compare::compare(before, after, {}), "a", "b").find("4.00") !=
        std::string::npos);
}

TEST_CASE("a test that was cut short meets no limit that a complete one set", "[compare]") {
  Json cut = document();
  for (const char* const status : {"incomplete", "interrupted", "error"}) {
    CAPTURE(status);
    cut["status"] = status;
    CHECK(fails(document(), cut, "rate:50%"));
    CHECK_FALSE(compare::compare(document(), cut, {}).failed());
    CHECK_FALSE(fails(cut, document(), "rate:50%"));
    CHECK_FALSE(fails(cut, cut, "rate:50%"));
    const auto comparison = compare::compare(document(), cut, limits("rate:50%"));
    CHECK_FALSE(row(comparison, "rate").failed);
    CHECK(compare::to_text(comparison, "a", "b").find("was cut short") != std::string::npos);
    CHECK(Json::parse(compare::to_json(comparison, "a", "b")).at("cut_short") == true);
  }
}

TEST_CASE("what is no longer measured fails its limit, what never was does not", "[compare]") {
  Json before = document();
  Json after = document();
  after["goodput_bps"] = nullptr;
  CHECK(fails(before, after, "rate:50%"));
  CHECK_FALSE(fails(after, before, "rate:50%"));
  CHECK_FALSE(fails(before, after, "loss:0%"));
}

TEST_CASE("a limit of what neither has measured is told", "[compare]") {
  const auto comparison =
      compare::compare(document(), document(), limits("rate:5%,mos:0.1,found-rate:1%"));
  CHECK_FALSE(comparison.failed());
  CHECK(comparison.unjudged() == std::vector<std::string>{"found-rate", "mos"});
  const auto text = compare::to_text(comparison, "a", "b");
  CHECK_THAT(text, Catch::Matchers::Matches("[^]*\\nMOS [^\\n]*not measured in either, limit not "
                                            "judged\\n[^]*"));
  CHECK(compare::compare(document(), document(), limits("rate:5%")).unjudged().empty());
}

TEST_CASE("loss of single runs is judged by its datagrams", "[compare]") {
  const auto with_loss = [](int lost) {
    Json json = document();
    json["up"]["tx"]["packets"] = 100'000;
    json["up"]["loss"]["packets"] = lost;
    json["loss_percent"] = lost / 1000.0;
    return json;
  };
  const auto few = compare::compare(with_loss(10), with_loss(14), {});
  CHECK(row(few, "loss").test == compare::Test::fisher);
  CHECK(row(few, "loss").judgement == Judgement::within_spread);
  CHECK(row(compare::compare(with_loss(10), with_loss(100), {}), "loss").judgement ==
        Judgement::worse);
  CHECK(row(compare::compare(with_loss(100), with_loss(10), {}), "loss").judgement ==
        Judgement::better);
}

TEST_CASE("loss of too few datagrams for any test is not known", "[compare]") {
  const auto of = [](int sent, int lost) {
    Json json = document();
    json["up"]["tx"]["packets"] = sent;
    json["up"]["loss"]["packets"] = lost;
    json["loss_percent"] = 100.0 * lost / sent;
    return json;
  };
  const auto three = compare::compare(of(3, 0), of(3, 3), {});
  CHECK(row(three, "loss").judgement == Judgement::not_known);
  CHECK(compare::to_text(three, "a", "b").find("too few datagrams to tell") != std::string::npos);
  CHECK(row(compare::compare(of(4, 0), of(4, 4), {}), "loss").judgement == Judgement::worse);
  CHECK(row(compare::compare(of(4, 0), of(4, 0), {}), "loss").judgement ==
        Judgement::within_spread);
}

TEST_CASE("tests that were not the same are named", "[compare]") {
  Json other = document();
  other["test"]["streams"] = 4;
  other["status"] = "interrupted";
  const auto comparison = compare::compare(document(), other, {});
  REQUIRE(comparison.differences.size() == 2);
  CHECK(comparison.differences[0].field == "status");
  CHECK(comparison.differences[1].field == "test.streams");
  CHECK(comparison.differences[1].after == "4");
  CHECK(compare::to_text(comparison, "a", "b").find("test.streams was 1, is 4") !=
        std::string::npos);
}

TEST_CASE("a strange document is compared as far as it goes", "[compare]") {
  for (const char* const text :
       {"{}", "[]", "null", R"({"up":7,"repeats":{"runs":[1,{"status":2}]},"rtt":[]})",
        R"({"loss_percent":"x","up":{"tx":{"packets":-1},"loss":{"packets":5}}})"}) {
    CAPTURE(text);
    const auto comparison = compare::compare(Json::parse(text), document(), limits("rate:1%"));
    CHECK_FALSE(comparison.failed());
    CHECK(row(comparison, "rate").judgement == Judgement::not_measured);
    CHECK_FALSE(compare::to_text(comparison, "a", "b").empty());
  }
}

TEST_CASE("limits are read, and what is wrong with one is named", "[compare]") {
  const auto three = limits("rate:5%,loss:0.1%,rtt-p99:20%");
  REQUIRE(three.size() == 3);
  CHECK(three[0].relative);
  CHECK(three[0].amount == Approx(0.05));
  CHECK_FALSE(three[1].relative);
  CHECK(three[1].amount == Approx(0.1));
  const auto problem = [](const std::string& text) {
    const auto parsed = parse_limits(text);
    REQUIRE_FALSE(parsed.has_value());
    return parsed.error().what;
  };
  CHECK(problem("rtt-p9:5%").find("did you mean rtt-p99?") != std::string::npos);
  for (const char* const text : {"", "rate", "rate:", "rate:%", "rate:-1%", "loss:3ms", "rate:nan%",
                                 "rate:5%,", "rtt-p99:fast", "rate:1%%"}) {
    CAPTURE(text);
    CHECK_FALSE(problem(text).empty());
  }
  for (const char* const text : {"rtt-p99:20", "rate:5", "jitter:0.5", "loss:1"}) {
    CAPTURE(text);
    CHECK(problem(text) == std::string{text} + ": give a unit or %");
  }
  CHECK(limits("mos:0.2")[0].amount == Approx(0.2));
  CHECK(problem("rate:1%,rate:2%") == "rate: is given twice");
}

TEST_CASE("what a document holds steers no terminal", "[compare][hostile]") {
  Json strange = document();
  strange["status"] =
      "\x1b[31m\xC2\x9B"
      "31m";
  const auto comparison = compare::compare(document(), strange, {});
  REQUIRE_FALSE(comparison.differences.empty());
  const std::string text = compare::to_text(comparison, "a", "b");
  CHECK(text.find('\x1b') == std::string::npos);
  CHECK(text.find("\xC2\x9B") == std::string::npos);
  CHECK(text.find("\\xc2\\x9b31m") != std::string::npos);
}

TEST_CASE("the JSON of a comparison has the same keys whatever was compared", "[compare]") {
  const auto keys = [](const Json& before, const Json& after) {
    const auto comparison = compare::compare(before, after, limits("rate:5%"));
    const auto tree = Json::parse(compare::to_json(comparison, "a", "b"));
    CHECK(tree.at("schema") == "udperf-compare/1");
    CHECK(tree.at("metrics").size() == compare::metrics().size());
    std::vector<std::string> names;
    for (const auto& metric : tree.at("metrics")) {
      for (const auto& [key, value] : metric.items()) {
        names.push_back(key);
      }
    }
    return names;
  };
  CHECK(keys(document(), document()) == keys(Json::object(), with_runs({1e6, 2e6})));
}

TEST_CASE("the page of two results holds both and what came out", "[compare][html]") {
  const auto comparison = compare::compare(document(), document(), {});
  const std::string page = html::comparison_page(
      document().dump(), document().dump(), compare::to_json(comparison, "</script>", "new.json"));
  const std::string open = "<script id=\"document\" type=\"application/json\">";
  const auto begin = page.find(open) + open.size();
  const auto embedded = Json::parse(page.substr(begin, page.find("</script>", begin) - begin));
  CHECK(embedded.at("old") == document());
  CHECK(embedded.at("new") == document());
  CHECK(embedded.at("comparison").at("old") == "</script>");
}
