#include <string>

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

}  // namespace
}  // namespace udperf
