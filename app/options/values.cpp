#include "app/options/values.hpp"

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

Problem store_device(const std::string& text, std::string& target) {
  constexpr std::size_t kLongest = 15;  // IFNAMSIZ; what else may be in it: dev_valid_name()
  const bool strange = text.find_first_of("/: \t\r\n\v\f") != std::string::npos ||
                       text.find('\0') != std::string::npos;
  if (text.empty() || text.size() > kLongest || text == "." || text == ".." || strange) {
    return "must be the name of a network interface, e.g. eth0";
  }
  target = text;
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

Problem store_size_mix(std::string_view text, std::array<SizeShare, kMostSizes>& target) {
  const std::string bounds =
      std::to_string(kCompactHeaderBytes) + ".." + std::to_string(kMaxPayloadBytes);
  const bool list = text.find_first_of(",:") != std::string_view::npos;
  const std::string accepted = list ? "must be up to " + std::to_string(kMostSizes) + " sizes of " +
                                          bounds + " bytes with weights, e.g. 64:7,570:4,1472:1"
                                    : "must be auto or " + bounds + " (bytes)";
  std::size_t used = 0;
  std::uint64_t weights = 0;
  for (std::string_view rest = text; used == 0 || !rest.empty(); ++used) {
    const auto comma = std::min(rest.find(','), rest.size());
    const std::string_view one = rest.substr(0, comma);
    rest.remove_prefix(std::min(comma + 1, rest.size()));
    const auto colon = one.find(':');
    const auto size = parse_byte_count(one.substr(0, colon), BareNumber::bytes);
    std::uint64_t weight = 1;
    const bool weighed = colon == std::string_view::npos ||
                         !store_integer(one.substr(colon + 1), 1, kMostWeight, weight);
    if (!size || !weighed || used == kMostSizes || size->count() < kCompactHeaderBytes ||
        size->count() > kMaxPayloadBytes || text.ends_with(',')) {
      return accepted;
    }
    target[used] = {static_cast<std::uint16_t>(size->count()), static_cast<std::uint16_t>(weight)};
    weights += weight;
  }
  return weights > kMostWeight
             ? Problem{"weights must be at most " + std::to_string(kMostWeight) + " together"}
             : std::nullopt;
}

Problem store_listen(std::string_view text, Endpoint& target) {
  constexpr const char* kProblem =
      "accepted is ADDR:PORT, e.g. 127.0.0.1:9555, or :9555 for all addresses";
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) {
    return kProblem;
  }
  std::string_view address = text.substr(0, colon);
  const auto port = parse_integer(text.substr(colon + 1), 0, UINT16_MAX);
  const bool bracketed = address.starts_with('[') && address.ends_with(']');
  if (bracketed) {
    address = address.substr(1, address.size() - 2);
  }
  const auto parsed =
      address.empty() ? Result<IpAddress>{IpAddress::any(IpFamily::v4)} : parse_ip_address(address);
  if (!port || !parsed || bracketed != (parsed->family == IpFamily::v6)) {
    return kProblem;
  }
  target = Endpoint{*parsed, static_cast<std::uint16_t>(*port)};
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
