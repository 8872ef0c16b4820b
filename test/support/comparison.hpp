#pragma once

#include <stdexcept>
#include <string>
#include <vector>

#include "compare/compare.hpp"
#include "report/writer.hpp"
#include "result/document.hpp"
#include "support/catch.hpp"
#include "support/example_outcomes.hpp"

/// What tests of comparisons have in common.
namespace udperf::test::comparison {

/// Of an ordinary test up.
inline compare::Json document() {
  return compare::Json::parse(report::to_json(result::build_result(normal_up())));
}

inline const compare::Row& row(const compare::Comparison& comparison, const std::string& name) {
  for (const auto& one : comparison.rows) {
    if (one.metric->name == name) {
      return one;
    }
  }
  throw std::runtime_error{"no row " + name};
}

/// Of --fail-worse, written correctly.
inline std::vector<compare::Limit> limits(const std::string& text) {
  const auto parsed = compare::parse_limits(text);
  REQUIRE(parsed.has_value());
  return *parsed;
}

inline bool fails(const compare::Json& before, const compare::Json& after,
                  const std::string& text) {
  return compare::compare(before, after, limits(text)).failed();
}

}  // namespace udperf::test::comparison
