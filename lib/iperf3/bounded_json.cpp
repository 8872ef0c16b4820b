#include "iperf3/bounded_json.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/utf8.hpp"

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

constexpr std::string_view kJsonSpace = " \t\r\n";

/// Where the string that begins at `at` ends, behind its quotation mark.
std::size_t end_of_string(std::string_view text, std::size_t at) {
  std::size_t i = at + 1;
  while (i < text.size() && text[i] != '"') {
    i += text[i] == '\\' ? 2U : 1U;
  }
  return std::min(i + 1, text.size());
}

/// Where the brackets that open at `at` are closed, behind them; none where there are too many
/// members between two of them.
std::optional<std::size_t> end_of_object(std::string_view text, std::size_t at) {
  std::array<std::size_t, kMostDepth + 1> members{};
  std::array<bool, kMostDepth + 1> object{};
  std::size_t depth = 0;
  for (std::size_t i = at; i < text.size();) {
    const char c = text[i];
    if (c == '"') {
      i = end_of_string(text, i);
      continue;
    }
    ++i;
    if ((c == '{' || c == '[') && depth < kMostDepth) {
      ++depth;
      members[depth] = 1;
      object[depth] = c == '{';
    } else if (c == ',' && object[depth] && ++members[depth] > kMostMembers) {
      return std::nullopt;
    } else if ((c == '}' || c == ']') && --depth == 0) {
      return i;
    }
  }
  return std::nullopt;
}

/// How deep what follows is.
std::size_t depth_behind(char c, std::size_t depth) {
  if (c == '{' || c == '[') {
    return depth + 1;
  }
  const bool closes = c == '}' || c == ']';
  return closes && depth > 0 ? depth - 1 : depth;
}

/// The value behind the colon at `colon`, if it is an object.
std::optional<std::string> object_behind(std::string_view text, std::size_t colon) {
  const std::size_t begin = text.find_first_not_of(kJsonSpace, colon + 1);
  if (begin == std::string_view::npos || text[begin] != '{') {
    return std::nullopt;
  }
  const auto end = end_of_object(text, begin);
  return end ? std::optional{as_utf8(text.substr(begin, *end - begin))} : std::nullopt;
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
  // A stock peer copies what its user typed, in whatever encoding that was.
  auto value = is_utf8(text) ? nlohmann::json::parse(text, nullptr, false)
                             : nlohmann::json::parse(as_utf8(text), nullptr, false);
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

std::optional<std::string> find_text(const nlohmann::json& object, const char* key,
                                     std::size_t most) {
  const auto* const value = find_value(object, key);
  if (value == nullptr || !value->is_string()) {
    return std::nullopt;
  }
  const auto& text = value->get_ref<const std::string&>();
  return text.substr(0, std::min(text.size(), most));
}

std::optional<std::string> find_object_text(std::string_view text, std::string_view key) {
  std::size_t depth = 0;
  std::optional<std::string> found;
  for (std::size_t i = 0; i < text.size();) {
    if (text[i] != '"') {
      depth = depth_behind(text[i], depth);
      ++i;
      continue;
    }
    const std::size_t begin = i + 1;
    i = end_of_string(text, i);
    const std::size_t colon = text.find_first_not_of(kJsonSpace, i);
    const bool names = colon != std::string_view::npos && text[colon] == ':';
    if (names && depth == 1 && text.substr(begin, i - 1 - begin) == key) {
      found = object_behind(text, colon);
    }
  }
  return found;
}

}  // namespace udperf::iperf3
