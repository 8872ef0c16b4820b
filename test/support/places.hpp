#pragma once

namespace udperf::test {

// Constants, only told elsewhere: see places.cpp.
// NOLINTBEGIN(readability-identifier-naming)
/// The udperf of the build that this test belongs to, as an absolute path.
extern const char* const kProgram;
/// The root of the source tree, as an absolute path.
extern const char* const kSourceDir;
// NOLINTEND(readability-identifier-naming)

}  // namespace udperf::test
