#pragma once

#include <string>

namespace udperf {

/// A number as printf's `format` says, which has one place for a double: "%.3g %%". At most 399
/// characters.
[[nodiscard]] std::string decimal(const char* format, double value);
/// With so many decimals.
[[nodiscard]] std::string decimal(double value, int decimals);

}  // namespace udperf
