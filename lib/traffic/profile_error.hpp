#pragma once

#include <string>
#include <utility>

#include "base/result.hpp"

namespace udperf::traffic {

/// What is wrong with a --profile or with the file that it names.
[[nodiscard]] inline tl::unexpected<Error> profile_error(std::string what) {
  return usage_error(std::move(what), "profile");
}

}  // namespace udperf::traffic
