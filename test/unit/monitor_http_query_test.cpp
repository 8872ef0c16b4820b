#include "monitor/http_query.hpp"
#include "support/catch.hpp"

namespace udperf::monitor {
namespace {

using namespace std::chrono_literals;

TEST_CASE("a query's parameters are decoded") {
  const auto query =
      HttpQuery::parse("target=%5B2001%3Adb8%3A%3A1%5D%3A80&module=a+b&empty=&flag&");
  REQUIRE(query);
  CHECK(query->get("target") == "[2001:db8::1]:80");
  CHECK(query->get("module") == "a b");
  CHECK(query->get("empty") == "");
  CHECK(query->get("flag") == "");
  CHECK_FALSE(query->get("none"));
  CHECK(HttpQuery::parse(""));
}

TEST_CASE("queries that are too much, or not well made, are refused") {
  for (const std::string bad : {"a=%", "a=%4", "a=%zz", "a=%00", "a=1&a=2", "a=\n", "%41=1&A=2"}) {
    CAPTURE(bad);
    CHECK_FALSE(HttpQuery::parse(bad));
  }
  CHECK_FALSE(HttpQuery::parse(std::string(HttpQuery::kMostBytes + 1, 'a')));
  std::string many;
  for (int i = 0; i < 17; ++i) {
    many += "p" + std::to_string(i) + "=1&";
  }
  CHECK_FALSE(HttpQuery::parse(many));
}

TEST_CASE("times are seconds since 1970 with a fraction or without") {
  CHECK(parse_unix_time("0") == UnixTime{});
  CHECK(parse_unix_time("1700000000.25") == UnixTime{1700000000s + 250ms});
  CHECK(parse_unix_time("1.000000001") == UnixTime{1s + 1ns});
  for (const std::string bad :
       {"", "-1", "1.", ".5", "1e9", "1.0000000001", "99999999999", "1 ", "+1"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_unix_time(bad));
  }
}

TEST_CASE("a probe has the scrape's time less half a second, within reason") {
  CHECK(probe_deadline(std::nullopt) == 9500ms);
  CHECK(probe_deadline("3") == 2500ms);
  CHECK(probe_deadline("10.000000") == 9500ms);
  CHECK(probe_deadline("0.2") == 100ms);
  CHECK(probe_deadline("1e300") == 120s);
  for (const std::string bad : {"", "x", "nan", "inf", "5s"}) {
    CAPTURE(bad);
    CHECK(probe_deadline(bad) == 9500ms);
  }
}

}  // namespace
}  // namespace udperf::monitor
