#include "compare/path.hpp"

#include <algorithm>
#include <string>

namespace udperf::compare {

const Json* at_path(const Json& root, std::string_view path) {
  const Json* at = &root;
  for (std::size_t start = 0; start <= path.size();) {
    const auto dot = std::min(path.find('.', start), path.size());
    const auto key = std::string{path.substr(start, dot - start)};
    if (!at->is_object() || !at->contains(key)) {
      return nullptr;
    }
    at = &at->at(key);
    start = dot + 1;
  }
  return at->is_null() ? nullptr : at;
}

bool has_key(const Json& root, std::string_view path) {
  const auto dot = path.rfind('.');
  const Json* const holder =
      dot == std::string_view::npos ? &root : at_path(root, path.substr(0, dot));
  const auto key = std::string{dot == std::string_view::npos ? path : path.substr(dot + 1)};
  return holder == nullptr || !holder->is_object() || holder->contains(key);
}

std::optional<double> number_of(const Json* json) {
  return json != nullptr && json->is_number() ? std::optional{json->get<double>()} : std::nullopt;
}

}  // namespace udperf::compare
