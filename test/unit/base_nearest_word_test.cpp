#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "base/nearest_word.hpp"
#include "support/catch.hpp"

using udperf::edit_distance;
using udperf::nearest_word;

TEST_CASE("the distance counts insertions, omissions, replacements and swaps", "[base]") {
  CHECK(edit_distance("", "") == 0);
  CHECK(edit_distance("", "abc") == 3);
  CHECK(edit_distance("kitten", "sitting") == 3);
  CHECK(edit_distance("clinet", "client") == 1);
  CHECK(edit_distance("ca", "abc") == 3);  // of optimal string alignment; unrestricted it is 2
  CHECK(edit_distance("size", "size") == 0);
}

TEST_CASE("the distance is the same both ways", "[base]") {
  const std::vector<std::string> words{"rate", "rates", "reat", "max-rate", "x", ""};
  for (const auto& a : words) {
    for (const auto& b : words) {
      CAPTURE(a, b);
      CHECK(edit_distance(a, b) == edit_distance(b, a));
    }
  }
}

TEST_CASE("the nearest word is the only beginning, else the fewest edits", "[base]") {
  constexpr std::array<std::string_view, 5> kWords{"duration", "direction", "dscp", "max-rate",
                                                   "max-loss"};
  CHECK(nearest_word("dur", kWords) == "duration");
  CHECK(nearest_word("driection", kWords) == "direction");
  CHECK(nearest_word("maxrate", kWords) == "max-rate");
  CHECK(nearest_word("max-rote", kWords) == "max-rate");
  CHECK_FALSE(nearest_word("frobnicate", kWords).has_value());
  CHECK_FALSE(nearest_word("max", kWords).has_value());
  CHECK_FALSE(nearest_word("", kWords).has_value());
  CHECK_FALSE(nearest_word(std::string(1000, 'd'), kWords).has_value());
}
