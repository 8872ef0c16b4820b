#include "support/catch.hpp"
#include "support/example_messages.hpp"
#include "wire/messages.hpp"

using namespace udperf;
using namespace udperf::test;
using wire::MessageType;

TEST_CASE("shapes of traffic come through as they are, both ways", "[wire]") {
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
  REQUIRE_FALSE(check_params(params));
  const auto bytes = wire::encode(MessageType::request, 0, 0, asked, wire::kPaddedRequestBytes);
  CHECK(bytes.size() == wire::kPaddedRequestBytes);
  CHECK(wire::decode<wire::Request>(bytes)->params == params);
  wire::Accept granted = accept();
  granted.params = params;
  granted.params.burst = Duration{0};
  const auto answer = wire::encode(MessageType::accept, 9, 0, granted);
  CHECK(wire::decode<wire::Accept>(answer)->params == granted.params);

  const auto refused = [&asked](auto change) {
    auto message = asked;
    change(message.params);
    return !wire::decode<wire::Request>(wire::encode(MessageType::request, 0, 0, message));
  };
  CHECK_FALSE(refused([](TestParams&) {}));
  const auto with_frames = [&refused](auto change) {
    return refused([&change](TestParams& p) {
      p.rate_up = SendRate{SendRate::Kind::bits, 1'000'000};
      p.shape_up = {};
      p.shape_up.spacing = Spacing::frames;
      p.shape_up.frames = {30'000, 1000, 60, 6};
      change(p);
    });
  };
  CHECK_FALSE(with_frames([](TestParams&) {}));
  CHECK(with_frames([](TestParams& p) { p.shape_up.frames.per_1000_s = 0; }));
  CHECK(with_frames([](TestParams& p) { p.shape_up.frames.per_1000_s = 100'000'001; }));
  CHECK(with_frames([](TestParams& p) { p.shape_up.frames.sigma_e4 = 20'001; }));
  CHECK(with_frames([](TestParams& p) { p.shape_up.frames.key_every = 1; }));
  CHECK(with_frames([](TestParams& p) { p.shape_up.frames.key_every = 1001; }));
  CHECK(with_frames([](TestParams& p) { p.shape_up.frames.key_times = 101; }));
  CHECK(with_frames([](TestParams& p) { p.shape_up.frames.key_every = 0; }));
  CHECK(with_frames([](TestParams& p) { p.shape_up.spacing = Spacing::even; }));
  CHECK(with_frames([](TestParams& p) { p.shape_up.sizes[0] = {100, 1}; }));
  CHECK(with_frames([](TestParams& p) { p.rate_up.kind = SendRate::Kind::packets; }));
  CHECK(with_frames([](TestParams& p) {
    p.rate_up.value = std::uint64_t{1} << 50U;
    p.shape_up.frames.per_1000_s = 1;
  }));
  CHECK(refused([](TestParams& p) { p.shape_up.spacing = static_cast<Spacing>(200); }));
  CHECK(refused([](TestParams& p) { p.shape_up.burst_packets = 1; }));
  CHECK(refused([](TestParams& p) { p.shape_up.burst_packets = 1'000'000; }));
  CHECK(refused([](TestParams& p) { p.shape_down.burst_packets = 8; }));
  CHECK(refused([](TestParams& p) { p.shape_down.sizes[3].weight = 0; }));
  CHECK(refused([](TestParams& p) { p.shape_down.sizes[3].weight = 600; }));
  CHECK(refused([](TestParams& p) { p.shape_down.sizes[3].bytes = 1473; }));
  CHECK(refused([](TestParams& p) { p.shape_down.sizes[3].bytes = 15; }));
  CHECK(refused([](TestParams& p) { p.shape_down.sizes[3].bytes = 0; }));
  CHECK(refused([](TestParams& p) { p.header = static_cast<HeaderKind>(2); }));
  CHECK(refused([](TestParams& p) {
    p.header = HeaderKind::full;
    p.shape_down.sizes[3].bytes = 39;
  }));
  CHECK(refused([](TestParams& p) { p.rate_down = SendRate{}; }));
  CHECK(refused([](TestParams& p) { p.rate_down.value = 10'000'001'000; }));
}
