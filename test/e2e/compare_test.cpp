// `udperf compare`: exit statuses and outputs of results as they are written.

#include <fstream>
#include <string>

#include "e2e/program.hpp"
#include "support/catch.hpp"
#include "support/strict_json.hpp"
#include "support/temp_dir.hpp"

using udperf::test::parse_strict_json;
using udperf::test::run_udperf;
using udperf::test::TempDir;

namespace {

/// A result of so many datagrams at 10 Mb/s, in a file.
std::string measured(const TempDir& folder, const std::string& name, bool repeats) {
  std::vector<std::string> arguments{"loopback", "-n", "50", "--rate", "10M", "-q"};
  if (repeats) {
    arguments.insert(arguments.end(), {"--repeat", "3", "--gap", "0s", "--jsonl"});
  } else {
    arguments.emplace_back("--json");
  }
  const auto finished = run_udperf(arguments);
  REQUIRE(finished.code() == 0);
  const std::string file = folder.path().string() + "/" + name;
  std::ofstream{file} << finished.out;
  return file;
}

}  // namespace

TEST_CASE("two results are compared, in text, JSON and as a page", "[e2e][compare]") {
  const TempDir folder;
  const auto old_file = measured(folder, "old.json", false);
  const auto new_file = measured(folder, "new.jsonl", true);
  const auto text = run_udperf({"compare", old_file, new_file});
  CHECK(text.code() == 0);
  CHECK(text.err.empty());
  CHECK(text.out.find("loss") != std::string::npos);

  const std::string page = folder.path().string() + "/both.html";
  const auto finished = run_udperf({"compare", old_file, new_file, "--json", "--report", page});
  CHECK(finished.code() == 0);
  const auto tree = parse_strict_json(finished.out);
  REQUIRE(tree.has_value());
  CHECK(tree->at("metrics").at(0).at("metric") == "rate");
  CHECK(tree->at("metrics").at(0).at("old").at("runs") == 1);
  CHECK(tree->at("metrics").at(0).at("new").at("runs") == 3);
  CHECK(tree->at("failed") == false);
  std::ifstream file{page};
  CHECK(std::string{std::istreambuf_iterator<char>{file}, {}}.find("udperf-compare/1") !=
        std::string::npos);
}

TEST_CASE("a result that is worse by more than is allowed ends with 6", "[e2e][compare]") {
  const TempDir folder;
  const auto old_file = measured(folder, "old.json", false);
  auto tree = parse_strict_json(run_udperf({"compare", old_file, old_file, "--json"}).out);
  REQUIRE(tree.has_value());
  std::ifstream stream{old_file};
  auto document = nlohmann::json::parse(stream);
  document["goodput_bps"] = document.at("goodput_bps").get<double>() / 2;
  const std::string new_file = folder.path().string() + "/new.json";
  std::ofstream{new_file} << document.dump();
  CHECK(run_udperf({"compare", old_file, new_file, "--fail-worse", "rate:40%"}).code() == 6);
  CHECK(run_udperf({"compare", old_file, new_file, "--fail-worse", "rate:60%"}).code() == 0);
  CHECK(run_udperf({"compare", new_file, old_file, "--fail-worse", "rate:1%"}).code() == 0);
}

TEST_CASE("what cannot be compared is a usage error that says why", "[e2e][compare]") {
  const TempDir folder;
  const auto file = measured(folder, "a.json", false);
  const std::string other = folder.path().string() + "/other.json";
  std::ofstream{other} << "{}";
  for (const auto& arguments :
       std::vector<std::vector<std::string>>{{"compare"},
                                             {"compare", file},
                                             {"compare", file, other},
                                             {"compare", other, file},
                                             {"compare", file, file, file},
                                             {"compare", "-", "-"},
                                             {"compare", file, file, "--fail-worse", "speed:5%"},
                                             {"compare", file, file, "--report", "-"}}) {
    CAPTURE(arguments);
    const auto finished = run_udperf(arguments);
    CHECK(finished.code() == 2);
    CHECK(finished.out.empty());
    CHECK(finished.err.find("udperf: ") == 0);
  }
}
