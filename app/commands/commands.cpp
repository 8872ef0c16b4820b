#include "app/commands/commands.hpp"

#include <string>

#include "app/commands/measurement.hpp"
#include "app/exit_code.hpp"
#include "app/options/help.hpp"
#include "app/version.hpp"

namespace udperf::app {
int run_command(const HelpRequest& request) {
  return print_to_stdout(request.command ? command_help(*request.command, request.depth)
                                         : program_help(request.depth));
}

int run_command(const VersionRequest& /*request*/) {
  return print_to_stdout(version_text());
}

int run_command(const UsageError& problem) {
  ClientCommand command;  // of all that was asked for, only the form of the answer is known
  command.output.format = problem.format;
  command.output.file = problem.file;
  return report_failure(Error{ErrorCode::usage, problem.message, 0, {}}, command);
}

int run(const Invocation& invocation) {
  return std::visit([](const auto& command) { return run_command(command); }, invocation);
}

}  // namespace udperf::app
