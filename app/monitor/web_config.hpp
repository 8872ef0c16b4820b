#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace udperf::app {

/// --web-config, in the form of Prometheus' exporter toolkit, as far as the web server carries it.
struct WebConfig {
  struct Tls {
    std::string certificate;               ///< a PEM file with certificate and key
    std::optional<std::string> client_ca;  ///< clients have to have a certificate of it
    int least_version = 4;                 ///< as civetweb counts: 4 is TLS 1.2
  };
  std::optional<Tls> tls;
  std::map<std::string, std::string> users;  ///< and their passwords' hashes (bcrypt)
};

/// Reads the text of such a file; a line for each mistake and for each thing that is not carried.
[[nodiscard]] WebConfig parse_web_config(const std::string& file, const std::string& text,
                                         std::vector<std::string>& errors);

/// The file's; without one nothing is asked of anybody. The error has a line for each mistake.
[[nodiscard]] Result<WebConfig> read_web_config(const std::optional<std::string>& file);

/// Whether the Authorization header names one of the users with its password. Takes as long for a
/// name that is not there as for one that is.
[[nodiscard]] bool is_authorized(const WebConfig& config, const char* authorization);

}  // namespace udperf::app
