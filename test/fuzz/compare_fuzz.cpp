// Any JSON as the two results of `udperf compare`, and any text as its limits.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "compare/compare.hpp"

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer names it so
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace udperf::compare;
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  const auto limits = parse_limits(text.substr(0, text.find('\n')));
  const std::size_t half = text.find('\0');
  const auto before = Json::parse(text.substr(0, half), nullptr, false);
  const auto after =
      half == std::string_view::npos ? before : Json::parse(text.substr(half + 1), nullptr, false);
  if (before.is_discarded() || after.is_discarded()) {
    return 0;
  }
  const Comparison comparison =
      compare(before, after, limits ? std::span<const Limit>{*limits} : std::span<const Limit>{});
  static_cast<void>(to_text(comparison, "a", "b"));
  if (Json::parse(to_json(comparison, "a", "b"), nullptr, false).is_discarded()) {
    std::abort();
  }
  return 0;
}
