// `cmake --install` into an empty folder: everything is where the system looks for it.

#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
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

namespace {

fs::path build_folder() {
  return fs::path{kProgram}.parent_path().parent_path();
}

/// Whether cmake did that; what it said is in `told`, and is shown when the test fails.
bool cmake(std::vector<std::string> arguments, std::string* told = nullptr) {
  arguments.insert(arguments.begin(), "cmake");
  const auto done = run_to_end(arguments, kGuard);
  REQUIRE(done.has_value());
  UNSCOPED_INFO(done->out << done->err);
  if (told != nullptr) {
    // Long lines are broken anywhere.
    *told = std::regex_replace(done->out + done->err, std::regex{"\\s+"}, " ");
  }
  return done->code() == 0;
}

/// Configures a project in `folder` that has only `text`, where `root` is the source tree of
/// udperf; no compiler is looked for.
bool configure_part(const fs::path& folder, const std::string& text,
                    const std::vector<std::string>& more, std::string* told = nullptr) {
  fs::create_directories(folder);
  std::ofstream{folder / "CMakeLists.txt"} << "cmake_minimum_required(VERSION 3.25)\nproject(part "
                                              "VERSION 1.0 LANGUAGES NONE)\nset(root \""
                                           << udperf::test::kSourceDir << "\")\n"
                                           << text;
  std::vector<std::string> arguments{
      "-G", "Ninja", "-S", folder.string(), "-B", (folder / "build").string()};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return cmake(arguments, told);
}

/// Installs only udperf's pages, for another processor whose programs nothing here runs, to
/// usr/ in `folder`; `more` is given to cmake.
bool install_pages_for_another_processor(const fs::path& folder,
                                         const std::vector<std::string>& more) {
  return configure_part(folder,
                        "set(CMAKE_CROSSCOMPILING TRUE)\ninclude(GNUInstallDirs)\n"
                        "include(${root}/app/generate/pages.cmake)\n",
                        more) &&
         cmake({"--build", (folder / "build").string()}) &&
         cmake({"--install", (folder / "build").string(), "--prefix", (folder / "usr").string()});
}

}  // namespace

TEST_CASE("what cannot run where it is built is installed with the pages that are there", "[e2e]") {
  const TempDir folder;
  const auto page = fs::path{"usr/share/man/man1/udperf.1"};
  const auto completion = fs::path{"usr/share/bash-completion/completions/udperf"};
  const auto made = build_folder() / "generated";
  using udperf::test::content_of;

  const auto given = folder.path() / "given";
  CHECK(install_pages_for_another_processor(given, {"-DUDPERF_GENERATED_DIR=" + made.string()}));
  CHECK(content_of(given / page) == content_of(made / "man/udperf.1"));
  CHECK(content_of(given / completion) == content_of(made / "completions/udperf.bash"));

  for (const bool monitor : {false, true}) {
    CAPTURE(monitor);
    const auto room = folder.path() / (monitor ? "with" : "without");
    CHECK(install_pages_for_another_processor(
        room, {"-DUDPERF_GENERATED_DIR=" + made.string(),
               std::string{"-DUDPERF_WITH_MONITOR="} + (monitor ? "ON" : "OFF")}));
    CHECK(fs::exists(room / "usr/share/man/man1/udperf-monitor.1") == monitor);
    CHECK(fs::exists(room / "usr/share/man/man1/udperf-server.1"));
  }

  const auto bundled = folder.path() / "bundled";
  fs::create_directories(bundled);
  fs::copy(made, bundled / "bundled", fs::copy_options::recursive);
  CHECK(install_pages_for_another_processor(bundled, {}));
  CHECK_FALSE(content_of(bundled / page).empty());
  CHECK_FALSE(content_of(bundled / completion).empty());

  const auto neither = folder.path() / "neither";
  CHECK(install_pages_for_another_processor(neither, {}));
  CHECK_FALSE(fs::exists(neither / page));

  CHECK_FALSE(install_pages_for_another_processor(folder.path() / "wrong",
                                                  {"-DUDPERF_GENERATED_DIR=" + given.string()}));
}

TEST_CASE("a build that may fetch nothing names what is to be installed", "[e2e]") {
  const TempDir folder;
  const std::string offline{"-DFETCHCONTENT_FULLY_DISCONNECTED=ON"};
  const std::string no_chart{
      "-DCMAKE_IGNORE_PATH=/usr/share/javascript/chart.js;/usr/share/nodejs/chart.js/dist"};
  const std::string chart{
      "include(${root}/lib/cmake/fetch.cmake)\ninclude(${root}/lib/cmake/chart.cmake)\n"
      "message(STATUS \"Chart.js: ${UDPERF_CHART_JS}\")\n"};
  std::string told;

  CHECK_FALSE(configure_part(folder.path() / "library",
                             "include(${root}/lib/cmake/dependencies.cmake)\n",
                             {offline, "-DCMAKE_DISABLE_FIND_PACKAGE_fmt=ON"}, &told));
  CHECK_THAT(told, Catch::Matchers::ContainsSubstring("libfmt-dev"));

  CHECK_FALSE(configure_part(
      folder.path() / "sodium",
      "include(${root}/lib/cmake/fetch.cmake)\ninclude(${root}/lib/cmake/sodium.cmake)\n",
      {offline, "-DCMAKE_DISABLE_FIND_PACKAGE_PkgConfig=ON"}, &told));
  CHECK_THAT(told, Catch::Matchers::ContainsSubstring("libsodium-dev"));

  CHECK_FALSE(configure_part(folder.path() / "chart", chart, {offline, no_chart}, &told));
  CHECK_THAT(told, Catch::Matchers::ContainsSubstring("libjs-chart.js"));

  // As in a source archive.
  const auto bundled = folder.path() / "chart/bundled/chart.min.js";
  fs::create_directories(bundled.parent_path());
  std::ofstream{bundled} << "// Chart.js";
  CHECK(configure_part(folder.path() / "chart", chart, {offline, no_chart}, &told));
  CHECK_THAT(told, Catch::Matchers::ContainsSubstring("Chart.js: " + bundled.string()));
}

TEST_CASE("captures are not read by a library whose times have fewer bits", "[e2e]") {
  const TempDir folder;
  std::string told;
  const auto captures_with = [&](const char* name, const std::string& bytes,
                                 const std::vector<std::string>& more) {
    CHECK(configure_part(folder.path() / name,
                         "function(target_compile_definitions)\nendfunction()\n"
                         "function(target_link_libraries)\nendfunction()\n"
                         "set(CMAKE_SIZEOF_VOID_P " +
                             bytes +
                             ")\ninclude(${root}/lib/cmake/pcap.cmake)\n"
                             "message(STATUS \"captures: ${UDPERF_WITH_PCAP}\")\n",
                         more, &told));
    return told;
  };
  using Catch::Matchers::ContainsSubstring;
  CHECK_THAT(captures_with("wide", "8", {}), ContainsSubstring("captures: ON"));
  CHECK_THAT(captures_with("narrow", "4", {}), ContainsSubstring("captures: OFF"));
  CHECK_THAT(captures_with("asked", "4", {"-DUDPERF_WITH_PCAP=ON"}),
             ContainsSubstring("captures: ON"));
}

TEST_CASE("an installed udperf has its pages, completions, unit and documents", "[e2e]") {
  const TempDir folder;

  REQUIRE(cmake({"--install", build_folder().string(), "--prefix", folder.path().string()}));
  std::vector<std::string> expected{"bin/udperf",
                                    "share/man/man1/udperf.1",
                                    "share/bash-completion/completions/udperf",
                                    "share/zsh/site-functions/_udperf",
                                    "share/fish/vendor_completions.d/udperf.fish",
                                    "lib/systemd/system/udperf-server.service",
                                    "lib/systemd/system/udperf-monitor.service",
                                    "share/udperf/monitor.yaml",
                                    "share/udperf/prometheus/README.md",
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
  // What a configuration with mistakes ends with is for systemd to see: of the main process alone.
  std::ifstream unit{folder.path() / "lib/systemd/system/udperf-monitor.service"};
  const std::string text{std::istreambuf_iterator<char>{unit}, {}};
  CHECK(text.find("\nRestartPreventExitStatus=2\n") != std::string::npos);
  CHECK(text.find("\nExecStartPre=") == std::string::npos);
  const auto version = run_to_end({(folder.path() / "bin/udperf").string(), "--version"}, kGuard);
  REQUIRE(version.has_value());
  CHECK(version->code() == 0);
}
