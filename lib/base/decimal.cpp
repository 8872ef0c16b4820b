#include "base/decimal.hpp"

#include <array>
#include <cstdio>

namespace udperf {

std::string decimal(const char* format, double value) {
  std::array<char, 400> text{};  // the largest double has 309 digits
  std::snprintf(text.data(), text.size(), format, value);
  return text.data();
}

}  // namespace udperf
