#include "support/golden.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string_view>

#include "support/catch.hpp"
#include "support/places.hpp"

namespace udperf::test {
namespace {

std::string first_difference(const std::string& expected, const std::string& found) {
  std::istringstream left{expected};
  std::istringstream right{found};
  std::string a;
  std::string b;
  for (int line = 1;; ++line) {
    const bool more_left = static_cast<bool>(std::getline(left, a));
    const bool more_right = static_cast<bool>(std::getline(right, b));
    if (!more_left && !more_right) {
      return {};
    }
    if (a != b || more_left != more_right) {
      return "line " + std::to_string(line) + "\n- " + (more_left ? a : "(end)") + "\n+ " +
             (more_right ? b : "(end)");
    }
  }
}

}  // namespace

void check_golden(const std::string& name, const std::string& text) {
  const auto path = std::filesystem::path{kSourceDir} / "test" / "golden" / name;
  const char* update = std::getenv("UDPERF_UPDATE_GOLDEN");
  if (update != nullptr && std::string_view{update} == "1") {
    std::filesystem::create_directories(path.parent_path());
    std::ofstream file{path, std::ios::binary};
    file << text;
    REQUIRE(file.flush().good());
    return;
  }
  std::ifstream file{path, std::ios::binary};
  INFO(path.string());
  REQUIRE(file.good());
  std::ostringstream expected;
  expected << file.rdbuf();
  INFO(first_difference(expected.str(), text));
  CHECK(expected.str() == text);
}

}  // namespace udperf::test
