#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include "app/cli.hpp"
#include "app/commands.hpp"
#include "app/exit_code.hpp"

namespace {

/// Descriptors that the caller has closed would be given to the first files that are opened, and
/// what is meant for stdout would go there. /dev/null takes their place, opened so that reading
/// and writing fail as they would have.
void keep_standard_descriptors() {
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) {
    if (::fcntl(fd, F_GETFD) < 0 && errno == EBADF) {
      static_cast<void>(::open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY));
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  keep_standard_descriptors();
  try {
    const std::vector<std::string> arguments(argv + (argc > 0 ? 1 : 0), argv + argc);
    return udperf::app::run(udperf::app::parse_command_line(arguments));
  } catch (const std::exception& problem) {  // out of memory, no thread to be had, or a bug
    std::fprintf(stderr, "udperf: internal error: %s\n", problem.what());
    return udperf::app::exit_internal;
  }
}
