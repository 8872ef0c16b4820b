#pragma once

namespace udperf::result {

/// The program's version, as CMakeLists.txt has it.
inline constexpr const char* kVersion = UDPERF_VERSION;

}  // namespace udperf::result
