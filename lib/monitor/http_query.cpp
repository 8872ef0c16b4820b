#include "monitor/http_query.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace udperf::monitor {
namespace {

std::optional<unsigned> hex_digit(char c) {
  if (c >= '0' && c <= '9') {
    return static_cast<unsigned>(c - '0');
  }
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? std::optional{static_cast<unsigned>(lower - 'a') + 10}
                                      : std::nullopt;
}

std::optional<std::string> decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i] == '+' ? ' ' : text[i];
    if (c == '%') {
      const auto high = i + 2 < text.size() ? hex_digit(text[i + 1]) : std::nullopt;
      const auto low = i + 2 < text.size() ? hex_digit(text[i + 2]) : std::nullopt;
      if (!high || !low) {
        return std::nullopt;
      }
      c = static_cast<char>(static_cast<unsigned char>(*high * 16 + *low));
      i += 2;
    }
    if (static_cast<unsigned char>(c) < ' ' || c == 127) {
      return std::nullopt;
    }
    out += c;
  }
  return out;
}

}  // namespace

std::optional<HttpQuery> HttpQuery::parse(std::string_view text) {
  if (text.size() > kMostBytes) {
    return std::nullopt;
  }
  HttpQuery query;
  while (!text.empty()) {
    const std::string_view part = text.substr(0, text.find('&'));
    text.remove_prefix(std::min(part.size() + 1, text.size()));
    if (part.empty()) {
      continue;
    }
    const auto equals = std::min(part.find('='), part.size());
    auto name = decoded(part.substr(0, equals));
    auto value = decoded(part.substr(std::min(equals + 1, part.size())));
    if (!name || !value || query.get(*name) || query.parameters_.size() == kMostParameters) {
      return std::nullopt;
    }
    query.parameters_.emplace_back(*std::move(name), *std::move(value));
  }
  return query;
}

std::optional<std::string> HttpQuery::get(std::string_view name) const {
  for (const auto& [own, value] : parameters_) {
    if (own == name) {
      return value;
    }
  }
  return std::nullopt;
}

std::optional<UnixTime> parse_unix_time(std::string_view text) {
  constexpr std::int64_t kMostSeconds = 9'000'000'000;  // the year 2255
  constexpr std::size_t kMostDigits = 9;
  const std::string_view whole = text.substr(0, text.find('.'));
  std::int64_t seconds = 0;
  const auto [end, problem] = std::from_chars(whole.data(), whole.data() + whole.size(), seconds);
  if (whole.empty() || problem != std::errc{} || end != whole.data() + whole.size() ||
      seconds < 0 || seconds > kMostSeconds) {
    return std::nullopt;
  }
  std::int64_t fraction = 0;
  if (whole.size() < text.size()) {
    const std::string_view digits = text.substr(whole.size() + 1);
    if (digits.empty() || digits.size() > kMostDigits ||
        !std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; })) {
      return std::nullopt;
    }
    std::from_chars(digits.data(), digits.data() + digits.size(), fraction);
    for (std::size_t i = digits.size(); i < kMostDigits; ++i) {
      fraction *= 10;
    }
  }
  return unix_from_ns(seconds * 1'000'000'000 + fraction);
}

Duration probe_deadline(const std::optional<std::string>& header) {
  constexpr double kUsual = 10;
  constexpr double kRoom = 0.5;
  double seconds = kUsual;
  if (header) {
    double told = 0;
    const auto [end, problem] =
        std::from_chars(header->data(), header->data() + header->size(), told);
    if (problem == std::errc{} && end == header->data() + header->size() && std::isfinite(told)) {
      seconds = told;
    }
  }
  const double limited = std::clamp(seconds - kRoom, 0.1, 120.0);
  return std::chrono::duration_cast<Duration>(std::chrono::duration<double>{limited});
}

}  // namespace udperf::monitor
