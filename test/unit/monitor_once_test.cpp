#include "monitor/once.hpp"
#include "support/catch.hpp"
#include "support/monitored_rounds.hpp"

namespace udperf::monitor {
namespace {

TEST_CASE("columns of a table are as wide as their characters, not their bytes") {
  const std::string other = "\xC3\xBC\xE2\x82\xAC";
  const std::string text =
      once_table({OnceRow{test::target_named("gw"), test::round_begun(UnixTime{}, 1, 0), {}},
                  OnceRow{test::target_named(other), test::round_begun(UnixTime{}, 1, 0), {}}});
  CHECK(text.find("\ngw      complete") != std::string::npos);
  CHECK(text.find("\n" + other + "      complete") != std::string::npos);
}

}  // namespace
}  // namespace udperf::monitor
