#include "app/monitor/config_files.hpp"

#include <algorithm>
#include <filesystem>
#include <vector>

#include "app/options/table.hpp"

namespace udperf::app {
namespace {

using monitor::Setting;

/// Whether the option's value is a file. A program without a slash is looked for in PATH.
bool names_file(const Setting& setting, Command command) {
  const OptionSpec* const option = find_option(command, setting.name);
  return option != nullptr &&
         (option->value == "FILE" ||
          (option->value == "PROGRAM" && setting.value.find('/') != std::string::npos));
}

}  // namespace

std::string beside(const std::string& naming, const std::string& file) {
  const auto folder = std::filesystem::path{naming}.parent_path();
  const bool found = file.empty() || file == "-" || file.starts_with('/') || folder.empty();
  return found ? file : (folder / file).string();
}

void find_beside(const std::string& config_file, monitor::MonitorConfig& config) {
  const auto find_in = [&config_file](std::vector<Setting>& settings, Command command) {
    for (Setting& setting : settings) {
      if (names_file(setting, command)) {
        setting.value = beside(config_file, setting.value);
      }
    }
  };
  for (std::string& pattern : config.file_sd) {
    pattern = beside(config_file, pattern);
  }
  find_in(config.options, Command::monitor);
  for (monitor::ModuleConfig& module : config.modules) {
    find_in(module.options, Command::client);
  }
}

}  // namespace udperf::app
