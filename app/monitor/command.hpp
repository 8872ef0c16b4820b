#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/options/option.hpp"
#include "app/output/log_options.hpp"
#include "base/endpoint.hpp"
#include "base/time.hpp"

namespace udperf::app {

/// How long the history keeps what.
struct Retention {
  Duration rounds = std::chrono::hours{48};
  Duration five_minutes = std::chrono::hours{24 * 30};
  Duration hours = std::chrono::hours{24 * 730};
};

/// What `udperf monitor` was asked to do.
struct MonitorCommand {
  std::vector<std::string> targets;   ///< as written
  std::optional<std::string> config;  ///< --config
  bool check_config = false;
  bool once = false;
  bool json = false;  ///< of --once
  Endpoint listen{IpAddress::loopback(IpFamily::v4), 9555};
  std::optional<std::string> history;  ///< absent: the default place
  Retention retention;
  std::optional<std::string> jsonl;
  std::optional<std::string> exec;
  std::optional<std::string> web_config;
  std::vector<std::string> host_names;  ///< beside its addresses and localhost
  LogOptions log;
  std::vector<GivenOption> given;   ///< on the command line: the configuration does not change them
  std::vector<GivenOption> module;  ///< options of the client, for the module `light`
};

/// Whether the option is one that MonitorCommand::module has.
[[nodiscard]] bool is_module_option(std::string_view name);

}  // namespace udperf::app
