// What docs/security.md promises names the tests that hold it.

#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <string>

#include "support/catch.hpp"
#include "support/places.hpp"

namespace {

using Path = std::filesystem::path;

std::string text_of(const Path& file) {
  std::ifstream in{file};
  return {std::istreambuf_iterator<char>{in}, {}};
}

}  // namespace

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
