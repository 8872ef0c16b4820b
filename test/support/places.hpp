#pragma once

namespace udperf::test {

/// The udperf of the build that this test belongs to, as an absolute path.
extern const char* const kProgram;
/// The root of the source tree, as an absolute path.
extern const char* const kSourceDir;

}  // namespace udperf::test
