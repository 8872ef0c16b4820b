#include "model/packet_plan.hpp"
#include "model/plan_orders.hpp"
#include "support/catch.hpp"
#include "support/oracle.hpp"

using udperf::kDataHeaderBytes;
using udperf::PacketPlan;
using udperf::TestParams;
using udperf::test::naive_lengths;

namespace {

PacketPlan plan_of_size(std::uint64_t size, std::uint32_t payload, std::uint16_t streams = 1,
                        std::uint16_t stream = 0) {
  TestParams params;
  params.streams = streams;
  params.payload_bytes = payload;
  params.amount.size_bytes = size;
  return PacketPlan::for_stream(params, udperf::Way::up, stream);
}

/// The first way in which the plan is not what the definition says, or nothing.
std::string mistake_in(const PacketPlan& plan, std::uint64_t size) {
  const auto lengths = naive_lengths(size, plan.payload_bytes());
  if (plan.packets() != lengths.size() || !plan.limited()) {
    return "number of datagrams";
  }
  std::uint64_t sum = 0;
  for (std::uint64_t i = 0; i < lengths.size(); ++i) {
    const std::uint32_t length = plan.length(i);
    if (length != lengths[i]) {
      return "length of datagram " + std::to_string(i);
    }
    if (length < kDataHeaderBytes || length > plan.payload_bytes()) {
      return "datagram " + std::to_string(i) + " out of range";
    }
    if (i < plan.first_short() && length != plan.payload_bytes()) {
      return "first_short";
    }
    if (plan.bytes_of_first(i) != sum) {
      return "bytes of the first " + std::to_string(i);
    }
    sum += length;
  }
  return sum == size && plan.bytes_of_first(lengths.size()) == size ? "" : "sum";
}

}  // namespace

TEST_CASE("25 MB are 16983 full datagrams and a shorter one", "[model]") {
  const PacketPlan plan = plan_of_size(25'000'000, 1472);

  CHECK(plan.packets() == 16984);
  CHECK(plan.first_short() == 16983);
  CHECK(plan.length(16982) == 1472);
  CHECK(plan.length(16983) == 1024);
  CHECK(plan.bytes_of_first(16984) == 25'000'000);
}

TEST_CASE("a remainder smaller than a header is shared by the last two", "[model]") {
  const PacketPlan plan = plan_of_size(3 * 1000 + 39, 1000);

  CHECK(plan.packets() == 4);
  CHECK(plan.first_short() == 2);
  CHECK(plan.length(1) == 1000);
  CHECK(plan.length(2) == 520);
  CHECK(plan.length(3) == 519);
}

TEST_CASE("a remainder that fills a header travels alone", "[model]") {
  const PacketPlan plan = plan_of_size(3 * 1000 + 40, 1000);

  CHECK(plan.packets() == 4);
  CHECK(plan.length(2) == 1000);
  CHECK(plan.length(3) == 40);
}

TEST_CASE("small datagrams need more than two to share a remainder", "[model]") {
  // 41 a piece and 30 over: 30 + 10 * 41 is the first sum that gives 11 datagrams 40 bytes each.
  const PacketPlan plan = plan_of_size(20 * 41 + 30, 41);

  CHECK(plan.packets() == 21);
  CHECK(plan.first_short() == 10);
  CHECK(plan.length(9) == 41);
  CHECK(plan.length(10) == 40);
  CHECK(plan.length(20) == 40);
}

namespace {

/// From this size on every size is one of before with one more full datagram in front: a remainder
/// of 1 is shared by as many as it takes to give each a header, where that is possible at all.
std::uint64_t sizes_that_differ(std::uint32_t payload) {
  if (payload == kDataHeaderBytes) {
    return 20 * payload;  // none has a byte to give away
  }
  const std::uint64_t givers = (kDataHeaderBytes - 1) / (payload - kDataHeaderBytes) + 1;
  return (givers + 3) * payload;
}

/// Whether some number of datagrams can hold it all and a header each.
bool can_be_cut(std::uint64_t size, std::uint32_t payload) {
  for (std::uint64_t n = (size + payload - 1) / payload; n > 0 && n * payload < size + payload;
       ++n) {
    if (n * kDataHeaderBytes <= size && size <= n * payload) {
      return true;
    }
  }
  return false;
}

/// The same of a size that may be none that can be cut.
std::string mistake_at(std::uint64_t size, std::uint32_t payload) {
  TestParams params;
  params.payload_bytes = payload;
  params.amount.size_bytes = size;
  const bool possible = can_be_cut(size, payload);
  if (PacketPlan::possible(params) != possible) {
    return possible ? "refused" : "not refused";
  }
  return possible ? mistake_in(plan_of_size(size, payload), size) : "";
}

}  // namespace

TEST_CASE("every small size is cut as defined, or refused", "[model]") {
  for (std::uint32_t payload = kDataHeaderBytes; payload <= 130; ++payload) {
    for (std::uint64_t size = 0; size <= sizes_that_differ(payload); ++size) {
      const std::string mistake = mistake_at(size, payload);
      if (!mistake.empty()) {  // an assertion each would take minutes under an emulator
        FAIL(size << " in datagrams of " << payload << ": " << mistake);
      }
    }
  }
}

TEST_CASE("sizes about the usual datagrams are cut as defined", "[model]") {
  for (const std::uint32_t payload : {1222U, 1452U, 1472U, 8972U, 65507U}) {
    for (const std::uint64_t about : {1U, 2U, 7U}) {
      for (std::uint64_t size = about * payload; size <= about * payload + 100; ++size) {
        CAPTURE(payload, size);
        REQUIRE(mistake_in(plan_of_size(size, payload), size) == "");
      }
    }
  }
}

TEST_CASE("streams share size and packets, differing by one at most", "[model]") {
  for (std::uint16_t streams = 1; streams <= 9; ++streams) {
    TestParams params;
    params.streams = streams;
    params.payload_bytes = 100;
    params.amount.packets = 1003;
    std::uint64_t bytes = 0;
    std::uint64_t packets = 0;
    for (std::uint16_t stream = 0; stream < streams; ++stream) {
      const PacketPlan by_size = plan_of_size(10'007, 100, streams, stream);
      bytes += by_size.bytes_of_first(by_size.packets());
      const PacketPlan by_packets = PacketPlan::for_stream(params, udperf::Way::up, stream);
      packets += by_packets.packets();
      CHECK(by_packets.packets() - 1003U / streams <= 1);
      CHECK(by_packets.bytes_of_first(5) == 500);
      CHECK(by_packets.length(by_packets.packets() - 1) == 100);
    }
    CHECK(bytes == 10'007);
    CHECK(packets == 1003);
  }
}

TEST_CASE("a test that only time ends has datagrams without end", "[model]") {
  TestParams params;
  params.payload_bytes = 1472;
  params.amount.duration = std::chrono::seconds{10};
  const PacketPlan plan = PacketPlan::for_stream(params, udperf::Way::up, 0);

  CHECK_FALSE(plan.limited());
  CHECK(plan.packets() == UINT64_MAX);
  CHECK(plan.length(std::uint64_t{1} << 59U) == 1472);
  CHECK(plan.bytes_of_first(1'000'000) == 1'472'000'000);
}

namespace {

/// Frames of 100 MB at most in datagrams of `payload` bytes, in both ways.
TestParams frames_of(std::uint32_t payload, std::uint64_t size) {
  TestParams params;
  params.direction = udperf::Direction::both;
  params.payload_bytes = payload;
  params.amount = udperf::Amount{size, 0, udperf::Duration{0}};
  params.rate_up = params.rate_down = {udperf::SendRate::Kind::bits, 3'000'000'000};
  for (const auto way : {udperf::Way::up, udperf::Way::down}) {
    auto& shape = way == udperf::Way::up ? params.shape_up : params.shape_down;
    shape.spacing = udperf::Spacing::frames;
    shape.frames.per_1000_s = 4000;
    shape.frames.key_every = 1000;
    shape.frames.key_times = 2;
  }
  return params;
}

}  // namespace

TEST_CASE("a size that cannot be shared is found out in a moment, however long a turn is",
          "[model][hostile]") {
  // A turn of 1000 frames has 2.3 * 10^9 datagrams, none of which has a byte to give away: who
  // looked at one after the other would be at it for hours.
  for (std::uint64_t i = 0; i < 500; ++i) {
    const std::uint64_t size = (std::uint64_t{1} << 60U) - 40 * i;
    REQUIRE(size % kDataHeaderBytes != 0);
    REQUIRE(udperf::check_params(frames_of(kDataHeaderBytes, size)));
  }
  CHECK_FALSE(udperf::check_params(frames_of(kDataHeaderBytes, 40'000'000)));
}

TEST_CASE("no more datagrams share a remainder than have to, of a mix or of frames", "[model]") {
  const bool frames = GENERATE(true, false);
  int shared = 0;
  // Every remainder of a datagram with every seed, twice.
  for (std::uint64_t size = 2000; size < 2000 + 2 * 43 * 7; ++size) {
    TestParams params = frames_of(43, size);
    params.direction = udperf::Direction::up;
    params.rate_up.value = 100'000;
    params.shape_up.frames.per_1000_s = 100'000;
    params.shape_up.frames.sigma_e4 = 5000;
    if (!frames) {
      params.shape_up = {};
      params.shape_up.sizes[0] = {40, 20};
      params.shape_up.sizes[1] = {43, 1};
    }
    params.seed = 1 + size % 7;
    CAPTURE(frames, size);
    if (!PacketPlan::possible(params)) {
      continue;
    }
    const PacketPlan plan = PacketPlan::for_stream(params, udperf::Way::up, 0);
    const PacketPlan full = PacketPlan::for_warm_up(params, udperf::Way::up, 0);
    const std::uint64_t sharers = plan.packets() - plan.first_short();
    REQUIRE(plan.bytes_of_first(plan.packets()) == size);
    REQUIRE(plan.length(plan.packets() - 1) >= kDataHeaderBytes);
    if (sharers > 1) {  // one fewer would have too little
      ++shared;
      const std::uint64_t left = size - full.bytes_of_first(plan.first_short() + 1);
      REQUIRE(left < (sharers - 1) * kDataHeaderBytes);
    }
  }
  CHECK(shared > 100);
}

TEST_CASE("orders cost something where lengths differ, for each stream that has to be cut",
          "[model]") {
  TestParams params;
  params.streams = 100;
  params.amount.size_bytes = 1'000'000;
  CHECK(udperf::cost_of_orders(params) == 0);
  params.shape_up.sizes[0] = {100, 1};
  params.shape_up.sizes[1] = {200, 1};
  params.shape_down = params.shape_up;
  params.direction = udperf::Direction::up;
  CHECK(udperf::cost_of_orders(params) == 100);
  params.direction = udperf::Direction::both;
  CHECK(udperf::cost_of_orders(params) == 200);
  params.streams = 65535;  // what no check has seen yet
  CHECK(udperf::cost_of_orders(params) == 2 * udperf::kMaxStreams);
  params.amount = udperf::Amount{0, 0, std::chrono::seconds{1}};
  CHECK(udperf::cost_of_orders(params) == 2);
}

TEST_CASE("an order costs by how many lengths are shuffled, whatever else is asked for",
          "[model]") {
  struct Row {
    std::uint16_t first;
    std::uint16_t second;
    std::uint32_t cost;
  };
  const auto row = GENERATE(Row{1, 1, 1}, Row{1, 1022, 1}, Row{512, 512, 1}, Row{1, 1024, 2},
                            Row{1, 2047, 2}, Row{2048, 2048, 4}, Row{65535, 65535, 4});
  TestParams params;
  params.shape_up.sizes[0] = {100, row.first};
  params.shape_up.sizes[1] = {200, row.second};
  CAPTURE(row.first, row.second);
  CHECK(udperf::cost_of_orders(params) == row.cost);
}

TEST_CASE("frames cost as much as the longest order", "[model]") {
  TestParams params;
  params.shape_up.spacing = udperf::Spacing::frames;
  CHECK(udperf::cost_of_orders(params) == udperf::kDearestOrder);
}
