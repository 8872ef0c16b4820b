#include <string>

#include "base/printable.hpp"
#include "base/utf8.hpp"
#include "support/catch.hpp"

namespace udperf {
namespace {

TEST_CASE("characters of one to four bytes are UTF-8, the first and last of each length") {
  for (const std::string text :
       {"", "a", "\x7F", "\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80", "\xED\x9F\xBF", "\xEE\x80\x80",
        "\xEF\xBF\xBF", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF", "Z\xC3\xBCrich \xE2\x82\xAC"}) {
    CAPTURE(text);
    CHECK(is_utf8(text));
  }
}

TEST_CASE("what is cut, too long, a surrogate or beyond the last character is not UTF-8") {
  for (const std::string text :
       {"\x80", "\xBF", "\xC3", "\xC3(", "\xE2\x82", "\xE2(\xAC", "\xF0\x9F\x98", "\xC0\xAF",
        "\xC1\xBF", "\xE0\x9F\xBF", "\xF0\x8F\xBF\xBF", "\xED\xA0\x80", "\xED\xBF\xBF",
        "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF", "fine \xFC fine"}) {
    CAPTURE(text.size());
    CHECK_FALSE(is_utf8(text));
  }
}

TEST_CASE("nothing that steers a terminal is printed as it is") {
  CHECK(printable("plain Z\xC3\xBCrich \xE2\x82\xAC") == "plain Z\xC3\xBCrich \xE2\x82\xAC");
  CHECK(printable("a\x1b[2J\nb\tc\x7f") == "a\\x1b[2J\\x0ab\\x09c\\x7f");
  CHECK(printable("a\x1b\nb\tc\r", Lines::several) == "a\\x1b\nb\tc\\x0d");
  CHECK(printable("\xC2\x9B"
                  "31m \xC2\xA0") == "\\xc2\\x9b31m \xC2\xA0");
  CHECK(printable("\x9B"
                  "31m\xC3") == "\\x9b31m\\xc3");
  CHECK(printable(std::string_view{"\0", 1}) == "\\x00");
}

}  // namespace
}  // namespace udperf

TEST_CASE("each byte that is of no character is replaced, and the rest stays") {
  CHECK(udperf::as_utf8("plain \xC3\xA9") == "plain \xC3\xA9");
  CHECK(udperf::as_utf8("caf\xE9!") == "caf\xEF\xBF\xBD!");
  CHECK(udperf::as_utf8("\xE2\x82") == "\xEF\xBF\xBD\xEF\xBF\xBD");
  CHECK(udperf::as_utf8("").empty());
}
