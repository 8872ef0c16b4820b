// The recipes of docs/scripting.md, each run as it is printed.

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "e2e/program.hpp"
#include "support/catch.hpp"
#include "support/condition.hpp"
#include "support/places.hpp"
#include "support/schema.hpp"
#include "support/strict_json.hpp"
#include "support/temp_dir.hpp"

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using udperf::test::Attempt;
using udperf::test::Finished;
using udperf::test::kGuard;
using udperf::test::kProgram;
using udperf::test::kSourceDir;
using udperf::test::measure_under_condition;
using udperf::test::parse_strict_json;
using udperf::test::run_to_end;
using udperf::test::schema_problems;
using udperf::test::skip_test;
using udperf::test::start_udperf;
using udperf::test::Stream;
using udperf::test::TempDir;

namespace {

using Lines = std::vector<std::string>;

struct Recipe {
  std::string title;
  std::string script;
};

std::string text_of(const fs::path& file) {
  std::ifstream stream{file};
  CAPTURE(file.string());
  REQUIRE(stream.good());
  return {std::istreambuf_iterator<char>{stream}, {}};
}

/// Every fenced shell block, with the heading that it stands under.
std::vector<Recipe> recipes() {
  std::istringstream page{text_of(fs::path{kSourceDir} / "docs/scripting.md")};
  std::vector<Recipe> all;
  std::string title;
  bool inside = false;
  for (std::string line; std::getline(page, line);) {
    if (line == "```sh") {
      inside = true;
      all.push_back({title, ""});
    } else if (line == "```") {
      inside = false;
    } else if (inside) {
      all.back().script += line + "\n";
    } else if (line.rfind("## ", 0) == 0) {
      title = line.substr(3);
    }
  }
  return all;
}

Lines lines_of(const std::string& text) {
  std::istringstream stream{text};
  Lines lines;
  for (std::string line; std::getline(stream, line);) {
    lines.push_back(line);
  }
  return lines;
}

/// A folder in which recipes run, with a `udperf` that is the built one. Whoever names no port gets
/// the one of a server that runs for the tests, in place of the default port, which another program
/// of this machine may have.
class Kitchen {
 public:
  Kitchen()
      : server_(start_udperf({"server", "--bind", "0.0.0.0", "--port", "0", "--ready-fd", "7"},
                             {7, {}, {}})) {
    REQUIRE(server_.wait_for(Stream::extra, "\n", kGuard));
    const auto ready = parse_strict_json(server_.output(Stream::extra));
    REQUIRE(ready.has_value());
    const auto port = std::to_string(ready->at("data").at("port").get<int>());
    fs::create_directory(folder_.path() / "bin");
    fs::create_directory(folder_.path() / "work");
    const auto program = folder_.path() / "bin/udperf";
    std::ofstream{program} << "#!/bin/sh\nverb=$1\nshift\ncase \" $* \" in *' --port '*) exec '"
                           << kProgram << "' \"$verb\" \"$@\" ;; esac\nexec '" << kProgram
                           << "' \"$verb\" --port " << port << " \"$@\"\n";
    fs::permissions(program, fs::perms::owner_all);
  }

  [[nodiscard]] Finished cook(const Recipe& recipe) const {
    const auto path = (folder_.path() / "bin").string() + ":/usr/bin:/bin";
    const auto finished = run_to_end({"/bin/sh", "-u", "-c", recipe.script}, kGuard,
                                     {std::nullopt, work().string(), {{"PATH", path}}});
    REQUIRE(finished.has_value());
    return *finished;
  }

  [[nodiscard]] fs::path work() const { return folder_.path() / "work"; }
  [[nodiscard]] std::string file(const std::string& name) const { return text_of(work() / name); }

  /// Every file of the folder whose name ends so.
  [[nodiscard]] std::vector<fs::path> files(const std::string& ending) const {
    std::vector<fs::path> found;
    for (const auto& entry : fs::recursive_directory_iterator{work()}) {
      if (entry.is_regular_file() && entry.path().extension() == ending) {
        found.push_back(entry.path());
      }
    }
    return found;
  }

 private:
  TempDir folder_;
  udperf::test::Process server_;  ///< on every address of this machine
};

nlohmann::json document_in(const std::string& text) {
  const auto document = parse_strict_json(text);
  REQUIRE(document.has_value());
  CHECK(schema_problems(*document) == "");
  return *document;
}

using Check = std::function<void(const Kitchen&, const Finished&, Attempt&)>;

void expect_lines(const Finished& finished, const Lines& patterns) {
  const auto lines = lines_of(finished.out);
  CHECK(lines.size() == patterns.size());
  for (std::size_t i = 0; i < std::min(lines.size(), patterns.size()); ++i) {
    CHECK_THAT(lines[i], Catch::Matchers::Matches(patterns[i]));
  }
}

const std::string number = "[0-9.e+]+";  // NOLINT(cert-err58-cpp): a short string does not throw

/// What the recipes are for, the first half. A recipe without a row here fails the test.
std::map<std::string, Check> first_checks() {
  return {
      {"Sweep over sizes",
       [](const Kitchen&, const Finished& done, Attempt&) {
         expect_lines(done, {"25 MB: " + number + " " + number, "50 MB: " + number + " " + number,
                             "100 MB: " + number + " " + number});
       }},
      {"Sweep over rates, to CSV",
       [](const Kitchen& kitchen, const Finished&, Attempt&) {
         const auto lines = lines_of(kitchen.file("rates.csv"));
         REQUIRE(lines.size() == 4);
         CHECK(lines[0].rfind("status,", 0) == 0);
         for (std::size_t i = 1; i < 4; ++i) {
           CHECK(lines[i].rfind("complete,", 0) == 0);
         }
         CHECK(lines[3].find("50M") != std::string::npos);
       }},
      {"Gate in CI",
       [](const Kitchen& kitchen, const Finished& done, Attempt& attempt) {
         attempt.expect(done.out == "good enough\n", "good enough, not " + done.out);
         CHECK(document_in(kitchen.file("gate.json")).at("status") == "complete");
       }},
      {"From cron, with labels",
       [](const Kitchen& kitchen, const Finished&, Attempt&) {
         const auto files = kitchen.files(".json");
         REQUIRE(files.size() == 1);
         const auto labels = document_in(text_of(files[0])).at("test").at("labels");
         CHECK(labels.at("site") == "lab");
         CHECK_FALSE(labels.at("host").get<std::string>().empty());
       }},
      {"Wait for a server",
       [](const Kitchen&, const Finished& done, Attempt&) { CHECK(done.out == "complete\n"); }},
      {"Start a server and know its port",
       [](const Kitchen& kitchen, const Finished& done, Attempt& attempt) {
         attempt.expect(done.out == "complete 1000\n", "complete 1000, not " + done.out);
         CHECK_FALSE(kitchen.file("session.txt").empty());
       }},
      {"Many servers at the same time",
       [](const Kitchen& kitchen, const Finished& done, Attempt&) {
         const std::string rest = "\t" + number + "\t" + number;
         expect_lines(done, {"127\\.0\\.0\\.1" + rest, "127\\.0\\.0\\.2" + rest,
                             "127\\.0\\.0\\.1" + rest, "0 failed"});
         CHECK(kitchen.files(".json").size() == 3);
       }},
  };
}

/// The second half of them.
std::map<std::string, Check> second_checks() {
  return {
      {"Repeat, with a confidence interval",
       [](const Kitchen&, const Finished& done, Attempt&) {
         // Of runs that differ much the interval reaches below zero.
         expect_lines(done, {"median " + number + " Mb/s, mean in \\[-?" + number + "," + number +
                             "\\] with 95 %"});
       }},
      {"Questions for jq",
       [](const Kitchen& kitchen, const Finished& done, Attempt& attempt) {
         CHECK(document_in(kitchen.file("run.json")).at("down").is_object());
         CHECK_THAT(done.out, Catch::Matchers::ContainsSubstring("up: "));
         CHECK_THAT(done.out, Catch::Matchers::ContainsSubstring("\"lost\": "));
         for (const char* words :
              {"up: 0 in the network\n", "down: 0 in the network\n", "\"lost\": 0"}) {
           attempt.expect(done.out.find(words) != std::string::npos, words);
         }
       }},
      {"Plot with gnuplot",
       [](const Kitchen& kitchen, const Finished&, Attempt& attempt) {
         // A sender that is held up at the end leaves the last rows out.
         const auto rows = lines_of(kitchen.file("rate.tsv")).size();
         attempt.expect(rows >= 10, "ten rows, not " + std::to_string(rows));
         const auto picture = kitchen.file("rate.svg");
         CHECK(picture.find("<svg") != std::string::npos);
         CHECK(picture.find("goodput") != std::string::npos);
         CHECK(picture.find("</svg>") != std::string::npos);
       }},
      {"Collect JSON lines, and rotate them",
       [](const Kitchen&, const Finished& done, Attempt&) {
         expect_lines(done, {"1\t" + number, "2\t" + number});
       }},
      {"What a server writes down",
       [](const Kitchen&, const Finished& done, Attempt&) {
         expect_lines(done, {R"(\{"event":"session","keys":1[0-9]\})"});
       }},
      {"Compare the two directions",
       [](const Kitchen&, const Finished& done, Attempt&) {
         expect_lines(done, {number + " " + number + " [0-9]+"});
         std::istringstream numbers{done.out};
         double up = 0;
         double down = 0;
         CHECK(numbers >> up >> down);
         CHECK(up > 0);
         CHECK(down > 0);
       }},
      {"Stop early, and keep the result",
       [](const Kitchen&, const Finished& done, Attempt&) {
         CHECK(done.out == "status 130\nend\ninterrupted\n");
       }},
  };
}

const std::map<std::string, Check>& checks() {
  static const auto all = [] {
    auto merged = first_checks();
    merged.merge(second_checks());
    return merged;
  }();
  return all;
}

bool has_program(const std::string& name) {
  const auto found = run_to_end({"/bin/sh", "-c", "command -v " + name}, kGuard);
  return found && found->code() == 0;
}

}  // namespace

TEST_CASE("every recipe of docs/scripting.md works as it is printed", "[e2e]") {
  const auto all = recipes();
  CHECK(all.size() >= 10);
  CHECK(all.size() == checks().size());
  for (const auto& recipe : all) {
    CAPTURE(recipe.title, recipe.script);
    const auto check = checks().find(recipe.title);
    REQUIRE(check != checks().end());
    if (recipe.script.find("gnuplot") != std::string::npos && !has_program("gnuplot")) {
      skip_test("gnuplot is not installed");
      continue;
    }
    measure_under_condition([&](Attempt& attempt) {
      const Kitchen kitchen;
      const auto finished = kitchen.cook(recipe);
      CAPTURE(finished.out, finished.err);
      // 6: a gate that a host under strain may well miss
      CHECK((finished.code() == 0 || finished.code() == 6));
      attempt.expect(finished.code() == 0, "exit status 0");
      check->second(kitchen, finished, attempt);
    });
  }
}

TEST_CASE("the gate fails with status 6 when the network is worse than it has to be", "[e2e]") {
  const auto all = recipes();
  auto gate = *std::find_if(all.begin(), all.end(),
                            [](const Recipe& recipe) { return recipe.title == "Gate in CI"; });
  const auto at = gate.script.find("--fail-rate 5M");
  REQUIRE(at != std::string::npos);
  gate.script.replace(at, 14, "--fail-rate 99G");

  const Kitchen kitchen;
  const auto finished = kitchen.cook(gate);

  CHECK(finished.code() == 6);
  CHECK(finished.out == "failed with status 6\n");
  CHECK_FALSE(finished.err.empty());
}
