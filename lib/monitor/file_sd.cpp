// The files of Prometheus' file-based discovery.
#include <array>
#include <charconv>
#include <cstdio>

#include "monitor/config.hpp"
#include "monitor/yaml_reader.hpp"

namespace udperf::monitor {
namespace {

using Node = YAML::Node;

/// Of "\\uXXXX" at the place; nothing where there is no such escape.
std::optional<std::uint32_t> unit_at(std::string_view text, std::size_t at) {
  constexpr std::size_t kDigits = 4;
  if (at >= text.size() || text.substr(at, 2) != "\\u" || text.size() - at < 2 + kDigits) {
    return std::nullopt;
  }
  const char* const first = text.data() + at + 2;
  std::uint32_t unit = 0;
  const auto read = std::from_chars(first, first + kDigits, unit, 16);
  return read.ptr == first + kDigits ? std::optional{unit} : std::nullopt;
}

/// JSON writes what is beyond 16 bits as two escapes, which YAML does not know: in one of its own
/// here. Of JSON only, where each escape is in double quotes; other text stays as it is.
std::string with_joined_surrogates(const std::string& text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string::npos || text[first] != '[' || text.find("\\u") == std::string::npos) {
    return text;
  }
  std::string joined;
  joined.reserve(text.size());
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    quoted = quoted != (text[i] == '"');
    if (!quoted || text[i] != '\\') {
      joined += text[i];
      continue;
    }
    constexpr std::size_t kEscape = 6;
    const auto high = unit_at(text, i);
    const auto low = high ? unit_at(text, i + kEscape) : std::nullopt;
    if (low && *high >> 10U == 0x36U && *low >> 10U == 0x37U) {
      std::array<char, 16> one{};
      std::snprintf(one.data(), one.size(), "\\U%08x",
                    0x10000U + ((*high & 0x3ffU) << 10U) + (*low & 0x3ffU));
      joined += one.data();
      i += 2 * kEscape - 1;
    } else {  // what is escaped ends no string
      joined += text.substr(i, 2);
      ++i;
    }
  }
  return joined;
}

class FileSdParser {
 public:
  explicit FileSdParser(std::vector<ConfigError>& errors) : reader_(errors) {}

  TargetFile parse(const std::string& text) {
    const auto root = reader_.load(with_joined_surrogates(text));
    if (root && !root->IsNull()) {
      reader_.each_item(*root, "file_sd", [this](const Node& item) { group(item); });
    }
    return std::move(file_);
  }

 private:
  void group(const Node& item) {
    TargetConfig pattern;
    std::vector<std::pair<std::string, Place>> hosts;
    reader_.each_entry(item, "a group",
                       [&](const std::string& key, const Node& at, const Node& value) {
                         if (key == "targets") {
                           each_host(value, hosts);
                         } else if (key == "labels") {
                           labels(value, pattern);
                         } else {
                           reader_.unknown_key(at, key, {"targets", "labels"});
                         }
                       });
    for (const auto& [host, place] : hosts) {
      const auto address = parse_target(host);
      if (!address || file_.targets.size() == kMostTargets) {
        reader_.complain_at(place, address ? "more than 10000 targets"
                                           : "targets: accepted is a name or an address, with "
                                             ":PORT where it is not the module's");
        continue;
      }
      TargetConfig made = pattern;
      made.address = *address;
      made.name = pattern.name.empty() ? host : pattern.name;
      made.place = place;
      file_.targets.push_back(std::move(made));
    }
  }

  void each_host(const Node& list, std::vector<std::pair<std::string, Place>>& hosts) {
    if (list.IsNull()) {  // what has none, as some write it
      return;
    }
    reader_.each_item(list, "targets", [&](const Node& item) {
      if (const auto host = reader_.scalar(item, "targets")) {
        hosts.emplace_back(*host, reader_.place(item));
      }
    });
  }

  void labels(const Node& map, TargetConfig& pattern) {
    if (map.IsNull()) {
      return;
    }
    reader_.each_entry(map, "labels",
                       [&](const std::string& name, const Node& at, const Node& value) {
                         if (const auto text = reader_.scalar(value, "label")) {
                           label(name, *text, {at, value}, pattern);
                         }
                       });
  }

  struct Nodes {
    const Node& name;
    const Node& value;
  };

  /// Labels that metrics have anyway, and those of discovery, are for Prometheus alone.
  void label(const std::string& name, const std::string& text, const Nodes& at,
             TargetConfig& pattern) {
    if (name == "__module__") {
      pattern.module = text;
      pattern.module_place = reader_.place(at.value);
    } else if (name == "__name__" && is_name(text)) {
      pattern.name = text;
    } else if (name == "__name__") {
      leave_out(at.value,
                "__name__ is left out: it cannot be empty, have spaces or more than 255 bytes");
    } else if (is_label_name(name) && pattern.labels.size() == kMostLabels) {
      reader_.complain(at.name, "label: more than 64");
    } else if (is_label_name(name)) {
      pattern.labels.emplace_back(name, text);
    } else if (!is_own_label(name)) {
      leave_out(at.name,
                "a label is left out: accepted are letters, digits and _, no digit in front, 64 in "
                "all");
    }
  }

  void leave_out(const Node& at, std::string why) {
    constexpr std::size_t kMostTold = 20;
    if (file_.left_out.size() < kMostTold) {
      file_.left_out.push_back({reader_.place(at), std::move(why)});
    }
  }

  YamlReader reader_;
  TargetFile file_;
};

}  // namespace

TargetFile parse_file_sd(const std::string& text, std::vector<ConfigError>& errors) {
  try {
    return FileSdParser{errors}.parse(text);
  } catch (const YAML::Exception& problem) {
    errors.push_back({{}, problem.msg});
    return {};
  }
}

}  // namespace udperf::monitor
