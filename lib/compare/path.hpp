#pragma once

#include <optional>
#include <string_view>

#include "compare/compare.hpp"

namespace udperf::compare {

/// What is at the dotted path; nullptr where there is nothing, or null.
[[nodiscard]] const Json* at_path(const Json& root, std::string_view path);
/// Whether the last key of the path is there, null included; also where what would hold it is null
/// or not there, which is a word, too.
[[nodiscard]] bool has_key(const Json& root, std::string_view path);
/// Nothing for what is no number.
[[nodiscard]] std::optional<double> number_of(const Json* json);

}  // namespace udperf::compare
