// What docs/security.md promises names the tests that hold it.

#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <sstream>
#include <string>

#include "support/catch.hpp"
#include "support/places.hpp"

namespace {

using Path = std::filesystem::path;

std::string text_of(const Path& file) {
  std::ifstream in{file};
  return {std::istreambuf_iterator<char>{in}, {}};
}

/// The names of all cases in a test's source, a line each.
std::string cases_of(const std::string& source) {
  const std::regex head{R"re(TEST_CASE\(\s*((?:"(?:[^"\\]|\\.)*"\s*)+))re"};
  const std::regex seam{R"re("\s*")re"};
  std::string out;
  for (std::sregex_iterator at{source.begin(), source.end(), head}; at != std::sregex_iterator{};
       ++at) {
    out += std::regex_replace((*at)[1].str(), seam, "") + "\n";
  }
  return out;
}

/// "words of a case" of a text.
std::set<std::string> quoted_in(const std::string& text) {
  const std::regex quoted{"\"([^\"]+)\""};
  std::set<std::string> out;
  for (std::sregex_iterator at{text.begin(), text.end(), quoted}; at != std::sregex_iterator{};
       ++at) {
    out.insert((*at)[1]);
  }
  return out;
}

}  // namespace

TEST_CASE("every kind of fault that docs/security.md lists names a case that there is", "[docs]") {
  const Path root{udperf::test::kSourceDir};
  const std::string page = text_of(root / "docs/security.md");
  std::istringstream rows{page.substr(page.find("| kind | test |"))};
  const std::regex test{"`((?:unit|property|sim|e2e)/[a-z0-9_]+)`(?: \\(([^)]*)\\))?"};
  std::string row;
  std::getline(rows, row);
  std::getline(rows, row);  // the rule below the heading
  std::size_t kinds = 0;
  while (std::getline(rows, row) && row.starts_with("| ")) {
    CAPTURE(row);
    ++kinds;
    std::size_t named = 0;
    for (std::sregex_iterator at{row.begin(), row.end(), test}; at != std::sregex_iterator{};
         ++at) {
      const std::string cases = cases_of(text_of(root / "test" / ((*at)[1].str() + ".cpp")));
      for (const std::string& words : quoted_in((*at)[2].str())) {
        CAPTURE(words);
        CHECK(cases.find(words) != std::string::npos);
        ++named;
      }
    }
    CHECK(named > 0);
  }
  CHECK(kinds > 30);
}

TEST_CASE("every test that docs/security.md names is there and has test cases", "[docs]") {
  const Path root{udperf::test::kSourceDir};
  const std::string page = text_of(root / "docs/security.md");
  const std::regex name{"`((unit|property|sim|e2e|fuzz|accuracy)/([a-z0-9_]+))`"};
  std::set<std::string> named;
  for (std::sregex_iterator at{page.begin(), page.end(), name}; at != std::sregex_iterator{};
       ++at) {
    named.insert((*at)[1]);
  }
  CHECK(named.size() > 50);
  for (const std::string& test : named) {
    CAPTURE(test);
    const std::string text = text_of(root / "test" / (test + ".cpp"));
    const char* const mark = test.starts_with("fuzz/") ? "LLVMFuzzerTestOneInput" : "TEST_CASE";
    CHECK(text.find(mark) != std::string::npos);
  }
}
