#include "base/percent.hpp"
#include "support/catch.hpp"

using udperf::percent_digits;
using udperf::percent_text;

TEST_CASE("a share of which two decimals would leave nothing has four", "[base]") {
  CHECK(percent_text(0) == "0.00 %");
  CHECK(percent_text(0.0123) == "0.0123 %");
  CHECK(percent_text(0.0999) == "0.0999 %");
  CHECK(percent_text(0.1) == "0.10 %");
  CHECK(percent_text(12.345) == "12.35 %");
  CHECK(percent_text(100) == "100.00 %");
  CHECK(percent_text(0.04, 1) == "0.040 %");
  CHECK(percent_text(7.25, 1) == "7.2 %");
}

TEST_CASE("significant digits do not depend on how small a share is", "[base]") {
  CHECK(percent_digits(0, 3) == "0 %");
  CHECK(percent_digits(2.5, 3) == "2.5 %");
  CHECK(percent_digits(0.0012345, 3) == "0.00123 %");
  CHECK(percent_digits(33.333, 2) == "33 %");
  CHECK(percent_digits(12.34567, 6) == "12.3457 %");
}
