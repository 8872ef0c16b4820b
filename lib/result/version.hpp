#pragma once

namespace udperf::result {

/// The program's version, as CMakeLists.txt has it.
[[nodiscard]] const char* program_version();

}  // namespace udperf::result
