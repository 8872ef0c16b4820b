#include "os/memory_file.hpp"

#include <sys/mman.h>

namespace udperf::os {

Fd memory_file(const char* name) {
  return Fd{::memfd_create(name, MFD_CLOEXEC)};
}

}  // namespace udperf::os
