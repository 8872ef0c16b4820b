#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "e2e/program.hpp"
#include "support/catch.hpp"
#include "support/temp_dir.hpp"

namespace udperf::test {
namespace {

TEST_CASE("a configuration with mistakes starts nothing and is told line by line",
          "[e2e][monitor]") {
  const TempDir folder;
  const std::string config = (folder.path() / "m.yaml").string();
  std::ofstream{config} << "modules:\n  light: {every: 1s, pakets: 20}\ntargetz: []\n";
  for (const bool check : {true, false}) {
    std::vector<std::string> arguments{"monitor", "--config", config};
    if (check) {
      arguments.emplace_back("--check-config");
    }
    const auto finished = run_udperf(arguments);
    CHECK(finished.code() == 2);
    CHECK(finished.err.find("m.yaml:2:22: unknown key pakets (did you mean packets?)") !=
          std::string::npos);
    CHECK(finished.err.find("m.yaml:3:1: unknown key targetz (did you mean targets?)") !=
          std::string::npos);
    CHECK(finished.out.empty());
  }
  std::ofstream{config} << "targets: [gw]\n";
  const auto fine = run_udperf({"monitor", "--config", config, "--check-config"});
  CHECK(fine.code() == 0);
  CHECK(fine.out.find("1 targets") != std::string::npos);
  const auto checked = [&](const std::string& option, const std::string& file) {
    return run_udperf({"monitor", "--config", config, "--check-config", option, file});
  };
  const std::string nowhere = (folder.path() / "none" / "file").string();
  CHECK(checked("--jsonl", nowhere).code() == 2);
  CHECK(checked("--log-file", nowhere).code() == 2);
  CHECK(checked("--jsonl", folder.path().string()).code() == 2);
  CHECK(checked("--history", config).code() == 2);
  CHECK(checked("--history", nowhere).code() == 0);  // that folder is made
  for (const std::string option : {"exec", "web-config", "jsonl", "log-file", "history"}) {
    std::ofstream{config} << "targets: [gw]\n"
                          << option << ": " << (option == "history" ? "/dev" : nowhere) << "\n";
    const auto placed = run_udperf({"monitor", "--config", config, "--check-config"});
    CHECK(placed.code() == 2);
    CHECK(placed.err.find("m.yaml:2:" + std::to_string(option.size() + 3) + ": ") !=
          std::string::npos);
  }
  const std::string list = (folder.path() / "list.json").string();
  std::ofstream{list} << "[{\"targets\": [\"a b\"]}]\n";
  std::ofstream{config} << "file_sd: [\"" << list << "\"]\n";
  const auto listed = run_udperf({"monitor", "--config", config, "--check-config"});
  CHECK(listed.code() == 2);
  CHECK(listed.err.find("list.json:1:15: ") != std::string::npos);
}

}  // namespace
}  // namespace udperf::test
