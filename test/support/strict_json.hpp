#pragma once

#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "base/result.hpp"

namespace udperf::test {

/// Reads one JSON document and nothing else, as RFC 8259 has it. Refuses what most parsers let
/// through: a key that comes twice in an object, NaN or Infinity, text after the document.
[[nodiscard]] Result<nlohmann::json> parse_strict_json(std::string_view text);

}  // namespace udperf::test
