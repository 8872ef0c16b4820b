#pragma once

#include <string>

#include "report/json_tree.hpp"

namespace udperf::report {

/// The value at the dotted path, null pointer where there is none.
[[nodiscard]] const Json* find_field(const Json& root, const std::string& path);

/// A value for shells and tables: strings without quotes, everything else as in JSON.
[[nodiscard]] std::string bare_text(const Json* value);

}  // namespace udperf::report
