#include "base/percent.hpp"

#include "base/decimal.hpp"

namespace udperf {

std::string percent_text(double percent, int decimals) {
  const bool small = percent != 0 && percent < 0.1;
  return decimal(percent, decimals + (small ? 2 : 0)) + " %";
}

std::string percent_digits(double percent, int digits) {
  const std::string format = "%." + std::to_string(digits) + "g %%";
  return decimal(format.c_str(), percent);
}

}  // namespace udperf
