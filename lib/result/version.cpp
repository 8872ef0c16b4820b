#include "result/version.hpp"

namespace udperf::result {

const char* program_version() {
  return UDPERF_VERSION;
}

}  // namespace udperf::result
