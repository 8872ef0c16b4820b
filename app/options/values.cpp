#include "app/options/values.hpp"

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

std::optional<std::uint8_t> dscp_by_name(std::string name) {
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  constexpr std::array<Choice<std::uint8_t>, 3> kNames{{{"ef", 46}, {"le", 1}, {"va", 44}}};
  for (const auto& [word, code] : kNames) {
    if (name == word) {
      return code;
    }
  }
  const auto digit = [&name](std::size_t at, char low, char high) {
    return name[at] >= low && name[at] <= high;
  };
  if (name.size() == 3 && name.starts_with("cs") && digit(2, '0', '7')) {
    return static_cast<std::uint8_t>(8 * (name[2] - '0'));
  }
  if (name.size() == 4 && name.starts_with("af") && digit(2, '1', '4') && digit(3, '1', '3')) {
    return static_cast<std::uint8_t>(8 * (name[2] - '0') + 2 * (name[3] - '0'));
  }
  return std::nullopt;
}

}  // namespace udperf::app
