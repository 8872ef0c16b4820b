#include "iperf3/bounded_json.hpp"

#include <algorithm>
#include <cmath>

namespace udperf::iperf3 {
namespace {

/// How deep brackets are nested, whatever else the text is.
bool too_deep(std::string_view text) {
  std::size_t depth = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      i += c == '\\' ? 1U : 0U;
      quoted = c != '"';
    } else if (c == '"') {
      quoted = true;
    } else if (c == '{' || c == '[') {
      if (++depth > kMostDepth) {
        return true;
      }
    } else if ((c == '}' || c == ']') && depth > 0) {
      --depth;
    }
  }
  return false;
}

const nlohmann::json* find_value(const nlohmann::json& object, const char* key) {
  if (!object.is_object()) {
    return nullptr;
  }
  const auto found = object.find(key);
  return found != object.end() ? &*found : nullptr;
}

}  // namespace

std::optional<nlohmann::json> read_object(std::string_view text) {
  if (too_deep(text)) {
    return std::nullopt;
  }
  auto value = nlohmann::json::parse(text, nullptr, false);
  if (value.is_discarded() || !value.is_object()) {
    return std::nullopt;
  }
  return value;
}

std::optional<std::uint64_t> find_count(const nlohmann::json& object, const char* key) {
  const auto* const value = find_value(object, key);
  if (value == nullptr || !value->is_number()) {
    return std::nullopt;
  }
  if (value->is_number_unsigned()) {
    return value->get<std::uint64_t>();
  }
  if (value->is_number_integer()) {
    return std::nullopt;  // negative: the others are unsigned
  }
  const double number = value->get<double>();
  constexpr double kBeyond = 18446744073709551616.0;
  if (!std::isfinite(number) || number < 0) {
    return std::nullopt;
  }
  return number >= kBeyond ? UINT64_MAX : static_cast<std::uint64_t>(number);
}

std::optional<double> find_number(const nlohmann::json& object, const char* key) {
  const auto* const value = find_value(object, key);
  if (value == nullptr || !value->is_number() || !std::isfinite(value->get<double>())) {
    return std::nullopt;
  }
  return value->get<double>();
}

bool find_true(const nlohmann::json& object, const char* key) {
  const auto* const value = find_value(object, key);
  return value != nullptr && value->is_boolean() && value->get<bool>();
}

std::optional<std::string> find_text(const nlohmann::json& object, const char* key) {
  const auto* const value = find_value(object, key);
  if (value == nullptr || !value->is_string()) {
    return std::nullopt;
  }
  const auto& text = value->get_ref<const std::string&>();
  return text.substr(0, std::min(text.size(), kMostText));
}

}  // namespace udperf::iperf3
