#pragma once

#include <string>

// Debian 12 has Catch2 2.13, newer systems have 3.x; the tests use what both have.
#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
using Catch::Approx;
#else
#include <catch2/catch.hpp>

namespace Catch::Matchers {

/// Its name in 3.x.
// NOLINTNEXTLINE(readability-identifier-naming): Catch2 names it so
inline auto ContainsSubstring(const std::string& text) {
  return Contains(text);
}

}  // namespace Catch::Matchers
#endif
