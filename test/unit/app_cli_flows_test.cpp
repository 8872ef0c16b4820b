#include <string>
#include <vector>

#include "app/cli.hpp"
#include "support/catch.hpp"

using namespace udperf;

namespace {

TestParams params_of(const std::vector<std::string>& words) {
  const auto parsed = app::parse_command_line(words);
  REQUIRE(std::holds_alternative<app::ClientCommand>(parsed));
  return std::get<app::ClientCommand>(parsed).options.params;
}

bool rate_is_of_each(std::vector<std::string> words) {
  words.insert(words.begin(), {"client", "host"});
  const auto parsed = app::parse_command_line(words);
  REQUIRE(std::holds_alternative<app::ClientCommand>(parsed));
  const auto& flows = std::get<app::ClientCommand>(parsed).options.flows;
  REQUIRE(flows);
  return flows->rate_of_each;
}

}  // namespace

TEST_CASE("a rate is of all flows where it was given, else of each", "[app]") {
  CHECK(rate_is_of_each({"--flows", "8"}));
  CHECK(rate_is_of_each({"--flows", "8", "--profile", "voip-g711"}));
  CHECK(rate_is_of_each({"--flows", "8", "--voice", "g711"}));
  CHECK_FALSE(rate_is_of_each({"--flows", "8", "--rate", "1M"}));
  CHECK_FALSE(rate_is_of_each({"--flows", "8", "--profile", "voip-g711", "--rate", "1M"}));
}

TEST_CASE("flows of a profile that has no rate are as slow as others", "[app]") {
  const TestParams params = params_of({"client", "host", "--flows", "8", "--profile", "imix"});
  const SendRate light{SendRate::Kind::packets, 400'000};  // 50 a second and flow
  CHECK(params.rate_up == light);
  CHECK(params.rate_down == light);
  CHECK(params.shape_up.mixed());
  CHECK(params.streams == 8);
}

TEST_CASE("the largest datagram is that of the ways that run", "[app]") {
  const auto gaming = [](const std::string& direction) {
    return params_of({"client", "host", "--profile", "gaming", "--direction", direction});
  };
  CHECK(gaming("up").payload_bytes == 90);
  CHECK(gaming("down").payload_bytes == 250);
  CHECK(gaming("both").payload_bytes == 250);
  CHECK(gaming("both").shape_up.mixed());
  CHECK(params_of(
            {"client", "host", "--profile", "gaming", "--direction", "up", "--packet-size", "100"})
            .payload_bytes == 100);
  CHECK(params_of({"client", "host", "--profile", "imix", "--direction", "down"}).payload_bytes ==
        1472);
}

TEST_CASE("frames without room for the full header have the other", "[app]") {
  const auto header = [](const std::string& profile) {
    return params_of({"client", "host", "--profile", profile}).header;
  };
  CHECK(header("isochronous:50:10K") == HeaderKind::compact);  // 25 bytes a frame
  CHECK(header("isochronous:50:16K") == HeaderKind::full);     // 40
}

TEST_CASE("an amount without room for the full header has the other", "[app]") {
  const auto header = [](const std::string& size) {
    return params_of({"client", "host", "--size", size, "-P", "2"}).header;
  };
  CHECK(header("80B") == HeaderKind::full);
  CHECK(header("79B") == HeaderKind::compact);
  CHECK(header("32B") == HeaderKind::compact);
}

TEST_CASE("traffic with a shape leaves datagram by datagram where it is slow enough", "[app]") {
  const auto gso = [](std::vector<std::string> words) {
    words.insert(words.begin(), {"client", "host"});
    return params_of(words).gso;
  };
  for (const std::vector<std::string>& shaped : {std::vector<std::string>{"--profile", "video-5M"},
                                                 {"--profile", "voip-g729", "-P", "128"},
                                                 {"--profile", "gaming"},
                                                 {"--profile", "imix", "--rate", "20M"},
                                                 {"--spacing", "burst:10", "--rate", "20000pps"},
                                                 {"--spacing", "poisson", "--rate", "1M", "-R"},
                                                 {"--packet-size", "64,128", "--rate", "1M"},
                                                 {"--voice", "g711"}}) {
    CAPTURE(shaped);
    CHECK(gso(shaped) == OffloadMode::off);
    std::vector<std::string> asked = shaped;
    asked.insert(asked.end(), {"--gso", "on"});
    CHECK(gso(asked) == OffloadMode::on);
  }
  for (const std::vector<std::string>& other : {std::vector<std::string>{},
                                                {"--rate", "1M"},
                                                {"--profile", "imix"},
                                                {"--profile", "imix", "--bidir", "--rate", "1M/1G"},
                                                {"--spacing", "burst:10", "--rate", "20001pps"},
                                                {"--profile", "video-5M", "-P", "128"},
                                                {"--packet-size", "64,128"}}) {
    CAPTURE(other);
    CHECK(gso(other) == OffloadMode::automatic);
  }
}
