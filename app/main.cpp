#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include "app/cli.hpp"
#include "app/commands.hpp"
#include "app/exit_code.hpp"

int main(int argc, char** argv) {
  try {
    std::vector<std::string> arguments(argv + (argc > 0 ? 1 : 0), argv + argc);
    if (argc > 0 && udperf::app::is_iperf3_name(argv[0])) {
      arguments.insert(arguments.begin(), "iperf3");
    }
    return udperf::app::run(udperf::app::parse_command_line(arguments));
  } catch (const std::exception& problem) {  // out of memory, no thread to be had, or a bug
    std::fprintf(stderr, "udperf: internal error: %s\n", problem.what());
    return udperf::app::exit_internal;
  }
}
