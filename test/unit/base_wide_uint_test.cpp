#include <algorithm>
#include <cstdint>
#include <limits>
#include <random>

#include "base/wide_uint.hpp"
#include "support/catch.hpp"

#ifdef __SIZEOF_INT128__

namespace {

using udperf::WideUint;
__extension__ using Native = unsigned __int128;

constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();

WideUint wide(Native value) {
  const WideUint half = WideUint{std::uint64_t{1} << 63U} * 2U;
  return WideUint{static_cast<std::uint64_t>(value >> 64U)} * half +
         WideUint{static_cast<std::uint64_t>(value)};
}

/// A value with a random number of bits: small ones, large ones, and those beside a power of two.
Native any(std::mt19937_64& random) {
  const Native bits = (Native{random()} << 64U) | random();
  const Native cut = bits >> (random() % 128U);
  return random() % 4U == 0 ? ~(~Native{0} << (random() % 128U)) + random() % 2U : cut;
}

}  // namespace

TEST_CASE("128-bit arithmetic without the compiler's is the same", "[base]") {
  std::mt19937_64 random{41};
  for (int i = 0; i < 20'000; ++i) {
    const Native a = any(random);
    const Native b = std::max<Native>(any(random), 1);
    CHECK(wide(a) + wide(b) == wide(a + b));
    CHECK(wide(a) - wide(b) == wide(a - b));
    CHECK(wide(a) * wide(b) == wide(a * b));
    CHECK(wide(a) / wide(b) == wide(a / b));
    CHECK(wide(a) % wide(b) == wide(a % b));
    CHECK(~wide(a) == wide(~a));
    const auto bits = static_cast<unsigned>(random() % 128U);
    CHECK(wide(a) >> bits == wide(a >> bits));
    CHECK((wide(a) < wide(b)) == (a < b));
    CHECK(static_cast<std::uint64_t>(wide(a)) == static_cast<std::uint64_t>(a));
    CHECK(static_cast<bool>(wide(a)) == (a != 0));
    CHECK(static_cast<double>(wide(a)) == Approx(static_cast<double>(a)).epsilon(1e-15));
    const double most = std::min(static_cast<double>(a), 0x1.fffffffffffffp127);
    CHECK(WideUint{most} == wide(static_cast<Native>(most)));
  }
}

#endif

TEST_CASE("128-bit values convert as built-in integers do", "[base]") {
  using udperf::WideUint;
  CHECK(WideUint{-1} == ~WideUint{0});
  CHECK(WideUint{7} * 6 == 42);
  CHECK(static_cast<std::uint8_t>(WideUint{0x1234}) == 0x34);
  CHECK(WideUint{std::numeric_limits<std::uint64_t>::max()} + 1 >
        std::numeric_limits<std::uint64_t>::max());
  STATIC_REQUIRE(WideUint{10} / 3 == 3);
}
