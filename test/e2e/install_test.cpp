// `cmake --install` into an empty folder: everything is where the system looks for it.

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "app/options/commands.hpp"
#include "e2e/program.hpp"
#include "support/catch.hpp"
#include "support/places.hpp"
#include "support/temp_dir.hpp"

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using udperf::test::kGuard;
using udperf::test::kProgram;
using udperf::test::run_to_end;
using udperf::test::TempDir;

TEST_CASE("an installed udperf has its pages, completions, unit and documents", "[e2e]") {
  const TempDir folder;
  const auto build = fs::path{kProgram}.parent_path().parent_path();

  const auto installed = run_to_end(
      {"cmake", "--install", build.string(), "--prefix", folder.path().string()}, kGuard);

  REQUIRE(installed.has_value());
  CAPTURE(installed->out, installed->err);
  REQUIRE(installed->code() == 0);
  std::vector<std::string> expected{"bin/udperf",
                                    "share/man/man1/udperf.1",
                                    "share/bash-completion/completions/udperf",
                                    "share/zsh/site-functions/_udperf",
                                    "share/fish/vendor_completions.d/udperf.fish",
                                    "lib/systemd/system/udperf-server.service",
                                    "lib/systemd/system/udperf-monitor.service",
                                    "share/udperf/monitor.yaml",
                                    "share/udperf/prometheus/udperf.rules.yml",
                                    "share/udperf/prometheus/grafana-dashboard.json",
                                    "share/doc/udperf/README.md",
                                    "share/doc/udperf/LICENSE",
                                    "share/doc/udperf/docs/result.schema.json",
                                    "share/doc/udperf/docs/metrics.md"};
  for (const auto& command : udperf::app::command_table()) {
    expected.push_back("share/man/man1/udperf-" + std::string{command.name} + ".1");
  }
  for (const auto& file : expected) {
    CAPTURE(file);
    CHECK(fs::is_regular_file(folder.path() / file));
  }
  const auto version = run_to_end({(folder.path() / "bin/udperf").string(), "--version"}, kGuard);
  REQUIRE(version.has_value());
  CHECK(version->code() == 0);
}
