#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>
#include <yaml-cpp/yaml.h>

#include "monitor/character_count.hpp"
#include "monitor/config.hpp"

namespace udperf::monitor {

/// Walks a YAML document, and writes down what is wrong with it and where.
class YamlReader {
 public:
  explicit YamlReader(std::vector<ConfigError>& errors) : errors_(&errors) {}

  /// Nothing where the text is not YAML, too long, or has more than one document.
  [[nodiscard]] std::optional<YAML::Node> load(const std::string& text);

  void complain(const YAML::Node& at, std::string message);
  void complain_at(const Place& place, std::string message);

  /// Calls `visit(key, key node, value)` for each entry; keys have to be scalars and different.
  /// Those of a mapping that is merged in (`<<`) are among them where the mapping has none itself.
  using Visit = std::function<void(const std::string& key, const YAML::Node& key_node,
                                   const YAML::Node& value)>;
  void each_entry(const YAML::Node& map, std::string_view what, const Visit& visit);
  void each_item(const YAML::Node& list, std::string_view what,
                 const std::function<void(const YAML::Node& item)>& visit);
  /// "unknown key targetz (did you mean targets?)"
  void unknown_key(const YAML::Node& at, const std::string& key,
                   const std::vector<std::string_view>& known);
  void unknown_module(const Place& place, const std::string& module,
                      const std::vector<std::string_view>& known);
  /// The text of a scalar: UTF-8 without control characters.
  [[nodiscard]] std::optional<std::string> scalar(const YAML::Node& node, std::string_view what);

  [[nodiscard]] Place place(const YAML::Node& node) const;

 private:
  [[nodiscard]] Place place_of(const YAML::Mark& mark) const;
  void each_entry_of(const YAML::Node& map, std::string_view what, std::size_t depth,
                     std::set<std::string>& seen, const Visit& visit);
  [[nodiscard]] bool goes_on(const YAML::Node& at);

  std::vector<ConfigError>* errors_;
  CharacterCount characters_;
  YAML::Node key_;         ///< of the entry that is visited
  YAML::Node value_;       ///< its
  std::size_t steps_ = 0;  ///< entries that may still be looked at
  bool exhausted_ = false;
};

}  // namespace udperf::monitor
