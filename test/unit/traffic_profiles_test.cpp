#include <cmath>
#include <vector>

#include "support/catch.hpp"
#include "support/seeded_random.hpp"
#include "traffic/plan.hpp"
#include "traffic/profiles.hpp"

using namespace std::chrono_literals;
using namespace udperf;
using traffic::parse_profile;
using traffic::TrafficPlan;

namespace {

TestParams params_of(std::string_view name) {
  const auto profile = parse_profile(name);
  REQUIRE(profile);
  TestParams params;
  traffic::apply_profile(*profile, params);
  params.amount.duration = 10s;
  params.seed = 1;
  if (smallest_length(params) < kDataHeaderBytes) {
    params.header = HeaderKind::compact;
  }
  return params;
}

struct Sent {
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0;
};

/// What the plan has for a time.
Sent sent_in(const TestParams& params, Way way, Duration time, std::uint16_t stream = 0) {
  const TrafficPlan plan{params, way, stream};
  Sent sent;
  for (auto at = plan.deadlines(); at.due() < time; at.advance()) {
    sent.bytes += plan.length(sent.packets++);
  }
  return sent;
}

std::vector<std::uint64_t> frame_sizes(const TestParams& params, std::size_t count) {
  const TrafficPlan plan{params, Way::up, 0};
  std::vector<std::uint64_t> sizes{0};
  Duration frame{0};
  std::uint64_t k = 0;
  for (auto at = plan.deadlines(); sizes.size() <= count; at.advance()) {
    if (at.due() != frame) {
      frame = at.due();
      sizes.push_back(0);
    }
    sizes.back() += plan.length(k++);
  }
  sizes.pop_back();
  return sizes;
}

/// A stream of frames as nobody would think of one; it need not be possible.
TestParams random_frames(test::SeededRandom& random) {
  TestParams params;
  params.amount.duration = 1s;
  params.header = random.chance(0.5) ? HeaderKind::compact : HeaderKind::full;
  params.payload_bytes = static_cast<std::uint32_t>(random.between(40, 1472));
  params.streams = static_cast<std::uint16_t>(random.between(1, 4));
  params.rate_up =
      SendRate{SendRate::Kind::bits, static_cast<std::uint64_t>(random.between(1, 50'000'000))};
  params.shape_up.spacing = Spacing::frames;
  FrameRhythm& frames = params.shape_up.frames;
  frames.per_1000_s = static_cast<std::uint32_t>(random.between(1000, 200'000));
  frames.sigma_e4 = static_cast<std::uint16_t>(random.chance(0.5) ? random.between(1, 20'000) : 0);
  if (random.chance(0.5)) {
    frames.key_every = static_cast<std::uint16_t>(random.between(2, 1000));
    frames.key_times = static_cast<std::uint16_t>(random.between(2, 100));
  }
  return params;
}

void check_sums_and_runs(const TestParams& params, test::SeededRandom& random) {
  const auto plan = PacketPlan::for_stream(params, Way::up, 0);
  const FrameCycle& cycle = plan.frames();
  // Filling frames up to a header does not make a stream faster than its rate.
  const double mean = static_cast<double>(cycle.bytes()) / static_cast<double>(cycle.frames());
  CHECK(mean < static_cast<double>(params.frame_bytes(Way::up)) * 1.12 + 3);
  std::uint64_t sum = 0;
  for (std::uint64_t k = 0; k < 3000; ++k) {
    REQUIRE(plan.bytes_of_first(k) == sum);
    REQUIRE(cycle.count_within(sum) == k);
    REQUIRE(cycle.count_within(sum + plan.length(k) - 1) == k);
    const auto most = static_cast<std::uint64_t>(random.between(1, 20));
    const std::uint64_t run = plan.run_at(k, most);
    REQUIRE(run >= 1);
    REQUIRE(run <= most);
    REQUIRE(plan.length(k + run - 1) == plan.length(k));
    REQUIRE(plan.length(k) >= header_bytes(params.header));
    REQUIRE(plan.length(k) <= params.payload_bytes);
    sum += plan.length(k);
  }
}

/// An amount in bytes is sent to the last of them.
void check_amount(const TestParams& params, std::uint64_t bytes) {
  TestParams sized = params;
  sized.amount = {0, 0, 0s};
  sized.amount.size_bytes = bytes;
  if (check_params(sized)) {
    return;
  }
  std::uint64_t sum = 0;
  for (std::uint16_t stream = 0; stream < sized.streams; ++stream) {
    const auto part = PacketPlan::for_stream(sized, Way::up, stream);
    for (std::uint64_t k = 0; k < part.packets(); ++k) {
      REQUIRE(part.length(k) >= header_bytes(params.header));
      sum += part.length(k);
    }
  }
  REQUIRE(sum == bytes);
}

}  // namespace

TEST_CASE("every profile is one that can be run, and sends what it says", "[traffic]") {
  for (const traffic::ProfileRow& row : traffic::profile_rows()) {
    const std::string name{row.fixed ? row.usage : "isochronous:60:20M,2M"};
    CAPTURE(name);
    const TestParams params = params_of(name);
    CHECK_FALSE(check_params(params));
    CHECK(profile_name(params.profile) == name.substr(0, name.find(':')));
  }
  const TestParams g711 = params_of("voip-g711");
  CHECK(g711.direction == Direction::both);
  for (const Way way : {Way::up, Way::down}) {
    const Sent sent = sent_in(g711, way, 10s);
    CHECK(sent.packets == 500);
    CHECK(sent.bytes == 500 * 172);
  }
  CHECK(sent_in(params_of("voip-g729"), Way::down, 1s).bytes == 50 * 32);
  CHECK(sent_in(params_of("voip-opus"), Way::up, 1s).bytes == 50 * 72);
  CHECK(sent_in(params_of("gaming"), Way::up, 1s).packets == 60);
  CHECK(sent_in(params_of("gaming"), Way::up, 1s).bytes == 60 * 90);
  CHECK(sent_in(params_of("gaming"), Way::down, 1s).packets == 30);
  CHECK(sent_in(params_of("gaming"), Way::down, 1s).bytes == 30 * 250);
}

TEST_CASE("frames come at their rhythm and have the rate's bytes", "[traffic]") {
  TestParams params = params_of("video-5M");
  const auto sizes = frame_sizes(params, 600);
  // 60 frames of 2 s: one of 6 shares and 59 of one share, of 1.25 MB.
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    const double shares = i % 60 == 0 ? 6 : 1;
    CAPTURE(i, sizes[i]);
    CHECK(std::abs(static_cast<double>(sizes[i]) - shares * 1'250'000 / 65) < 2);
  }
  const Sent sent = sent_in(params, Way::up, 20s);
  CHECK(sent.bytes == 12'500'000);
  const TrafficPlan plan{params, Way::up, 0};
  auto at = plan.deadlines();
  for (int i = 0; i < 79; ++i) {  // 115 384 B are 78.4 datagrams of 1472
    REQUIRE(at.due() == 0s);
    at.advance();
  }
  CHECK(at.due() == Duration{33'333'333});

  params.streams = 4;
  CHECK(std::abs(static_cast<double>(sent_in(params, Way::up, 20s, 3).bytes) - 3'125'000) < 100);
}

TEST_CASE("isochronous frames have the deviation asked for, however wide", "[traffic]") {
  for (const double ratio : {0.02, 0.5, 1.0, 2.0, 3.6}) {
    CAPTURE(ratio);
    const auto profile = parse_profile("isochronous:60:20M," + std::to_string(ratio * 20) + "M");
    REQUIRE(profile);
    FrameCycle::Settings settings;
    settings.rhythm = profile->up.shape.frames;
    settings.rate_bps = 20'000'000;
    settings.payload_bytes = 1'000'000'000;  // a datagram each
    settings.least = 1;
    const FrameCycle cycle{settings};
    double sum = 0;
    double squares = 0;
    for (std::uint64_t frame = 0; frame < cycle.frames(); ++frame) {
      const double bytes = cycle.length(frame);
      sum += bytes;
      squares += bytes * bytes;
    }
    const auto n = static_cast<double>(cycle.frames());
    const double mean = sum / n;
    CHECK(std::abs(mean - 20e6 / 8 / 60) < 1);
    CHECK(std::abs(std::sqrt(squares / n - mean * mean) / mean - ratio) < 0.001);
  }
  CHECK_FALSE(parse_profile("isochronous:60:20M,74M"));
}

TEST_CASE("isochronous frames are log-normal with the mean and deviation asked for", "[traffic]") {
  const TestParams params = params_of("isochronous:60:20M,5M");
  const auto sizes = frame_sizes(params, 256);
  double sum = 0;
  double squares = 0;
  for (const std::uint64_t size : sizes) {
    sum += static_cast<double>(size);
    squares += static_cast<double>(size) * static_cast<double>(size);
  }
  const double n = 256;
  const double mean = sum / n;
  const double deviation = std::sqrt(squares / n - mean * mean);
  CHECK(std::abs(mean - 20e6 / 8 / 60) < 2);
  CHECK(std::abs(deviation - 5e6 / 8 / 60) < 0.02 * 5e6 / 8 / 60);
  // By their logarithms, symmetric about the median.
  std::vector<double> logs;
  for (const std::uint64_t size : sizes) {
    logs.push_back(std::log(static_cast<double>(size)));
  }
  std::sort(logs.begin(), logs.end());
  const double sigma = std::sqrt(std::log(1 + 1.0 / 16));
  CHECK(std::abs(logs[128] - (std::log(mean) - sigma * sigma / 2)) < 0.02);
  CHECK(std::abs((logs[128 + 87] - logs[128 - 87]) / 2 - sigma) < 0.02);

  const auto even = frame_sizes(params_of("isochronous:29.97:1M"), 256);
  CHECK(*std::max_element(even.begin(), even.end()) - *std::min_element(even.begin(), even.end()) <=
        1);
}

TEST_CASE("sums and runs of frames are those of their lengths", "[traffic]") {
  for (unsigned seed = 1; seed <= 200; ++seed) {
    CAPTURE(seed);
    test::SeededRandom random{seed};
    const TestParams params = random_frames(random);
    if (check_params(params)) {
      CHECK(params.frame_bytes(Way::up) < header_bytes(params.header));
      continue;  // frames without room for a header
    }
    check_sums_and_runs(params, random);
    check_amount(params, static_cast<std::uint64_t>(random.between(1000, 1'000'000)));
  }
}

TEST_CASE("profiles that make no sense are refused with what is accepted", "[traffic]") {
  for (const auto* const wrong :
       {"", "voip", "VOIP-G711", "isochronous", "isochronous:", "isochronous:0:20M",
        "isochronous:60", "isochronous:60:", "isochronous:60:20pps", "isochronous:200000:1M",
        "isochronous:60:20M,", "isochronous:60:20M,1G", "isochronous:60:20M,x", "imix:7"}) {
    CAPTURE(wrong);
    const auto profile = parse_profile(wrong);
    REQUIRE_FALSE(profile);
    CHECK(profile.error().code == ErrorCode::usage);
    CHECK_FALSE(profile.error().what.empty());
  }
}

TEST_CASE("IMIX has the sizes of its IP packets over either family", "[traffic]") {
  TestParams params = params_of("imix");
  CHECK(sizes_text(params.shape_up) == "16:7,548:4,1472:1");
  CHECK(params.payload_bytes + 28 == 1500);
  traffic::fit_ip_sizes(params, traffic::HeaderChoice::fixed);
  CHECK(sizes_text(params.shape_up) == "16:7,528:4,1452:1");
  CHECK(params.payload_bytes + 48 == 1500);
  CHECK_FALSE(check_params(params));
}

TEST_CASE("over IPv6 the header is the one that fits what is left, where it may be", "[traffic]") {
  const auto fitted = [](std::uint32_t bytes, traffic::HeaderChoice choice) {
    TestParams params;
    params.payload_bytes = bytes;
    traffic::fit_ip_sizes(params, choice);
    CHECK(params.payload_bytes >= header_bytes(params.header));
    return std::pair{params.payload_bytes, params.header};
  };
  using traffic::HeaderChoice;
  CHECK(fitted(60, HeaderChoice::fitted) == std::pair{40U, HeaderKind::full});
  CHECK(fitted(59, HeaderChoice::fitted) == std::pair{39U, HeaderKind::compact});
  CHECK(fitted(41, HeaderChoice::fitted) == std::pair{21U, HeaderKind::compact});
  CHECK(fitted(18, HeaderChoice::fitted) == std::pair{16U, HeaderKind::compact});
  CHECK(fitted(59, HeaderChoice::fixed) == std::pair{40U, HeaderKind::full});
}

TEST_CASE("isochronous traffic is written as iperf 2 writes it, too", "[traffic]") {
  const auto lower = parse_profile("isochronous:60:40m,10m");
  REQUIRE(lower);
  const auto upper = parse_profile("isochronous:60:40M,10M");
  REQUIRE(upper);
  CHECK(lower->up.rate == upper->up.rate);
  CHECK(lower->up.shape == upper->up.shape);
}
