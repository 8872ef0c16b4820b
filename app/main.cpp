#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <exception>
#include <string>
#include <vector>

#include "app/cli.hpp"
#include "app/commands/commands.hpp"
#include "app/last_resort.hpp"

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
  udperf::app::install_last_resort();
  try {
    std::vector<std::string> arguments(argv + (argc > 0 ? 1 : 0), argv + argc);
    if (argc > 0 && udperf::app::is_iperf3_name(argv[0])) {
      arguments.insert(arguments.begin(), "iperf3");
    }
    return udperf::app::run(udperf::app::parse_command_line(arguments));
  } catch (const std::exception& problem) {  // out of memory, no thread to be had, or a bug
    return udperf::app::report_last(problem);
  }
}
