#pragma once

#include <string>

namespace udperf::test {

/// Compares with test/golden/<name>, and says how the two differ. Where UDPERF_UPDATE_GOLDEN is 1
/// in the environment the file is written instead: then look at what `git diff` says before
/// committing.
void check_golden(const std::string& name, const std::string& text);

}  // namespace udperf::test
