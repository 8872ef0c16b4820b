#include <string>
#include <vector>

#include "app/cli.hpp"
#include "app/options/host_hint.hpp"
#include "support/catch.hpp"

using Catch::Matchers::ContainsSubstring;
using udperf::app::host_problem;

TEST_CASE("a host that cannot be one gets a hint", "[app]") {
  const auto [host, hint] = GENERATE(table<std::string, std::string>(
      {{"server.example:5555", "udperf client server.example --port 5555"},
       {"192.0.2.1:80", "udperf client 192.0.2.1 --port 80"},
       {"[2001:db8::1]:6000", "udperf client 2001:db8::1 --port 6000"},
       {"[2001:db8::1]", "udperf client 2001:db8::1"},
       {"fe80::1", "fe80::1%eth0"},
       {"255.255.255.255", "broadcast"},
       {"224.0.0.1", "multicast"},
       {"ff02::1", "multicast"},
       {"server.example:", "--port PORT"},
       {"udp://server.example", "URL"}}));
  CAPTURE(host);
  const auto problem = host_problem(host);
  REQUIRE(problem);
  CHECK_THAT(*problem, ContainsSubstring(hint));
  const std::vector<std::string> arguments{"client", host};
  const auto parsed = udperf::app::parse_command_line(arguments);
  REQUIRE(std::holds_alternative<udperf::app::UsageError>(parsed));
  CHECK_THAT(std::get<udperf::app::UsageError>(parsed).message, ContainsSubstring(host));
}

TEST_CASE("a host that can be one is taken", "[app]") {
  const std::string host = GENERATE("localhost", "server.example", "192.0.2.1", "2001:db8::1",
                                    "::1", "::ffff:192.0.2.1", "fe80::1%lo", "a-b.c", "10.0.0.255");
  CAPTURE(host);
  CHECK_FALSE(host_problem(host));
}

TEST_CASE("who names no host tests this one, by the IP version that is asked for", "[app]") {
  const auto host = [](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "client");
    const auto parsed = udperf::app::parse_command_line(arguments);
    REQUIRE(std::holds_alternative<udperf::app::ClientCommand>(parsed));
    return std::get<udperf::app::ClientCommand>(parsed).options.host;
  };
  CHECK(host({"-6"}) == "::1");
  CHECK(host({"--bind", "::1"}) == "::1");
  CHECK(host({"-4"}) == "127.0.0.1");
  CHECK(host({"::ffff:127.0.0.1", "-6"}) == "::ffff:127.0.0.1");
}
