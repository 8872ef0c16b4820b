#include <functional>
#include <string>
#include <vector>

#include "model/test_params.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;
using udperf::Amount;
using udperf::check_params;
using udperf::Direction;
using udperf::Duration;
using udperf::expected_duration;
using udperf::SendRate;
using udperf::TestParams;
using udperf::Way;

namespace {

using Change = std::function<void(TestParams&)>;

TestParams good_params() {
  TestParams params;
  params.amount.duration = 10s;
  return params;
}

TestParams changed(const Change& change) {
  TestParams params = good_params();
  change(params);
  return params;
}

/// A value no enumerator has, as it could come off the wire.
template <typename Enum>
Enum beyond(Enum last) {
  return static_cast<Enum>(static_cast<unsigned>(last) + 1);
}

struct WrongParams {
  Change change;
  std::string names;  ///< what the refusal has to speak of
};

void check_refused(const std::vector<WrongParams>& cases) {
  for (const WrongParams& wrong : cases) {
    const auto error = check_params(changed(wrong.change));
    CAPTURE(wrong.names);
    REQUIRE(error);
    CAPTURE(error->message());
    CHECK(error->code == udperf::ErrorCode::usage);
    CHECK(error->message().find(wrong.names) != std::string::npos);
  }
}

}  // namespace

TEST_CASE("parameters within their ranges pass", "[model]") {
  CHECK_FALSE(check_params(good_params()));
  const std::vector<Change> changes{
      [](TestParams& p) { p.direction = Direction::both; },
      [](TestParams& p) { p.streams = udperf::kMaxStreams; },
      [](TestParams& p) { p.payload_bytes = udperf::kDataHeaderBytes; },
      [](TestParams& p) { p.payload_bytes = udperf::kMaxPayloadBytes; },
      [](TestParams& p) { p.interval = 10ms; },
      [](TestParams& p) { p.interval = 1h; },
      [](TestParams& p) { p.gap_threshold = 1us; },
      [](TestParams& p) { p.gap_threshold = 1h; },
      [](TestParams& p) { p.dscp = 63; },
      [](TestParams& p) { p.ecn = 3; },
      [](TestParams& p) {
        p.amount = Amount{25'000'000, 0, 0s};
      },
      [](TestParams& p) {
        p.amount = Amount{40, 0, 0s};
      },
      [](TestParams& p) {
        p.amount = Amount{0, 1, 0s};
      },
      [](TestParams& p) {
        p.amount = Amount{0, std::uint64_t{1} << 60U, 0s};
      },
      [](TestParams& p) { p.amount.duration = 1ns; },
      [](TestParams& p) { p.amount.duration = 24h * 366; },
      [](TestParams& p) {
        p.rate_up = SendRate{SendRate::Kind::bits, 1};
      },
      [](TestParams& p) {
        p.rate_down = SendRate{SendRate::Kind::packets, 1'000'000};
      },
      [](TestParams& p) {
        p.amount = Amount{0, 0, 10s};
        p.rate_down = SendRate{SendRate::Kind::adjusted, 1'000'000'000};
      },
  };
  for (std::size_t i = 0; i < changes.size(); ++i) {
    CAPTURE(i);
    CHECK_FALSE(check_params(changed(changes[i])));
  }
}

TEST_CASE("frames of more datagrams than a host sends are refused", "[model]") {
  const auto frames_at = [](std::uint64_t bps) {
    return changed([bps](TestParams& p) {
      p.payload_bytes = 100;
      p.shape_up.spacing = udperf::Spacing::frames;
      p.shape_up.frames.per_1000_s = 100'000;
      p.rate_up = SendRate{SendRate::Kind::bits, bps};
    });
  };
  CHECK_FALSE(check_params(frames_at(7'900'000'000)));
  const auto error = check_params(frames_at(8'100'000'000));
  REQUIRE(error);
  CHECK(error->message().find("10000000 datagrams/s") != std::string::npos);
}

TEST_CASE("every rate out of its range is refused by name", "[model]") {
  check_refused({
      {[](TestParams& p) {
         p.rate_up = SendRate{SendRate::Kind::bits, 0};
       },
       "rate"},
      {[](TestParams& p) {
         p.rate_down = SendRate{SendRate::Kind::packets, 0};
       },
       "rate"},
      {[](TestParams& p) {
         p.rate_down = SendRate{SendRate::Kind::unlimited, 5};
       },
       "rate"},
      {[](TestParams& p) {
         p.rate_up = SendRate{SendRate::Kind::bits, UINT64_MAX};
       },
       "rate"},
      {[](TestParams& p) {
         p.rate_up = SendRate{beyond(SendRate::Kind::adjusted), 5};
       },
       "rate"},
      {[](TestParams& p) {
         p.amount = Amount{0, 0, 10s};
         p.rate_up = SendRate{SendRate::Kind::adjusted, 0};
       },
       "rate"},
      {[](TestParams& p) {
         p.amount = Amount{1'000'000, 0, 0s};
         p.rate_up = SendRate{SendRate::Kind::adjusted, 5};
       },
       "duration"},
  });
}

TEST_CASE("every parameter out of its range is refused by name", "[model]") {
  check_refused({
      {[](TestParams& p) { p.direction = static_cast<Direction>(0); }, "direction"},
      {[](TestParams& p) { p.direction = beyond(Direction::both); }, "direction"},
      {[](TestParams& p) { p.streams = 0; }, "streams"},
      {[](TestParams& p) { p.streams = udperf::kMaxStreams + 1; }, "streams"},
      {[](TestParams& p) { p.payload_bytes = udperf::kDataHeaderBytes - 1; }, "packet size"},
      {[](TestParams& p) { p.payload_bytes = udperf::kMaxPayloadBytes + 1; }, "packet size"},
      {[](TestParams& p) { p.payload_bytes = 0; }, "packet size"},
      {[](TestParams& p) { p.interval = 10ms - 1ns; }, "interval"},
      {[](TestParams& p) { p.interval = 1h + 1ns; }, "interval"},
      {[](TestParams& p) { p.gap_threshold = 1us - 1ns; }, "gap threshold"},
      {[](TestParams& p) { p.gap_threshold = 1h + 1ns; }, "gap threshold"},
      {[](TestParams& p) { p.dscp = 64; }, "DSCP"},
      {[](TestParams& p) { p.ecn = 4; }, "ECN"},
      {[](TestParams& p) { p.payload = beyond(udperf::PayloadKind::zero); }, "payload kind"},
      {[](TestParams& p) { p.gso = beyond(udperf::OffloadMode::off); }, "offload"},
      {[](TestParams& p) { p.gro = beyond(udperf::OffloadMode::off); }, "offload"},
      {[](TestParams& p) { p.df = beyond(udperf::DontFragment::on); }, "DF"},
  });
}

TEST_CASE("an amount that is none, or several, or too much is refused by name", "[model]") {
  check_refused({
      {[](TestParams& p) { p.amount = Amount{}; }, "exactly one"},
      {[](TestParams& p) { p.amount.packets = 5; }, "exactly one"},
      {[](TestParams& p) { p.amount.size_bytes = 5000; }, "exactly one"},
      {[](TestParams& p) { p.amount.duration = -1ns; }, "duration"},
      {[](TestParams& p) { p.amount.duration = 24h * 366 + 1ns; }, "duration"},
      {[](TestParams& p) {
         p.amount = Amount{0, UINT64_MAX, 0s};
       },
       "2^60"},
      {[](TestParams& p) {
         p.amount = Amount{UINT64_MAX, 0, 0s};
       },
       "2^60"},
  });
}

TEST_CASE("fewer packets than streams are refused", "[model]") {
  TestParams params;
  params.streams = 4;
  params.amount.packets = 3;
  CHECK(check_params(params));
  params.amount.packets = 4;
  CHECK_FALSE(check_params(params));
}

TEST_CASE("a size that some stream cannot cut is refused", "[model]") {
  TestParams params;
  params.payload_bytes = 41;
  params.amount.size_bytes = 83;  // more than two datagrams hold, less than three headers
  CHECK(check_params(params));
  params.amount.size_bytes = 82;
  CHECK_FALSE(check_params(params));

  params.streams = 2;  // 82 and 83 bytes: only the larger share is impossible
  params.amount.size_bytes = 165;
  CHECK(check_params(params));
  params.amount.size_bytes = 164;
  CHECK_FALSE(check_params(params));
  params.amount.size_bytes = 39;
  CHECK(check_params(params));
}

TEST_CASE("the expected duration follows from the amount and the rate", "[model]") {
  TestParams params = good_params();
  CHECK(expected_duration(params, Way::up) == 10s);

  params.amount = Amount{25'000'000, 0, 0s};
  CHECK_FALSE(expected_duration(params, Way::up));

  params.rate_up = SendRate{SendRate::Kind::bits, 100'000'000};
  CHECK(expected_duration(params, Way::up) == 2s);
  CHECK_FALSE(expected_duration(params, Way::down));

  params.rate_down = SendRate{SendRate::Kind::bits, 200'000'000};
  CHECK(expected_duration(params, Way::down) == 1s);

  params.payload_bytes = 1000;
  params.amount = Amount{0, 50'000, 0s};
  CHECK(expected_duration(params, Way::up) == 4s);

  params.rate_up = SendRate{SendRate::Kind::packets, 50};  // in 1000 s
  CHECK(expected_duration(params, Way::up) == 1'000'000s);
}
