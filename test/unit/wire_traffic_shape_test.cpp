#include "support/catch.hpp"
#include "support/example_messages.hpp"
#include "wire/messages.hpp"

using namespace udperf;
using namespace udperf::test;
using wire::MessageType;

namespace {

/// A request with all that can be said of shapes.
wire::Request shaped() {
  wire::Request asked = request();
  TestParams& params = asked.params;
  params.direction = Direction::both;
  params.rate_up = params.rate_down = SendRate{SendRate::Kind::packets, 50'000};
  params.payload_bytes = 1472;
  params.shape_up.spacing = Spacing::burst;
  params.shape_up.burst_packets = 8;
  params.shape_down.spacing = Spacing::poisson;
  for (std::size_t i = 0; i < kMostSizes; ++i) {
    params.shape_down.sizes.at(i) = {static_cast<std::uint16_t>(1000 + i), 512};
  }
  params.seed = 0x0123'4567'89AB'CDEF;
  params.header = HeaderKind::compact;
  params.profile = static_cast<Profile>(200);  // a later version's
  return asked;
}

bool shape_refused(void (*change)(TestParams&)) {
  auto message = shaped();
  change(message.params);
  return !wire::decode<wire::Request>(wire::encode(MessageType::request, 0, 0, message));
}

void send_frames(TestParams& p) {
  p.rate_up = SendRate{SendRate::Kind::bits, 1'000'000};
  p.shape_up = {};
  p.shape_up.spacing = Spacing::frames;
  p.shape_up.frames = {30'000, 1000, 60, 6};
}

bool frames_refused(void (*change)(TestParams&)) {
  auto message = shaped();
  send_frames(message.params);
  change(message.params);
  return !wire::decode<wire::Request>(wire::encode(MessageType::request, 0, 0, message));
}

}  // namespace

TEST_CASE("shapes of traffic come through as they are, both ways", "[wire]") {
  const wire::Request asked = shaped();
  const TestParams& params = asked.params;
  REQUIRE_FALSE(check_params(params));
  const auto bytes = wire::encode(MessageType::request, 0, 0, asked, wire::kPaddedRequestBytes);
  CHECK(bytes.size() == wire::kPaddedRequestBytes);
  CHECK(wire::decode<wire::Request>(bytes)->params == params);
  wire::Accept granted = accept();
  granted.params = params;
  granted.params.burst = Duration{0};
  const auto answer = wire::encode(MessageType::accept, 9, 0, granted);
  CHECK(wire::decode<wire::Accept>(answer)->params == granted.params);
}

TEST_CASE("frames that nobody can send are refused", "[wire][hostile]") {
  CHECK_FALSE(frames_refused([](TestParams&) {}));
  CHECK(frames_refused([](TestParams& p) { p.shape_up.frames.per_1000_s = 0; }));
  CHECK(frames_refused([](TestParams& p) { p.shape_up.frames.per_1000_s = 100'000'001; }));
  CHECK(frames_refused([](TestParams& p) { p.shape_up.frames.sigma_e4 = 20'001; }));
  CHECK(frames_refused([](TestParams& p) { p.shape_up.frames.key_every = 1; }));
  CHECK(frames_refused([](TestParams& p) { p.shape_up.frames.key_every = 1001; }));
  CHECK(frames_refused([](TestParams& p) { p.shape_up.frames.key_times = 101; }));
  CHECK(frames_refused([](TestParams& p) { p.shape_up.frames.key_every = 0; }));
  CHECK(frames_refused([](TestParams& p) { p.shape_up.spacing = Spacing::even; }));
  CHECK(frames_refused([](TestParams& p) { p.shape_up.sizes[0] = {100, 1}; }));
  CHECK(frames_refused([](TestParams& p) { p.rate_up.kind = SendRate::Kind::packets; }));
  CHECK(frames_refused([](TestParams& p) {
    p.rate_up.value = std::uint64_t{1} << 50U;
    p.shape_up.frames.per_1000_s = 1;
  }));
}

TEST_CASE("shapes that nobody can send are refused", "[wire][hostile]") {
  CHECK_FALSE(shape_refused([](TestParams&) {}));
  CHECK(shape_refused([](TestParams& p) { p.shape_up.spacing = static_cast<Spacing>(200); }));
  CHECK(shape_refused([](TestParams& p) { p.shape_up.burst_packets = 1; }));
  CHECK(shape_refused([](TestParams& p) { p.shape_up.burst_packets = 1'000'000; }));
  CHECK(shape_refused([](TestParams& p) { p.shape_down.burst_packets = 8; }));
  CHECK(shape_refused([](TestParams& p) { p.shape_down.sizes[3].weight = 0; }));
  CHECK(shape_refused([](TestParams& p) { p.shape_down.sizes[3].weight = 600; }));
  CHECK(shape_refused([](TestParams& p) { p.shape_down.sizes[3].bytes = 1473; }));
  CHECK(shape_refused([](TestParams& p) { p.shape_down.sizes[3].bytes = 15; }));
  CHECK(shape_refused([](TestParams& p) { p.shape_down.sizes[3].bytes = 0; }));
  CHECK(shape_refused([](TestParams& p) { p.header = static_cast<HeaderKind>(2); }));
  CHECK(shape_refused([](TestParams& p) {
    p.header = HeaderKind::full;
    p.shape_down.sizes[3].bytes = 39;
  }));
  CHECK(shape_refused([](TestParams& p) { p.rate_down = SendRate{}; }));
  CHECK(shape_refused([](TestParams& p) { p.rate_down.value = 10'000'001'000; }));
}
