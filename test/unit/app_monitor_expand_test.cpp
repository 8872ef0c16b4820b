#include <filesystem>
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

TEST_CASE("files and names that are gone are forgotten") {
  const test::TempDir folder;
  const MonitorSetup setup = setup_of("file_sd: [\"" + folder.path().string() + "/*.json\"]\n");
  const engine::StopToken stop;
  LastTargets last;
  last.names["gone.example"] = {Endpoint{*parse_ip_address("192.0.2.77"), 1}};
  std::vector<std::string> problems;
  for (const std::string day : {"1", "2", "3"}) {
    const auto file = folder.path() / (day + ".json");
    std::ofstream{file} << R"([{"targets": ["a"]}])";
    CHECK(names(expand_targets(setup, stop, last, problems)) == std::vector<std::string>{"a"});
    CHECK(last.files.size() == 1);
    std::filesystem::remove(file);
  }
  CHECK(last.names.empty());
  CHECK(problems.empty());
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
  CHECK(names(without_address(setup, last)) == std::vector<std::string>{"n"});
  last.names[host] = {Endpoint{*parse_ip_address("192.0.2.77"), 1}};
  const auto targets = expand_targets(setup, stop, last, problems);
  CHECK(names(targets) == std::vector<std::string>{"n/192.0.2.77"});
  CHECK(without_address(setup, last).empty());
}

TEST_CASE("one host by two modules is two targets, and nothing is left out unsaid") {
  const test::TempDir folder;
  const std::string file = (folder.path() / "t.json").string();
  const MonitorSetup setup =
      setup_of("modules: {fast: {rate: 50pps}}\ntargets: [own]\nfile_sd: [\"" + file + "\"]\n");
  const engine::StopToken stop;
  LastTargets last;
  std::vector<std::string> problems;
  const auto now = [&](const std::string& text) {
    std::ofstream{file} << text;
    problems.clear();
    return names(expand_targets(setup, stop, last, problems));
  };
  using Names = std::vector<std::string>;
  CHECK(now(R"([{"targets": ["a", "own"]},
                {"targets": ["a", "own"], "labels": {"__module__": "fast"}}])") ==
        Names{"own", "a", "a/fast", "own/fast"});
  CHECK(problems.empty());
  CHECK(now(R"([{"targets": ["a"], "labels": {"__module__": "fast", "__name__": "quick"}},
                {"targets": ["a"]}])") == Names{"own", "quick", "a"});
  CHECK(problems.empty());
  CHECK(now(R"([{"targets": ["a"]}, {"targets": ["a"], "labels": {"site": "lab"}}])") ==
        Names{"own", "a"});
  REQUIRE(problems.size() == 1);
  CHECK(problems.front().find("the target a is there more than once") == 0);
}

TEST_CASE("targets beyond the most that are watched are told of") {
  const test::TempDir folder;
  const std::string file = (folder.path() / "t.yaml").string();
  {
    std::ofstream out{file};
    out << "- targets:\n";
    for (std::size_t i = 0; i < monitor::kMostTargets; ++i) {
      out << "  - h" << i << "\n";
    }
  }
  const MonitorSetup setup = setup_of("targets: [one, two]\nfile_sd: [\"" + file + "\"]\n");
  LastTargets last;
  std::vector<std::string> problems;
  CHECK(expand_targets(setup, engine::StopToken{}, last, problems).size() == monitor::kMostTargets);
  CHECK(problems == std::vector<std::string>{"more than 10000 targets: 2 are left out"});
}

TEST_CASE("a file that two patterns match is read once, and its changes are seen") {
  const test::TempDir folder;
  const std::string file = (folder.path() / "t.json").string();
  const std::vector<std::string> patterns{(folder.path() / "*.json").string(), file};
  CHECK(marks_of(patterns).empty());
  std::ofstream{file} << "[";
  const FileMarks before = marks_of(patterns);
  CHECK(before.size() == 1);
  CHECK(marks_of(patterns) == before);
  const MonitorSetup setup =
      setup_of("file_sd: [\"" + patterns.front() + "\", \"" + file + "\"]\n");
  LastTargets last;
  std::vector<std::string> problems;
  static_cast<void>(expand_targets(setup, engine::StopToken{}, last, problems));
  CHECK(problems.size() == 1);
  std::ofstream{file} << R"([{"targets": ["a"], "labels": {"my-label": "x"}}])";
  CHECK(marks_of(patterns) != before);
  problems.clear();
  const auto found = names(expand_targets(setup, engine::StopToken{}, last, problems));
  CHECK(found == std::vector<std::string>{"a"});
  REQUIRE(problems.size() == 1);
  CHECK(problems.front().starts_with(file + ":1:32: a label is left out"));
}

TEST_CASE("a pattern that no file matches is said") {
  const test::TempDir folder;
  const std::string pattern = (folder.path() / "*.json").string();
  CHECK(unmatched({pattern}) == std::vector<std::string>{"file_sd: no file matches " + pattern});
  std::ofstream{folder.path() / "t.json"} << "[]";
  CHECK(unmatched({pattern}).empty());
}

TEST_CASE("a file that is named and not there is lacking, a pattern's are not") {
  const test::TempDir folder;
  const auto path = [&folder](const char* name) { return (folder.path() / name).string(); };
  CHECK(lacks_file({path("*.json"), path("t.json")}));
  CHECK_FALSE(lacks_file({path("*.json"), path("t?.yaml"), path("[ab].yaml")}));
  std::ofstream{path("t.json")} << "[]";
  CHECK_FALSE(lacks_file({path("t.json")}));
}

TEST_CASE("a dns name leaves this host's own address out") {
  const std::string host = std::string(70, 'x') + ".invalid";  // as above
  const MonitorSetup setup = setup_of("targets: [{dns: " + host + ", name: n}]\n");
  LastTargets last;
  std::vector<std::string> problems;
  const engine::StopToken stop;
  const Endpoint own{IpAddress::loopback(IpFamily::v4), 1};
  const Endpoint first{*parse_ip_address("192.0.2.77"), 1};
  const Endpoint second{*parse_ip_address("192.0.2.78"), 1};
  last.names[host] = {own, first};
  using Names = std::vector<std::string>;
  CHECK(names(expand_targets(setup, stop, last, problems)) == Names{"n/192.0.2.77"});
  last.names[host] = {second, own};
  CHECK(names(expand_targets(setup, stop, last, problems)) == Names{"n/192.0.2.78"});
}

}  // namespace
}  // namespace udperf::app
