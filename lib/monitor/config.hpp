#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/endpoint.hpp"
#include "base/time.hpp"

namespace udperf::monitor {

/// Where in a text something stands, both from 1.
struct Place {
  std::size_t line = 1;
  std::size_t column = 1;

  bool operator==(const Place&) const = default;
};

/// What is wrong with a configuration, and where.
struct ConfigError {
  Place place;
  std::string message;

  /// "monitor.yaml:3:5: unknown key targetz"
  [[nodiscard]] std::string text(std::string_view file) const;
};

/// An option as the configuration gives it: its name, and its value as on the command line.
struct Setting {
  std::string name;
  std::string value;
  Place place;
};

/// What a round is.
struct ModuleConfig {
  std::string name;
  std::vector<Setting> options;     ///< of the client
  std::optional<Duration> every;    ///< 1s .. 31 days
  std::optional<Duration> at;       ///< since midnight UTC: once a day
  std::optional<Setting> protocol;  ///< what it speaks, as written; absent: udperf's own
  Place place;
};

/// A server and the port, where one is given.
struct TargetAddress {
  std::string host;
  std::optional<std::uint16_t> port;
};

using Labels = std::vector<std::pair<std::string, std::string>>;

/// Who is watched.
struct TargetConfig {
  TargetAddress address;
  bool dns = false;  ///< the name stands for all its addresses
  std::string name;  ///< as it is shown; never empty
  std::string module = "light";
  Labels labels;
  Place place;
  Place module_place;  ///< where `module` is given
};

/// A configuration file, read but for the values of options.
struct MonitorConfig {
  std::vector<Setting> options;  ///< of the monitor
  std::vector<IpPrefix> probe_allow;
  std::vector<std::string> file_sd;
  std::vector<ModuleConfig> modules;
  std::vector<TargetConfig> targets;
};

/// The names of options that a configuration may use.
struct ConfigWords {
  std::vector<std::string_view> monitor_options;
  std::vector<std::string_view> module_options;
  std::vector<std::string_view> repeatable;  ///< of both: those that may have a list of values
};

inline constexpr std::size_t kMostConfigBytes = std::size_t{8} << 20U;
inline constexpr std::size_t kMostTargets = 10'000;
inline constexpr std::size_t kMostLabels = 64;  ///< of one target

/// Reads YAML; what is wrong with it is added to `errors`, all of it where that can be said at
/// once. The result is of use only where nothing is added.
[[nodiscard]] MonitorConfig parse_config(const std::string& text, const ConfigWords& words,
                                         std::vector<ConfigError>& errors);

/// What a file of targets comes to.
struct TargetFile {
  std::vector<TargetConfig> targets;
  std::vector<ConfigError> left_out;  ///< labels that there cannot be; their targets are there
};

/// Reads the targets of Prometheus' file_sd format, as YAML or as JSON: a list of groups of
/// `targets` and `labels`. The label `__module__` names the module.
[[nodiscard]] TargetFile parse_file_sd(const std::string& text, std::vector<ConfigError>& errors);

/// "gw.example", "gw.example:7000", "192.0.2.1", "[2001:db8::1]:7000", "2001:db8::1"; nothing where
/// it is none of them.
[[nodiscard]] std::optional<TargetAddress> parse_target(std::string_view text);

/// Whether it can be the name of a module or a target, which stands in labels, addresses of pages
/// and tables.
[[nodiscard]] bool is_name(std::string_view name);

/// Whether it can be the name of a label that the configuration gives: letters, digits and _, not
/// one of udperf's own.
[[nodiscard]] bool is_label_name(std::string_view name);

/// Whether it is a label that metrics have without the configuration, by udperf or by Prometheus.
[[nodiscard]] bool is_own_label(std::string_view name);

/// "03:10" as the time since midnight.
[[nodiscard]] std::optional<Duration> parse_time_of_day(std::string_view text);

}  // namespace udperf::monitor
