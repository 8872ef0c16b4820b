// What the documents say of each other and of the command line.

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "app/iperf3/rows.hpp"
#include "app/options/table.hpp"
#include "support/catch.hpp"
#include "support/places.hpp"

namespace fs = std::filesystem;

namespace {

const fs::path root{udperf::test::kSourceDir};

std::string text_of(const fs::path& file) {
  std::ifstream stream{file};
  REQUIRE(stream.good());
  return {std::istreambuf_iterator<char>{stream}, {}};
}

std::vector<fs::path> documents() {
  std::vector<fs::path> files{root / "README.md", root / "CONTRIBUTING.md", root / "CHANGELOG.md"};
  for (const auto& entry : fs::directory_iterator{root / "docs"}) {
    if (entry.path().extension() == ".md") {
      files.push_back(entry.path());
    }
  }
  return files;
}

/// The anchor that a heading gets from GitHub: lower case, spaces as dashes, no punctuation.
std::string anchor_of(const std::string& heading) {
  std::string anchor;
  for (const char c : heading) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0 || c == '_' || c == '-' || byte >= 0x80U) {
      anchor += static_cast<char>(std::tolower(byte));
    } else if (c == ' ') {
      anchor += '-';
    }
  }
  return anchor;
}

std::set<std::string> anchors_of(const fs::path& file) {
  std::set<std::string> anchors;
  std::ifstream lines{file};
  bool fenced = false;
  for (std::string line; std::getline(lines, line);) {
    fenced = fenced != (line.rfind("```", 0) == 0);
    const auto start = line.find_first_not_of('#');
    if (!fenced && start != std::string::npos && start > 0 && line[start] == ' ') {
      anchors.insert(anchor_of(line.substr(start + 1)));
    }
  }
  return anchors;
}

/// All that the pattern's first group matches.
std::vector<std::string> matches(const std::string& text, const std::string& pattern) {
  const std::regex expression{pattern};
  std::vector<std::string> found;
  for (std::sregex_iterator at{text.begin(), text.end(), expression}; at != std::sregex_iterator{};
       ++at) {
    found.push_back((*at)[1].str());
  }
  return found;
}

}  // namespace

TEST_CASE("every relative link between documents leads to a file, and to a heading of it",
          "[docs]") {
  std::size_t links = 0;
  for (const auto& file : documents()) {
    for (const auto& link : matches(text_of(file), R"(\]\(([^)\s]+)\))")) {
      if (link.find("://") != std::string::npos || link.rfind("mailto:", 0) == 0) {
        continue;
      }
      ++links;
      CAPTURE(file.string(), link);
      const auto hash = std::min(link.find('#'), link.size());
      const auto target = hash == 0 ? file : file.parent_path() / link.substr(0, hash);
      CHECK(fs::exists(target));
      if (hash < link.size() && fs::exists(target)) {
        CHECK(anchors_of(target).count(link.substr(hash + 1)) == 1);
      }
    }
  }
  CHECK(links >= 10);
}

TEST_CASE("every option that a document gives to udperf is in the option table", "[docs]") {
  std::set<std::string> known{"version"};
  for (const auto& option : udperf::app::option_table()) {
    known.insert(std::string{option.name});
  }
  for (const auto& row : udperf::app::iperf3_rows()) {  // of `udperf iperf3`
    known.insert(std::string{row.name});
  }
  std::size_t mentions = 0;
  for (const auto& file : documents()) {
    const auto text = text_of(file);
    // In a command line of udperf, up to what ends the command; and alone in a code span.
    auto names = matches(text, R"re(`--([a-z][a-z0-9-]*)[^`]*`)re");
    for (const auto& line : matches(
             text, R"(\budperf ((?:client|server|loopback|keygen|report|compare) [^\n|;`]*))")) {
      const auto more = matches(line, R"((?:^|\s)--([a-z][a-z0-9-]*))");
      names.insert(names.end(), more.begin(), more.end());
    }
    for (const auto& name : names) {
      // The options of ./dev bench, which docs/performance.md explains.
      const bool bench = file.filename() == "performance.md" &&
                         std::set<std::string>{"runs", "seconds", "quick", "only"}.count(name) == 1;
      CAPTURE(file.string(), name);
      CHECK((bench || known.count(name) == 1));
      ++mentions;
    }
  }
  CHECK(mentions > 30);
}
