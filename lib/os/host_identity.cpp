#include "os/host_identity.hpp"

#include <sys/stat.h>

#include <fstream>
#include <iterator>

namespace udperf::os {

std::optional<std::string> host_identity() {
  std::ifstream file{"/proc/sys/kernel/random/boot_id"};
  std::string identity{std::istreambuf_iterator<char>{file}, {}};
  if (identity.empty()) {
    return std::nullopt;
  }
  struct stat status {};
  if (::stat("/proc/self/ns/time", &status) == 0) {
    identity += std::to_string(status.st_ino);
  }
  return identity;
}

}  // namespace udperf::os
