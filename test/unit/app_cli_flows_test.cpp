#include <string>
#include <vector>

#include "app/cli.hpp"
#include "support/catch.hpp"

using namespace udperf;

TEST_CASE("flows of a profile that has no rate are as slow as others", "[app]") {
  const std::vector<std::string> words{"client", "host", "--flows", "8", "--profile", "imix"};
  const auto parsed = app::parse_command_line(words);
  REQUIRE(std::holds_alternative<app::ClientCommand>(parsed));
  const TestParams& params = std::get<app::ClientCommand>(parsed).options.params;
  const SendRate light{SendRate::Kind::packets, 400'000};  // 50 a second and flow
  CHECK(params.rate_up == light);
  CHECK(params.rate_down == light);
  CHECK(params.shape_up.mixed());
  CHECK(params.streams == 8);
}
