#include <chrono>
#include <cstdint>

#include "engine/shared_value.hpp"
#include "model/reports.hpp"
#include "support/catch.hpp"

namespace udperf::engine {
namespace {

TEST_CASE("what nobody has set is absent, and zero is a value", "[engine]") {
  SharedValue<Duration> trip;
  CHECK_FALSE(trip.get());

  trip.set(Duration{0});

  CHECK(trip.get() == Duration{0});
}

TEST_CASE("a time, an end and a number come back as they were", "[engine]") {
  SharedValue<MonoTime> at;
  SharedValue<TxEnd> end;
  SharedValue<std::uint32_t> bytes;

  at.set(mono_from_ns(-5));
  end.set(TxEnd::peer_silent);
  bytes.set(UINT32_MAX);

  CHECK(at.get() == mono_from_ns(-5));
  CHECK(end.get() == TxEnd::peer_silent);
  CHECK(bytes.get() == UINT32_MAX);
}

TEST_CASE("of several who set a value once the first one's is kept", "[engine]") {
  SharedValue<MonoTime> origin;

  CHECK(origin.set_once(mono_from_ns(7)) == mono_from_ns(7));
  CHECK(origin.set_once(mono_from_ns(9)) == mono_from_ns(7));
  CHECK(origin.get() == mono_from_ns(7));
}

}  // namespace
}  // namespace udperf::engine
