// What the README tells people to type works as it is printed.

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "e2e/program.hpp"
#include "support/catch.hpp"
#include "support/condition.hpp"
#include "support/places.hpp"
#include "support/temp_dir.hpp"

using namespace std::chrono_literals;
using udperf::test::Attempt;
using udperf::test::kGuard;
using udperf::test::kProgram;
using udperf::test::kSourceDir;
using udperf::test::measure_under_condition;
using udperf::test::run_to_end;
using udperf::test::run_udperf;
using udperf::test::TempDir;
using udperf::test::unused_port;

namespace {

/// The fenced shell block of the README in which `words` stand.
std::string shell_block_with(const std::string& words) {
  std::ostringstream text;
  text << std::ifstream{std::filesystem::path{kSourceDir} / "README.md"}.rdbuf();
  const std::string readme = text.str();
  const std::string fence = "```sh\n";
  for (auto start = readme.find(fence); start != std::string::npos;
       start = readme.find(fence, start + 1)) {
    const auto begin = start + fence.size();
    auto block = readme.substr(begin, readme.find("```", begin) - begin);
    if (block.find(words) != std::string::npos) {
      return block;
    }
  }
  return {};
}

/// The first column of each line of a result.
std::vector<std::string> labels(const std::string& text) {
  constexpr std::size_t kColumn = 24;
  std::vector<std::string> all;
  std::istringstream lines{text};
  for (std::string line; std::getline(lines, line);) {
    if (!line.empty()) {
      all.push_back(line.substr(0, kColumn));
    }
  }
  return all;
}

/// Puts a `udperf` into `folder` that is the built one on a port of its own, in place of the
/// default port, which another program of this machine may have.
void install_on_port(const std::filesystem::path& folder, std::uint16_t port) {
  const auto program = folder / "udperf";
  std::ofstream{program} << "#!/bin/sh\nverb=$1\nshift\nexec '" << kProgram << "' \"$verb\" --port "
                         << port << " \"$@\"\n";
  std::filesystem::permissions(program, std::filesystem::perms::owner_all);
}

}  // namespace

TEST_CASE("the README's loop over sizes prints one line each, as printed", "[e2e]") {
  const auto script = shell_block_with("for size in 25 50 100 200");
  REQUIRE_FALSE(script.empty());
  const TempDir folder;
  install_on_port(folder.path(), unused_port());

  const auto path = folder.path().string() + ":/usr/bin:/bin";
  const auto finished = run_to_end({"/bin/sh", "-c", script}, kGuard,
                                   {std::nullopt, folder.path().string(), {{"PATH", path}}});

  REQUIRE(finished.has_value());
  CAPTURE(finished->out, finished->err);
  CHECK(finished->code() == 0);
  std::istringstream lines{finished->out};
  for (const char* size : {"25", "50", "100", "200"}) {
    std::string line;
    REQUIRE(std::getline(lines, line));
    std::istringstream words{line};
    std::string first;
    std::string unit;
    double goodput_bps = 0;
    double loss_percent = -1;
    CHECK(words >> first >> unit >> goodput_bps >> loss_percent);
    CHECK(first == size);
    CHECK(unit == "MB:");
    CHECK(goodput_bps > 0);
    CHECK(loss_percent >= 0);
    CHECK(words.peek() == std::istringstream::traits_type::eof());
  }
  std::string more;
  CHECK_FALSE(std::getline(lines, more));
}

TEST_CASE("the README's result looks like the ones that are printed", "[e2e]") {
  std::ostringstream text;
  text << std::ifstream{std::filesystem::path{kSourceDir} / "README.md"}.rdbuf();
  const std::string readme = text.str();
  const auto intro = readme.find("This is what the demo prints:");
  REQUIRE(intro != std::string::npos);
  const auto begin = readme.find("```\n", intro) + 4;
  const auto shown = labels(readme.substr(begin, readme.find("```", begin) - begin));

  // The verdict's sentence may take a line more or less.
  const auto until_verdict = [](const std::vector<std::string>& all) {
    return std::vector<std::string>{
        all.begin(), std::find_if(all.begin(), all.end(), [](const std::string& label) {
          return label.rfind("verdict", 0) == 0;
        })};
  };
  measure_under_condition([&](Attempt& attempt) {
    const auto finished = run_udperf({"loopback", "--size", "25"});

    REQUIRE(finished.code() == 0);
    // What is lost, and what a longer test can tell of the queue, has rows of its own.
    const bool as_shown = finished.out.find(" 0 packets, 0 bytes") != std::string::npos &&
                          finished.out.find("\nbufferbloat") == std::string::npos;
    if (attempt.needs(as_shown, "a test without loss that is over in a moment")) {
      attempt.expect(until_verdict(shown) == until_verdict(labels(finished.out)),
                     "the README's rows, not\n" + finished.out);
    }
  });
}
