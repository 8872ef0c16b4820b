#include <cstdio>
#include <filesystem>
#include <string>
#include <utility>

#include "app/commands/commands.hpp"
#include "app/exit_code.hpp"
#include "app/monitor/exec_hook.hpp"
#include "app/monitor/expand.hpp"
#include "app/monitor/history.hpp"
#include "app/monitor/http_server.hpp"
#include "app/monitor/once_run.hpp"
#include "app/monitor/setup.hpp"
#include "app/monitor/watch_run.hpp"
#include "app/monitor/web_config.hpp"
#include "app/output/files.hpp"

namespace udperf::app {
namespace {

/// What a configuration comes to, with the files that it names; no name server is asked.
struct Checked {
  std::vector<std::string> problems;
  std::size_t targets = 0;  ///< a dns name is one
};

/// What is wrong with the value of an option of the monitor: with its place, where the
/// configuration sets it.
std::string at_option(const MonitorSetup& setup, std::string_view option,
                      const std::string& problem) {
  const auto place = setup.places.find(option);
  return place != setup.places.end()
             ? monitor::ConfigError{place->second, problem}.text(setup.command.config.value_or("-"))
             : problem;
}

/// Files that are written to: by what is there already, and whether there is a folder for them.
void check_outputs(const MonitorSetup& setup, std::vector<std::string>& problems) {
  const MonitorCommand& command = setup.command;
  const std::string history = command.history.value_or(default_history());
  if (const auto refused = History::refusal_of(history)) {
    problems.push_back(at_option(setup, "history", refused->message()));
  }
  for (const auto& [option, file] :
       {std::pair{"jsonl", command.jsonl}, std::pair{"log-file", command.log.file}}) {
    const std::filesystem::path path{file.value_or("-")};
    const auto folder = path.parent_path();
    std::error_code unseen;
    std::string problem;
    if (!folder.empty() && !std::filesystem::is_directory(folder, unseen)) {
      problem = "there is no folder " + folder.string();
    } else if (std::filesystem::is_directory(path, unseen)) {
      problem = "is a folder";
    }
    if (!problem.empty()) {
      problems.push_back(
          at_option(setup, option, std::string{"--"} + option + " " + *file + ": " + problem));
    }
  }
}

Checked check_files(MonitorSetup setup) {
  Checked checked;
  const std::size_t all = setup.targets.size();
  std::erase_if(setup.targets, [](const monitor::TargetConfig& target) { return target.dns; });
  checked.targets = all - setup.targets.size();
  LastTargets last;
  checked.targets += expand_targets(setup, engine::StopToken{}, last, checked.problems).size();
  if (const auto web = read_web_config(setup.command.web_config); !web) {
    checked.problems.push_back(at_option(setup, "web-config", web.error().message()));
  } else if (const auto lacking = HttpServer::lacking(setup.command.listen, *web)) {
    const char* const option = web->tls ? "web-config" : "listen";
    checked.problems.push_back(at_option(setup, option, lacking->message()));
  }
  check_outputs(setup, checked.problems);
  if (setup.command.exec && !ExecHook::is_program(*setup.command.exec)) {
    checked.problems.push_back(
        at_option(setup, "exec", ExecHook::no_program(*setup.command.exec).message()));
  }
  return checked;
}

int tell(const std::vector<std::string>& errors) {
  for (const std::string& error : errors) {
    std::fprintf(stderr, "udperf: %s\n", error.c_str());
  }
  return exit_usage;
}

int check_config(const MonitorSetup& setup) {
  const Checked checked = check_files(setup);
  if (!checked.problems.empty()) {
    return tell(checked.problems);
  }
  tell(unmatched(setup.file_sd));  // they may be written later
  const std::string text = *setup.command.config + ": " + std::to_string(checked.targets) +
                           " targets, " + std::to_string(setup.modules.size()) + " modules\n";
  return print_to_stdout(text);
}

}  // namespace

int run_command(const MonitorCommand& command) {
  std::vector<std::string> errors;
  auto setup = make_setup(command, errors);
  if (!setup) {
    return tell(errors);
  }
  if (command.check_config) {
    return check_config(*setup);
  }
  return command.once ? run_once(*setup) : run_watch(*std::move(setup));
}

}  // namespace udperf::app
