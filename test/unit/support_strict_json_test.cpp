#include "support/catch.hpp"
#include "support/strict_json.hpp"

using udperf::test::parse_strict_json;

TEST_CASE("a document with nested objects is read", "[support]") {
  const auto document = parse_strict_json(R"({"a":{"x":1},"b":[{"x":2},{"x":3}],"x":null})");

  REQUIRE(document.has_value());
  CHECK(document->at("b").at(1).at("x") == 3);
}

TEST_CASE("what lenient parsers let through is refused", "[support]") {
  const auto* text = GENERATE(R"({"a":1,"a":2})", R"({"o":{"a":1,"b":2,"a":1}})", R"({"a":NaN})",
                              R"({"a":1} {"a":1})", R"({"a":1,})", "", "[1,2");
  CAPTURE(text);

  CHECK_FALSE(parse_strict_json(text).has_value());
}
