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

TEST_CASE("a table with searches or fast rounds has their rates, one of light rounds has none") {
  RoundResult light = test::round_begun(UnixTime{}, 1, 0);
  light.up->goodput_bps = 16'000;
  const OnceRow slow{test::target_named("slow"), light, {}};
  CHECK(once_table({slow}).find("rate") == std::string::npos);
  RoundResult search = light;
  search.up->found_bps = 250e6;
  const std::string found = once_table({slow, OnceRow{test::target_named("found"), search, {}}});
  CHECK(found.find("   rate up  rate down\n") != std::string::npos);
  CHECK(found.find("16.00 kb/s          -\n") != std::string::npos);
  CHECK(found.find("250.0 Mb/s          -\n") != std::string::npos);
  CHECK(found.find("MOS") == std::string::npos);
  light.up->goodput_bps = 20e6;
  CHECK(once_table({OnceRow{test::target_named("fast"), light, {}}}).find("20.00 Mb/s") !=
        std::string::npos);
}

}  // namespace
}  // namespace udperf::monitor
