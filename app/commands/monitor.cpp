#include <string>

#include "app/commands/commands.hpp"
#include "app/options/commands.hpp"
#include "app/options/rules.hpp"

namespace udperf::app {

Invocation make_monitor(const Arguments& arguments) {
  MonitorCommand command;
  command.targets = arguments.words;
  command.given = arguments.options;
  Problem problem = apply_options(Command::monitor, arguments.options, command);
  if (!problem) {
    problem = check_options(Command::monitor, arguments.options, command);
  }
  if (!problem && command.targets.empty() && !command.config) {
    problem = "a TARGET or --config is needed; " + see_help(Command::monitor);
  }
  if (!problem && command.check_config && !command.config) {
    problem = "--check-config: needs --config";
  }
  return problem ? Invocation{UsageError{*std::move(problem)}} : Invocation{std::move(command)};
}

}  // namespace udperf::app
