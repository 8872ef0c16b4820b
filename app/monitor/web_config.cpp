#include "app/monitor/web_config.hpp"

#include <algorithm>
#include <array>
#include <crypt.h>
#include <cstring>
#include <string_view>
#include <strings.h>

#include <sodium.h>

#include "app/monitor/config_files.hpp"
#include "app/output/files.hpp"
#include "monitor/yaml_reader.hpp"

namespace udperf::app {
namespace {

using monitor::YamlReader;
using Node = YAML::Node;

/// Nobody's; of the same cost as a usual one.
constexpr const char* kNobody = "$2y$10$abcdefghijklmnopqrstuuJ5Vd4PG0v4BBfOtMJ1oT1mB0hYl4yBa";
constexpr std::size_t kMostHeader = 1024;

class Parser {
 public:
  Parser(const std::string& file, std::vector<monitor::ConfigError>& errors)
      : file_(file), reader_(errors) {}

  WebConfig parse(const std::string& text) {
    const auto root = reader_.load(text);
    if (!root || root->IsNull()) {
      return {};
    }
    reader_.each_entry(*root, "the file",
                       [this](const std::string& key, const Node& at, const Node& value) {
                         if (key == "tls_server_config") {
                           tls(value);
                         } else if (key == "basic_auth_users") {
                           users(value);
                         } else {
                           reader_.unknown_key(at, key, {"tls_server_config", "basic_auth_users"});
                         }
                       });
    return std::move(config_);
  }

 private:
  void users(const Node& map) {
    reader_.each_entry(map, "basic_auth_users",
                       [this](const std::string& name, const Node& at, const Node& value) {
                         const auto hash = reader_.scalar(value, "a password's hash");
                         const bool bcrypt = hash && hash->size() == 60 && hash->starts_with("$2");
                         if (!bcrypt || name.find(':') != std::string::npos) {
                           reader_.complain(at,
                                            "basic_auth_users: a name without a colon and a "
                                            "bcrypt hash are needed, e.g. of htpasswd -nB");
                         } else {
                           config_.users[name] = *hash;
                         }
                       });
  }

  void tls(const Node& map) {
    std::map<std::string, std::string> given;
    reader_.each_entry(
        map, "tls_server_config", [&](const std::string& key, const Node& at, const Node& value) {
          const std::vector<std::string_view> known{"cert_file", "key_file", "client_auth_type",
                                                    "client_ca_file", "min_version"};
          if (std::find(known.begin(), known.end(), key) == known.end()) {
            reader_.unknown_key(at, key, known);
          } else if (const auto text = reader_.scalar(value, key)) {
            given[key] = *text;
          }
        });
    if (given["cert_file"].empty() || given["cert_file"] != given["key_file"]) {
      reader_.complain(map,
                       "tls_server_config: certificate and key have to be in one PEM file; "
                       "give it as cert_file and as key_file");
      return;
    }
    WebConfig::Tls made;
    made.certificate = beside(file_, given["cert_file"]);
    const std::string& version = given["min_version"];
    if (!version.empty() && version != "TLS12" && version != "TLS13") {
      reader_.complain(map, "min_version: accepted is TLS12 or TLS13");
    }
    made.least_version = version == "TLS13" ? 5 : 4;
    const std::string& type = given["client_auth_type"];
    if (type == "RequireAndVerifyClientCert" && !given["client_ca_file"].empty()) {
      made.client_ca = beside(file_, given["client_ca_file"]);
    } else if (!type.empty() && type != "NoClientCert") {
      reader_.complain(map,
                       "client_auth_type: accepted is NoClientCert, or "
                       "RequireAndVerifyClientCert with client_ca_file");
    }
    config_.tls = made;
  }

  const std::string& file_;
  YamlReader reader_;
  WebConfig config_;
};

bool fits(const std::string& password, const std::string& hash) {
  crypt_data data{};
  const char* const made = ::crypt_r(password.c_str(), hash.c_str(), &data);
  return made != nullptr && std::strlen(made) == hash.size() &&
         sodium_memcmp(made, hash.data(), hash.size()) == 0;
}

}  // namespace

WebConfig parse_web_config(const std::string& file, const std::string& text,
                           std::vector<std::string>& errors) {
  std::vector<monitor::ConfigError> found;
  WebConfig config;
  try {
    config = Parser{file, found}.parse(text);
  } catch (const YAML::Exception& problem) {
    found.push_back({{}, problem.msg});
  }
  for (const monitor::ConfigError& error : found) {
    errors.push_back(error.text(file));
  }
  return config;
}

Result<WebConfig> read_web_config(const std::optional<std::string>& file) {
  if (!file) {
    return WebConfig{};
  }
  const auto text = read_file(*file, monitor::kMostConfigBytes);
  if (!text) {
    return tl::unexpected{text.error()};
  }
  std::vector<std::string> errors;
  WebConfig config = parse_web_config(*file, *text, errors);
  if (errors.empty()) {
    return config;
  }
  std::string all;
  for (const std::string& error : errors) {
    all += (all.empty() ? "" : "\nudperf: ") + error;
  }
  return usage_error(std::move(all));
}

bool is_authorized(const WebConfig& config, const char* authorization) {
  if (config.users.empty()) {
    return true;
  }
  const std::string_view header{authorization != nullptr ? authorization : ""};
  constexpr std::string_view kBasic = "Basic ";  // the scheme in any case (RFC 9110 s11.1)
  const bool basic = header.size() >= kBasic.size() &&
                     ::strncasecmp(header.data(), kBasic.data(), kBasic.size()) == 0;
  if (!basic || header.size() > kMostHeader) {
    return false;
  }
  std::array<char, kMostHeader> plain{};
  std::size_t length = 0;
  const std::string_view coded = header.substr(kBasic.size());
  if (sodium_base642bin(reinterpret_cast<unsigned char*>(plain.data()), plain.size() - 1,
                        coded.data(), coded.size(), nullptr, &length, nullptr,
                        sodium_base64_VARIANT_ORIGINAL) != 0) {
    return false;
  }
  const std::string both{plain.data(), length};
  const auto colon = both.find(':');
  if (colon == std::string::npos) {
    return false;
  }
  const auto user = config.users.find(both.substr(0, colon));
  const bool known = user != config.users.end();
  return fits(both.substr(colon + 1), known ? user->second : kNobody) && known;
}

}  // namespace udperf::app
