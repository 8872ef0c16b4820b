#include "monitor/config.hpp"

#include <algorithm>
#include <array>
#include <set>

#include "base/units.hpp"
#include "monitor/yaml_reader.hpp"

namespace udperf::monitor {
namespace {

using Node = YAML::Node;

constexpr Duration kShortestEvery = std::chrono::seconds{1};
constexpr Duration kLongestEvery = std::chrono::hours{24 * 31};
constexpr std::size_t kMostModules = 256;
constexpr std::array<std::string_view, 4> kParts{"modules", "targets", "probe_allow", "file_sd"};

bool has(const std::vector<std::string_view>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

class ConfigParser {
 public:
  ConfigParser(const ConfigWords& words, std::vector<ConfigError>& errors)
      : words_(words), reader_(errors) {}

  MonitorConfig parse(const std::string& text) {
    const auto root = reader_.load(text);
    if (!root || root->IsNull()) {
      return std::move(config_);
    }
    reader_.each_entry(*root, "the configuration",
                       [this](const std::string& key, const Node& at, const Node& value) {
                         top_key(key, at, value);
                       });
    check_modules();
    return std::move(config_);
  }

  void targets(const Node& list) {
    reader_.each_item(list, "targets", [this](const Node& item) { target(item); });
  }

 private:
  void top_key(const std::string& key, const Node& at, const Node& value) {
    const bool part = std::find(kParts.begin(), kParts.end(), key) != kParts.end();
    if (part && value.IsNull()) {  // all that was in it is a comment by now
      return;
    }
    if (key == "modules") {
      reader_.each_entry(value, "modules",
                         [this](const std::string& name, const Node& where, const Node& body) {
                           module(name, where, body);
                         });
    } else if (key == "targets") {
      targets(value);
    } else if (key == "probe_allow") {
      reader_.each_item(value, key, [this](const Node& item) { allow(item); });
    } else if (key == "file_sd") {
      reader_.each_item(value, key, [this](const Node& item) {
        if (const auto file = reader_.scalar(item, "file_sd")) {
          config_.file_sd.push_back(*file);
        }
      });
    } else if (has(words_.monitor_options, key)) {
      option(key, value, config_.options);
    } else if (key == "every" || key == "at" || has(words_.module_options, key)) {
      reader_.complain(at, "unknown key " + key +
                               " here: it is about rounds, which are described "
                               "under modules, e.g. modules: {light: {" +
                               key + ": ...}}");
    } else {
      std::vector<std::string_view> known = words_.monitor_options;
      known.insert(known.end(), kParts.begin(), kParts.end());
      reader_.unknown_key(at, key, known);
    }
  }

  void allow(const Node& item) {
    const auto text = reader_.scalar(item, "probe_allow");
    if (!text) {
      return;
    }
    if (const auto prefix = parse_ip_prefix(*text)) {
      config_.probe_allow.push_back(*prefix);
    } else {
      reader_.complain(item, "probe_allow: " + prefix.error().what +
                                 "; accepted is e.g. 192.0.2.0/24 or 2001:db8::/32");
    }
  }

  /// One value, or a list of them for an option that can be repeated.
  void option(const std::string& name, const Node& value, std::vector<Setting>& options) {
    if (!value.IsSequence()) {
      single(name, value, options);
      return;
    }
    if (value.size() == 0) {
      reader_.complain(value, name + ": has no value; leave the key out");
    } else if (value.size() > 1 && !has(words_.repeatable, name)) {
      reader_.complain(value[1], name + ": has one value, and this is another");
    } else {
      reader_.each_item(value, name, [&](const Node& item) { single(name, item, options); });
    }
  }

  void single(const std::string& name, const Node& value, std::vector<Setting>& options) {
    if (const auto text = reader_.scalar(value, name)) {
      options.push_back({name, *text, reader_.place(value)});
    }
  }

  void module(const std::string& name, const Node& at, const Node& body) {
    if (!is_name(name)) {
      reader_.complain(at, "a module's name cannot be empty, have spaces or more than 255 bytes");
      return;
    }
    if (config_.modules.size() == kMostModules) {
      reader_.complain(at, "more than 256 modules");
      return;
    }
    ModuleConfig& made = config_.modules.emplace_back();
    made.name = name;
    made.place = reader_.place(at);
    if (body.IsNull()) {
      return;
    }
    reader_.each_entry(body, "module " + name,
                       [&](const std::string& key, const Node& where, const Node& value) {
                         module_key(made, key, where, value);
                       });
    if (made.every && made.at) {
      reader_.complain(at, "module " + name + ": give only one of every and at");
    }
  }

  void module_key(ModuleConfig& made, const std::string& key, const Node& at, const Node& value) {
    if (key == "every") {
      if (const auto text = reader_.scalar(value, key)) {
        const auto time = parse_duration(*text);
        if (!time || *time < kShortestEvery || *time > kLongestEvery) {
          reader_.complain(value, "every: accepted is a time of 1s to 744h, e.g. 10s or 6h");
        }
        made.every = time ? *time : kShortestEvery;
      }
    } else if (key == "at") {
      if (const auto text = reader_.scalar(value, key)) {
        made.at = parse_time_of_day(*text);
        if (!made.at) {
          reader_.complain(value, "at: accepted is a time of day in UTC, e.g. \"03:10\"");
          made.at = Duration{0};  // it was given: that is not another mistake
        }
      }
    } else if (key == "protocol") {
      if (const auto text = reader_.scalar(value, key)) {
        made.protocol = Setting{key, *text, reader_.place(value)};
      }
    } else if (has(words_.module_options, key)) {
      option(key, value, made.options);
    } else {
      std::vector<std::string_view> known = words_.module_options;
      known.insert(known.end(), {"every", "at", "protocol"});
      reader_.unknown_key(at, key, known);
    }
  }

  void target(const Node& item) {
    if (config_.targets.size() == kMostTargets) {
      reader_.complain(item, "more than 10000 targets");
      return;
    }
    TargetConfig made;
    made.place = reader_.place(item);
    if (item.IsScalar()) {
      host(item, made);
    } else {
      reader_.each_entry(item, "a target",
                         [&](const std::string& key, const Node& at, const Node& value) {
                           target_key(made, key, at, value);
                         });
      if (item.IsMap() && made.address.host.empty()) {
        reader_.complain(item, "a target needs the key target or dns");
      }
    }
    if (made.address.host.empty()) {
      return;
    }
    if (!names_.insert(made.name).second) {
      reader_.complain(item, "the target " + made.name + " is there twice; give one a name");
    }
    config_.targets.push_back(std::move(made));
  }

  void host(const Node& value, TargetConfig& made) {
    const auto text = reader_.scalar(value, "target");
    if (!text) {
      return;
    }
    if (const auto address = parse_target(*text)) {
      made.address = *address;
      made.name = made.name.empty() ? *text : made.name;
    } else {
      reader_.complain(value,
                       "target: accepted is a name or an address, with :PORT where it is "
                       "not the module's, e.g. gw.example or [2001:db8::1]:7000");
    }
  }

  void target_key(TargetConfig& made, const std::string& key, const Node& at, const Node& value) {
    if (key == "target" || key == "dns") {
      if (!made.address.host.empty()) {
        reader_.complain(at, "give only one of target and dns");
      }
      made.dns = key == "dns";
      host(value, made);
    } else if (key == "name" || key == "module") {
      const auto text = reader_.scalar(value, key);
      if (text && !is_name(*text)) {
        reader_.complain(value, key + ": cannot be empty, have spaces or more than 255 bytes");
      } else if (text) {
        (key == "name" ? made.name : made.module) = *text;
        made.module_place = key == "module" ? reader_.place(value) : made.module_place;
      }
    } else if (key == "labels") {
      labels(made, value);
    } else {
      reader_.unknown_key(at, key, {"target", "dns", "name", "module", "labels"});
    }
  }

  void labels(TargetConfig& made, const Node& map) {
    if (map.IsNull()) {
      return;
    }
    reader_.each_entry(map, "labels",
                       [&](const std::string& name, const Node& at, const Node& value) {
                         const auto text = reader_.scalar(value, "label " + name);
                         if (!is_label_name(name)) {
                           reader_.complain(at,
                                            "label: accepted are letters, digits and _, and "
                                            "none of udperf's own, such as target");
                         } else if (made.labels.size() == kMostLabels) {
                           reader_.complain(at, "label: more than 64");
                         } else if (text) {
                           made.labels.emplace_back(name, *text);
                         }
                       });
  }

  /// Every target's module has to be there; `light` always is.
  void check_modules() {
    std::vector<std::string_view> known{"light"};
    for (const ModuleConfig& module : config_.modules) {
      known.emplace_back(module.name);
    }
    for (const TargetConfig& target : config_.targets) {
      if (!has(known, target.module)) {
        reader_.unknown_module(target.module_place, target.module, known);
      }
    }
  }

  const ConfigWords& words_;
  YamlReader reader_;
  MonitorConfig config_;
  std::set<std::string> names_;
};

}  // namespace

MonitorConfig parse_config(const std::string& text, const ConfigWords& words,
                           std::vector<ConfigError>& errors) {
  try {
    return ConfigParser{words, errors}.parse(text);
  } catch (const YAML::Exception& problem) {  // of a node that is not what it seemed
    errors.push_back({{}, problem.msg});
    return {};
  }
}

}  // namespace udperf::monitor
