#include <fstream>

#include "app/monitor/expand.hpp"
#include "support/catch.hpp"
#include "support/temp_dir.hpp"

namespace udperf::app {
namespace {

MonitorSetup setup_of(const std::string& text) {
  std::vector<std::string> errors;
  MonitorCommand command;
  command.config = "m.yaml";
  auto setup = make_setup(command, text, errors);
  REQUIRE(setup);
  return *std::move(setup);
}

std::vector<std::string> names(const std::vector<monitor::Target>& targets) {
  std::vector<std::string> all;
  all.reserve(targets.size());
  for (const monitor::Target& target : targets) {
    all.push_back(target.name);
  }
  return all;
}

TEST_CASE("a file of targets that is half written leaves them as they were") {
  const test::TempDir folder;
  const std::string file = (folder.path() / "t.json").string();
  const MonitorSetup setup = setup_of("targets: [own]\nfile_sd: [\"" + file + "\"]\n");
  const engine::StopToken stop;
  LastTargets last;
  const auto now = [&](const std::string& text, std::size_t wrong) {
    std::ofstream{file} << text;
    std::vector<std::string> problems;
    const auto found = names(expand_targets(setup, stop, last, problems));
    CHECK(problems.size() == wrong);
    return found;
  };
  const std::vector<std::string> both{"own", "a", "b:7000"};
  CHECK(now(R"([{"targets": ["a", "b:7000", "own"]}])", 0) == both);
  CHECK(now(R"([{"targets": ["a", )", 1) == both);
  CHECK(now(R"([{"targets": ["c"], "labels": {"__module__": "none"}}])", 1) ==
        std::vector<std::string>{"own"});
  CHECK(now("[]", 0) == std::vector<std::string>{"own"});
}

TEST_CASE("a name that is not known now stands for the addresses that it had") {
  const std::string host =
      std::string(70, 'x') + ".invalid";  // no label is so long: nobody is asked
  const MonitorSetup setup = setup_of("targets: [{dns: " + host + ", name: n}]\n");
  const engine::StopToken stop;
  LastTargets last;
  std::vector<std::string> problems;
  CHECK(expand_targets(setup, stop, last, problems).empty());
  CHECK(problems.size() == 1);
  last.names[host] = {Endpoint{*parse_ip_address("192.0.2.77"), 1}};
  const auto targets = expand_targets(setup, stop, last, problems);
  CHECK(names(targets) == std::vector<std::string>{"n/192.0.2.77"});
}

}  // namespace
}  // namespace udperf::app
