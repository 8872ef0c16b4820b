// What people type: sizes, rates, durations, addresses.
#include <cstdint>
#include <string_view>

#include "base/endpoint.hpp"
#include "base/units.hpp"

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer names it so
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace udperf;
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  static_cast<void>(parse_byte_count(text, BareNumber::bytes));
  static_cast<void>(parse_test_size(text));
  static_cast<void>(parse_send_rate(text));
  static_cast<void>(parse_duration(text));
  static_cast<void>(parse_percent(text));
  static_cast<void>(parse_integer(text, 0, 1000));
  static_cast<void>(parse_ip_address(text));
  static_cast<void>(parse_ip_prefix(text));
  return 0;
}
