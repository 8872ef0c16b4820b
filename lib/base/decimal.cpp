#include "base/decimal.hpp"

#include <array>
#include <cstdio>

namespace udperf {
namespace {

using Text = std::array<char, 400>;  // the largest double has 309 digits

}  // namespace

std::string decimal(const char* format, double value) {
  Text text{};
  std::snprintf(text.data(), text.size(), format, value);
  return text.data();
}

std::string decimal(double value, int decimals) {
  Text text{};
  std::snprintf(text.data(), text.size(), "%.*f", decimals, value);
  return text.data();
}

}  // namespace udperf
