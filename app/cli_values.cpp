#include "app/cli_values.hpp"

#include <algorithm>

namespace udperf::app {

Problem store_buffer(std::string_view text, std::optional<std::uint32_t>& target) {
  constexpr std::uint64_t kMaxBuffer = (std::uint64_t{1} << 30U) - 1;  // the kernel doubles an int
  const auto size = parse_byte_count(text, BareNumber::bytes);
  if (!size) {
    return size.error().what;
  }
  if (size->count() > kMaxBuffer) {
    return "must be below 1GiB";
  }
  target = static_cast<std::uint32_t>(size->count());
  return std::nullopt;
}

Problem store_bit_rate(std::string_view text, std::optional<BitRate>& target) {
  const auto rate = parse_send_rate(text);
  if (!rate) {
    return rate.error().what;
  }
  if (rate->kind != SendRate::Kind::bits) {
    return "a bit rate is needed, e.g. 900M";
  }
  target = BitRate::bits_per_second(rate->value);
  return std::nullopt;
}

Problem store_duration(std::string_view text, const DurationRange& range, Duration& target) {
  const auto time = parse_duration(text);
  if (!time) {
    return time.error().what;
  }
  if (*time < range.low || *time > range.high) {
    return "must be " + std::string{range.text};
  }
  target = *time;
  return std::nullopt;
}

Problem store_color(std::string_view text, ColorMode& target) {
  constexpr std::array<Choice<ColorMode>, 3> kChoices{
      {{"auto", ColorMode::automatic}, {"always", ColorMode::always}, {"never", ColorMode::never}}};
  return store_choice(text, kChoices, target);
}

std::optional<Problem> apply_log_option(const GivenOption& option, LogOptions& log) {
  constexpr std::array<Choice<LogLevel>, 4> kLevels{{{"error", LogLevel::error},
                                                     {"warning", LogLevel::warning},
                                                     {"info", LogLevel::info},
                                                     {"debug", LogLevel::debug}}};
  constexpr std::array<Choice<LogFormat>, 2> kFormats{
      {{"text", LogFormat::text}, {"json", LogFormat::json}}};
  if (option.name == "log-level") {
    return store_choice(option.value, kLevels, log.level);
  }
  if (option.name == "log-format") {
    return store_choice(option.value, kFormats, log.format);
  }
  if (option.name == "log-file") {
    return store_text(option.value, "file name", log.file);
  }
  return std::nullopt;
}

Problem check_exclusive(std::span<const GivenOption> given,
                        std::span<const std::string_view> names) {
  const GivenOption* first = nullptr;
  for (const GivenOption& option : given) {
    if (std::find(names.begin(), names.end(), option.name) == names.end()) {
      continue;
    }
    if (first != nullptr && first->name != option.name) {
      std::string accepted;
      for (const std::string_view name : names) {
        accepted += (accepted.empty() ? "--" : ", --") + std::string{name};
      }
      return option_problem(
          option, "cannot be combined with --" + first->name + "; give only one of " + accepted);
    }
    first = &option;
  }
  return std::nullopt;
}

}  // namespace udperf::app
