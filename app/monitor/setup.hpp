#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "app/cli.hpp"
#include "app/monitor/round_source.hpp"
#include "monitor/config.hpp"
#include "monitor/schedule.hpp"
#include "monitor/target_watch.hpp"

namespace udperf::app {

/// What a round is, ready to be run.
struct MonitorModule {
  ClientCommand client;  ///< its host is each target's; the key is read
  monitor::Timing timing;
  monitor::Limits limits;
  std::vector<GivenOption> given;  ///< all options that it was made of
};

/// Everything that a monitor works by, from the command line and from the configuration.
struct MonitorSetup {
  MonitorCommand asked;    ///< as the command line has it
  MonitorCommand command;  ///< with what the configuration adds
  std::map<std::string, MonitorModule, std::less<>> modules;
  std::vector<monitor::TargetConfig> targets;
  std::vector<IpPrefix> probe_allow;
  std::vector<std::string> file_sd;
  std::map<std::string, monitor::Place, std::less<>> places;  ///< of options that the file sets
};

/// Reads the configuration that the command names and makes everything of both. Where that cannot
/// be, `errors` has a line for each mistake: "monitor.yaml:3:5: unknown key targetz ...".
[[nodiscard]] std::optional<MonitorSetup> make_setup(const MonitorCommand& command,
                                                     std::vector<std::string>& errors);

/// The same from the text of a file of this name; touches no file but for keys. Without a text,
/// from the command line alone.
[[nodiscard]] std::optional<MonitorSetup> make_setup(const MonitorCommand& command,
                                                     const std::optional<std::string>& text,
                                                     std::vector<std::string>& errors);

/// The options of the client that a module may have.
[[nodiscard]] std::vector<std::string_view> module_options();

/// The module's test with one target.
[[nodiscard]] RoundTest test_for(const MonitorModule& module,
                                 const monitor::TargetAddress& address);

}  // namespace udperf::app
