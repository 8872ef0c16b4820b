#include <cstdio>
#include <string>

#include "app/commands.hpp"
#include "app/exit_code.hpp"
#include "app/files.hpp"
#include "app/monitor/exec_hook.hpp"
#include "app/monitor/expand.hpp"
#include "app/monitor/http_server.hpp"
#include "app/monitor/once_run.hpp"
#include "app/monitor/setup.hpp"
#include "app/monitor/watch_run.hpp"
#include "app/monitor/web_config.hpp"

namespace udperf::app {
namespace {

/// What is wrong with the files that a configuration names; asks no name server.
std::vector<std::string> check_files(MonitorSetup setup) {
  std::erase_if(setup.targets, [](const monitor::TargetConfig& target) { return target.dns; });
  std::vector<std::string> problems;
  LastTargets last;
  static_cast<void>(expand_targets(setup, engine::StopToken{}, last, problems));
  if (const auto web = read_web_config(setup.command.web_config); !web) {
    problems.push_back(web.error().message());
  } else if (const auto lacking = HttpServer::lacking(setup.command.listen, *web)) {
    problems.push_back(lacking->message());
  }
  if (setup.command.exec && !ExecHook::is_program(*setup.command.exec)) {
    problems.push_back(ExecHook::no_program(*setup.command.exec).message());
  }
  return problems;
}

}  // namespace

int run_command(const MonitorCommand& command) {
  std::vector<std::string> errors;
  auto setup = make_setup(command, errors);
  if (setup && command.check_config) {
    errors = check_files(*setup);
  }
  if (!setup || !errors.empty()) {
    for (const std::string& error : errors) {
      std::fprintf(stderr, "udperf: %s\n", error.c_str());
    }
    return exit_usage;
  }
  if (command.check_config) {
    const auto out = OutputFile::open(std::nullopt, "stdout");
    const std::string text = *command.config + ": " + std::to_string(setup->targets.size()) +
                             " targets, " + std::to_string(setup->modules.size()) + " modules\n";
    return out && out->write(text) ? exit_ok : exit_internal;
  }
  return command.once ? run_once(*setup) : run_watch(*std::move(setup));
}

}  // namespace udperf::app
