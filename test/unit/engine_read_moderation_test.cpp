#include <catch2/catch.hpp>

#include "engine/read_moderation.hpp"

using namespace std::chrono_literals;
using udperf::Duration;
using udperf::MonoTime;
using udperf::engine::ReadModeration;

namespace {

constexpr std::uint32_t kLarge = 32U << 20U;
constexpr MonoTime kStart = MonoTime{} + 1h;

/// Reads of `bytes` every `period`, for `time`; the last answer.
Duration steady(ReadModeration& moderation, Duration period, std::uint64_t bytes, Duration time) {
  Duration last{0};
  for (MonoTime now = kStart; now < kStart + time; now += period) {
    last = moderation.after(1, bytes, now);
  }
  return last;
}

}  // namespace

TEST_CASE("a quiet stream is read as it arrives", "[engine]") {
  ReadModeration moderation{kLarge};
  CHECK(steady(moderation, 100us, 1448, 10ms) == 0us);
  CHECK(steady(moderation, 250us, 65000, 10ms) == 0us);
}

TEST_CASE("a flood is read by the clock", "[engine]") {
  ReadModeration moderation{kLarge};
  CHECK(steady(moderation, 4us, 1448, 10ms) == 100us);
  CHECK(steady(moderation, 5us, 8192, 10ms) == 100us);
}

TEST_CASE("large reads are taken as they come", "[engine]") {
  ReadModeration moderation{kLarge};
  CHECK(steady(moderation, 13us, 65000, 10ms) == 0us);
}

TEST_CASE("a doze never fills much of the buffer", "[engine]") {
  ReadModeration small{212992};
  CHECK(steady(small, 13us, 65000, 10ms) == 0us);
  ReadModeration medium{1U << 20U};
  // 3496 bytes each 4 us: 65536 bytes are there after 75 us.
  CHECK(steady(medium, 4us, 1448, 10ms) > 60us);
  CHECK(steady(medium, 4us, 1448, 10ms) < 80us);
  ReadModeration less{512U << 10U};
  const Duration doze = steady(less, 4us, 1448, 10ms);
  CHECK(doze > 10us);
  CHECK(doze < 40us);
}

TEST_CASE("when nothing was read, the next arrival is waited for", "[engine]") {
  ReadModeration moderation{kLarge};
  REQUIRE(steady(moderation, 4us, 1448, 10ms) == 100us);
  CHECK(moderation.after(0, 0, kStart + 10ms + 10us) == 0us);
}

TEST_CASE("the first datagrams after a silence are no flood", "[engine]") {
  ReadModeration moderation{kLarge};
  CHECK(moderation.after(64, 92672, kStart) == 0us);
  CHECK(moderation.after(1, 1448, kStart + 10us) == 0us);
}
