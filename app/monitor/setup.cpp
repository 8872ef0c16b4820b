#include "app/monitor/setup.hpp"

#include <algorithm>

#include "app/monitor/config_files.hpp"
#include "app/monitor/usual_round.hpp"
#include "app/options/commands.hpp"
#include "app/options/rules.hpp"
#include "app/output/files.hpp"
#include "base/units.hpp"
#include "session/light.hpp"

namespace udperf::app {
namespace {

using monitor::ConfigError;
using monitor::ModuleConfig;
using monitor::Place;
using monitor::Setting;

bool is_for_modules(const OptionSpec& option) {
  return option.belongs_to(Command::client) && option.in_config && !is_protocol_option(option.name);
}

std::vector<std::string_view> monitor_options() {
  std::vector<std::string_view> names;
  for (const OptionSpec& option : option_table()) {
    const bool kept = option.in_config && !option.of_parser;
    if (option.belongs_to(Command::monitor) && kept && !is_module_option(option.name)) {
      names.push_back(option.name);
    }
  }
  return names;
}

std::vector<std::string_view> repeatable_options() {
  std::vector<std::string_view> names;
  for (const OptionSpec& option : option_table()) {
    if (option.repeatable) {
      names.push_back(option.name);
    }
  }
  return names;
}

/// What is wrong with rounds that last longer than the time from one to the next; the handshake and
/// what is still on its way have a part of the next one's.
std::optional<std::string> overlong(const ClientCommand& client, Duration span) {
  const TestParams& params = client.options.params;
  for (const Way way : {Way::up, Way::down}) {
    auto lasts = includes(params.direction, way) ? expected_duration(params, way)
                                                 : std::optional<Duration>{};
    if (client.find_rate) {  // one way after the other
      lasts = client.search.time * (params.direction == Direction::both ? 2 : 1);
    }
    if (lasts && *lasts > span + span / 20) {  // rates are rounded
      return "a round takes " + format_duration(*lasts) + ", and the next one is due after " +
             format_duration(span) + "; make it shorter, or every longer";
    }
  }
  return std::nullopt;
}

/// Why no other such round may run beside the module's; nullptr where they may.
const char* why_heavy(const ClientCommand& client) {
  const char* const always = spec_of(client.protocol).why_heavy;
  return always != nullptr  ? always
         : client.find_rate ? "a search fills the path"
         : session::is_heavy(client.options.params)
             ? "more than 100 datagrams a second or 1 Mb/s in one direction"
             : nullptr;
}

class SetupMaker {
 public:
  SetupMaker(const MonitorCommand& command, std::vector<ConfigError>& errors)
      : errors_(errors), command_(command) {
    setup_.asked = command;
    setup_.command = command;
  }

  void read(const std::string& text) {
    monitor::MonitorConfig config = monitor::parse_config(
        text, {monitor_options(), module_options(), repeatable_options()}, errors_);
    find_beside(command_.config.value_or(""), config);
    for (const Setting& setting : config.options) {
      monitor_option(setting);
    }
    for (const ModuleConfig& module : config.modules) {
      make_module(module);
    }
    setup_.targets = std::move(config.targets);
    setup_.probe_allow = std::move(config.probe_allow);
    setup_.file_sd = std::move(config.file_sd);
  }

  MonitorSetup finish() {
    if (!setup_.modules.contains("light")) {
      ModuleConfig light;
      light.name = "light";
      make_module(light);
    }
    return std::move(setup_);
  }

  /// Targets of the command line come beside those of the file.
  void add_target(const std::string& word) {
    monitor::TargetConfig target;
    const auto address = monitor::parse_target(word);
    if (!address) {
      errors_.push_back({{},
                         "TARGET " + word +
                             ": accepted is a name or an address, with :PORT where it is not "
                             "5555, e.g. gw.example or [2001:db8::1]:7000"});
      return;
    }
    target.address = *address;
    target.name = word;
    const bool twice =
        std::any_of(setup_.targets.begin(), setup_.targets.end(),
                    [&word](const monitor::TargetConfig& other) { return other.name == word; });
    if (!twice) {
      setup_.targets.push_back(std::move(target));
    }
  }

 private:
  void complain(const Place& place, std::string message) {
    errors_.push_back({place, std::move(message)});
  }

  void monitor_option(const Setting& setting) {
    if (is_given(command_.given, setting.name)) {
      return;  // the command line has the last word
    }
    const OptionSpec* const row = find_option(Command::monitor, setting.name);
    if (const Problem problem =
            row == nullptr ? std::nullopt : set_option(*row, setting.value, setup_.command)) {
      complain(setting.place, setting.name + ": " + *problem);
    }
    setup_.places.try_emplace(setting.name, setting.place);
  }

  /// Flags are written as true or false; the command line only has the first.
  std::optional<GivenOption> given_of(const Setting& setting) {
    const OptionSpec* const row = find_option(Command::client, setting.name);
    if (row == nullptr) {
      return std::nullopt;
    }
    if (row->value.empty() && setting.value != "true" && setting.value != "false") {
      complain(setting.place, setting.name + ": accepted is true or false");
      return std::nullopt;
    }
    if (row->value.empty() && setting.value == "false") {
      return std::nullopt;
    }
    // Where the command line may leave its value out, it is written as a flag is.
    const bool bare = !row->bare_value.empty() && setting.value == "true";
    const std::string value = bare ? std::string{row->bare_value} : setting.value;
    ClientCommand scratch;
    if (const Problem problem = set_option(*row, value, scratch)) {
      complain(setting.place, setting.name + ": " + *problem);
      return std::nullopt;
    }
    return GivenOption{setting.name, value};
  }

  /// The option of the client that the word stands for, which knows what does not go with it.
  void set_protocol(ModuleConfig& config) {
    if (!config.protocol) {
      return;
    }
    const Setting protocol = *config.protocol;
    const ProtocolSpec* const spec = module_protocol(protocol.value);
    if (spec == nullptr) {
      const bool known = protocol.value == "stamp";
      complain(protocol.place, std::string{"protocol: "} +
                                   (known ? "stamp (RFC 8762) is not spoken yet; " : "") +
                                   "accepted are " + module_protocol_names());
      return;
    }
    const OptionSpec* const row = find_option(Command::client, spec->option);
    if (row == nullptr) {  // udperf's own: there is nothing to be set
      return;
    }
    Setting option{std::string{row->name}, std::string{row->bare_value}, protocol.place};
    const auto port = std::find_if(config.options.begin(), config.options.end(),
                                   [](const Setting& one) { return one.name == "port"; });
    if (port != config.options.end()) {  // to the client its port is the option's value
      option.value = port->value;
      option.place = port->place;
      config.options.erase(port);
    }
    config.options.push_back(std::move(option));
  }

  void make_module(ModuleConfig config) {
    if (config.name == "light") {  // the command line's options are about it
      for (const GivenOption& option : command_.module) {
        std::erase_if(config.options,
                      [&](const Setting& setting) { return setting.name == option.name; });
        config.options.push_back({option.name, option.value, config.place});
      }
    }
    set_protocol(config);
    add_usual(config);
    std::vector<GivenOption> given;
    const std::size_t before = errors_.size();
    for (const Setting& setting : config.options) {
      if (auto option = given_of(setting)) {
        given.push_back(*std::move(option));
      }
    }
    MonitorModule module;
    if (errors_.size() == before) {
      if (auto problem = apply_client_options(Command::client, given, module.client)) {
        complain(config.place, "module " + config.name + ": " + *problem);
      }
    }
    if (module.client.trace) {
      complain(place_of(config, "profile"),
               "profile: a trace is for udperf client; a module's rounds are all alike");
    }
    if (errors_.size() == before) {  // of a half-made one nothing can be said
      finish_module(config, module);
    }
    module.given = std::move(given);
    setup_.modules[config.name] = std::move(module);
  }

  static Place place_of(const ModuleConfig& config, std::string_view option) {
    const auto found = std::find_if(config.options.begin(), config.options.end(),
                                    [option](const Setting& one) { return one.name == option; });
    return found != config.options.end() ? found->place : config.place;
  }

  void finish_module(const ModuleConfig& config, MonitorModule& module) {
    const Thresholds& thresholds = module.client.thresholds;
    module.limits.loss_ratio = thresholds.loss_ratio;
    module.limits.rtt_p99 = thresholds.rtt_p99;
    module.limits.mos = thresholds.mos;
    if (thresholds.rate) {
      module.limits.goodput_bps = static_cast<double>(thresholds.rate->bps());
    }
    module.timing.every = config.every.value_or(std::chrono::seconds{10});
    module.timing.at = config.at;
    const char* const weight = why_heavy(module.client);
    module.timing.heavy = weight != nullptr;
    if (module.timing.heavy && !config.every && !config.at) {
      complain(config.place, "module " + config.name + ": is heavy (" + weight +
                                 "); say how often it runs, e.g. every: 6h or at: \"03:10\"");
    }
    const Duration span = config.at ? std::chrono::hours{24} : module.timing.every;
    if (const auto problem = overlong(module.client, span)) {
      complain(config.place, "module " + config.name + ": " + *problem);
    }
    if (module.client.key_file) {
      const auto key = read_key_file(*module.client.key_file);
      if (key) {
        module.client.options.key = *key;
      } else {
        complain(place_of(config, "key-file"),
                 "module " + config.name + ": " + key.error().message());
      }
    }
  }

  std::vector<ConfigError>& errors_;
  const MonitorCommand& command_;
  MonitorSetup setup_;
};

}  // namespace

std::vector<std::string_view> module_options() {
  std::vector<std::string_view> names;
  for (const auto rows : {amount_rows(), traffic_rows(), shape_rows(), connection_rows()}) {
    for (const OptionSpec& option : rows) {
      if (is_for_modules(option)) {
        names.push_back(option.name);
      }
    }
  }
  for (const OptionSpec& option : output_rows()) {
    if (option.belongs_to(Command::client) && option.name.starts_with("fail-")) {
      names.push_back(option.name);
    }
  }
  return names;
}

std::optional<MonitorSetup> make_setup(const MonitorCommand& command,
                                       const std::optional<std::string>& text,
                                       std::vector<std::string>& errors) {
  std::vector<ConfigError> found;
  SetupMaker maker{command, found};
  if (text) {
    maker.read(*text);
  }
  for (const ConfigError& error : found) {
    errors.push_back(error.text(command.config.value_or("-")));
  }
  found.clear();
  for (const std::string& word : command.targets) {
    maker.add_target(word);
  }
  MonitorSetup setup = maker.finish();
  for (const ConfigError& error : found) {
    errors.push_back(error.message);
  }
  return errors.empty() ? std::optional{std::move(setup)} : std::nullopt;
}

std::optional<MonitorSetup> make_setup(const MonitorCommand& command,
                                       std::vector<std::string>& errors) {
  std::optional<std::string> text;
  if (command.config) {
    auto read = read_file(*command.config, monitor::kMostConfigBytes);
    if (!read) {
      errors.push_back(read.error().message());
      return std::nullopt;
    }
    text = *std::move(read);
  }
  return make_setup(command, text, errors);
}

RoundTest test_for(const MonitorModule& module, const monitor::TargetAddress& address) {
  RoundTest test{module.client.options, module.client.protocol};
  if (module.client.find_rate) {
    test.search = std::make_shared<const ClientCommand>(module.client);
  }
  test.options.host = address.host;
  test.options.port = address.port.value_or(test.options.port);
  return test;
}

}  // namespace udperf::app
