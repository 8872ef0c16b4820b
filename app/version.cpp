#include "app/version.hpp"

#include <sys/utsname.h>

namespace udperf::app {
namespace {

std::string compiler_text() {
#if defined(__clang__)
  return "Clang " __clang_version__;
#else
  return "GCC " __VERSION__;
#endif
}

std::string kernel_text() {
  utsname names{};
  if (::uname(&names) != 0) {
    return "an unknown kernel";
  }
  return std::string{names.sysname} + " " + names.release;
}

}  // namespace

std::string version_text() {
  return "udperf " UDPERF_VERSION " (commit " UDPERF_GIT_COMMIT "), built with " + compiler_text() +
         ", on " + kernel_text() + "\n";
}

}  // namespace udperf::app
