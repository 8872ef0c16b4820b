#include "app/monitor/host_names.hpp"

#include <algorithm>

#include "base/endpoint.hpp"

namespace udperf::app {
namespace {

/// Without the port, and without the brackets of an IPv6 address.
std::string_view host_of(std::string_view header) {
  if (header.starts_with('[')) {
    return header.substr(1, std::min(header.find(']'), header.size()) - 1);
  }
  return header.substr(0, header.find(':'));
}

std::string lower(std::string_view name) {
  std::string text{name};
  std::transform(text.begin(), text.end(), text.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return text;
}

}  // namespace

bool is_called(std::string_view header, const std::vector<std::string>& names) {
  const std::string host = lower(host_of(header));
  return header.empty() || host == "localhost" || parse_ip_address(host) ||
         std::any_of(names.begin(), names.end(),
                     [&host](const std::string& name) { return lower(name) == host; });
}

}  // namespace udperf::app
