#pragma once

#include <string>

namespace udperf {

/// "12.30 %": with so many `decimals`, and two more below 0.1 %, where they would be zeros. Of 0 it
/// is "0.00 %".
[[nodiscard]] std::string percent_text(double percent, int decimals = 2);

/// "1.23 %", "0.00123 %": with `digits` that are significant, without zeros at the end.
[[nodiscard]] std::string percent_digits(double percent, int digits);

}  // namespace udperf
