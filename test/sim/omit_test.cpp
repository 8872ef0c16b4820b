// A warm-up that is left out: its own books and the test's balance, and together they are all that
// was sent.

#include "model/packet_plan.hpp"
#include "result/document.hpp"
#include "sim/sim_world.hpp"
#include "support/catch.hpp"
#include "wire/header.hpp"

using namespace std::chrono_literals;
using Catch::Matchers::WithinAbs;
using udperf::test::DirectionTruth;
using udperf::test::SimClient;
using udperf::test::SimWorld;

namespace {

using namespace udperf;

SimClient::Options with_omit(Direction direction, Duration omit, Duration duration) {
  SimClient::Options options;
  options.params.direction = direction;
  options.params.payload_bytes = 200;
  options.params.amount.duration = duration;
  options.params.rate_up = SendRate{SendRate::Kind::packets, 500'000};
  options.params.rate_down = options.params.rate_up;
  options.params.omit = omit;
  return options;
}

result::ResultDocument document_of(const TestOutcome& outcome) {
  auto document = result::build_result(outcome);
  CHECK(result::violated_identity(document).value_or("none") == "none");
  return document;
}

/// What the network did is what both parts say, without a datagram between them.
void check_whole(const result::DirectionPart& part, const DirectionTruth& truth) {
  REQUIRE(part.omitted);
  const result::OmittedPart& omitted = *part.omitted;
  CHECK(*omitted.sent + *part.tx.packets == truth.sent);
  CHECK(*omitted.lost + *part.loss.packets == truth.dropped);
  CHECK(*omitted.sent == *omitted.unique + *omitted.lost);
  CHECK(*part.tx.packets == *part.rx.unique + *part.loss.packets);
  CHECK(omitted.invalid == 0U);
  CHECK(part.rx.invalid == 0U);
}

}  // namespace

TEST_CASE("a warm-up is sent before the test and is in none of its figures", "[sim]") {
  const auto direction = GENERATE(Direction::up, Direction::down, Direction::both);
  const auto streams = static_cast<std::uint16_t>(GENERATE(1, 3));
  CAPTURE(static_cast<int>(direction), streams);
  SimWorld world{21};
  world.network.up.delay = world.network.down.delay = 5ms;
  auto options = with_omit(direction, 2s, 3s);
  options.params.streams = streams;
  SimClient& client = world.add_client(options);
  REQUIRE(world.run_clients(40s));
  const auto document = document_of(client.outcome());
  CHECK(document.status == TestStatus::complete);
  for (const auto& [part, up] : {std::pair{&document.up, true}, std::pair{&document.down, false}}) {
    if (!*part) {
      continue;
    }
    check_whole(**part, world.network.truth(up));
    // 500 a second in all: two seconds left out, three measured.
    CHECK_THAT(static_cast<double>(*(*part)->omitted->sent), WithinAbs(1000, 3.0 * streams));
    CHECK_THAT(static_cast<double>(*(*part)->tx.packets), WithinAbs(1500, 3.0 * streams));
    CHECK_THAT(static_cast<double>(*(*part)->rx.span_ns) / 1e9, WithinAbs(3.0, 0.1));
    CHECK((*part)->intervals.size() == 3);
    CHECK((*part)->loss.packets == 0U);
  }
}

TEST_CASE("without any FIN the loss at a warm-up's end is still counted", "[sim]") {
  SimWorld world{24};
  world.network.up.delay = world.network.down.delay = 5ms;
  world.network.up.drop_if = [](const wire::CommonHeader& header) {
    return header.type == wire::MessageType::fin;
  };
  const MonoTime begin = world.clock.now();
  world.network.on_send = [&](const Endpoint&, const Endpoint&, std::span<const std::byte>) {
    const Duration at = world.clock.now() - begin;
    world.network.up.drop_data = at > 1500ms && at < 2500ms ? 1.0 : 0.0;  // 2 s are left out
  };
  SimClient& client = world.add_client(with_omit(Direction::up, 2s, 2s));
  REQUIRE(world.run_clients(40s));
  const auto document = document_of(client.outcome());
  CHECK(document.status == TestStatus::incomplete);
  check_whole(*document.up, world.network.truth(true));
  CHECK(*document.up->omitted->lost > 200U);
}

TEST_CASE("what a warm-up took of the receiver's host is not the test's", "[sim]") {
  const auto direction = GENERATE(Direction::up, Direction::down);
  CAPTURE(static_cast<int>(direction));
  SimWorld world{22};
  world.network.up.delay = world.network.down.delay = 5ms;
  world.clock.cpu_time = 1s;
  const MonoTime begin = world.clock.now();
  std::uint64_t broken = 0;
  world.network.on_send = [&](const Endpoint&, const Endpoint&, std::span<const std::byte>) {
    const Duration at = world.clock.now() - begin;
    if (at < 1900ms) {  // the warm-up has the processor for itself, and a bad cable
      *world.clock.cpu_time += 1ms;
      ++world.network.checksum_errors;
    } else if (at > 4s && broken < 3) {
      ++broken;
      ++world.network.checksum_errors;
    }
  };
  SimClient& client = world.add_client(with_omit(direction, 2s, 3s));
  REQUIRE(world.run_clients(40s));
  const auto document = document_of(client.outcome());
  CHECK(world.network.checksum_errors > 500);
  const auto& part = direction == Direction::up ? *document.up : *document.down;
  CHECK(part.rx.cpu_percent == 0.0);
  CHECK(part.rx.checksum_errors == 3U);
}

TEST_CASE("loss, copies and order across the border bend neither part", "[sim]") {
  const auto direction = GENERATE(Direction::up, Direction::down);
  const std::uint64_t seed = GENERATE(range(1U, 7U));
  CAPTURE(static_cast<int>(direction), seed);
  SimWorld world{seed};
  for (auto* path : {&world.network.up, &world.network.down}) {
    path->delay = 5ms;
    path->drop_data = 0.1;
    path->late = 0.3;
    path->late_by = 150ms;  // some 25 of the warm-up come after the first of the test
    path->jitter = 4ms;
  }
  auto options = with_omit(direction, 700ms, 1s);
  options.params.streams = 2;
  SimClient& client = world.add_client(options);
  REQUIRE(world.run_clients(40s));
  const auto document = document_of(client.outcome());
  CHECK(document.status == TestStatus::complete);
  const auto& part = direction == Direction::up ? *document.up : *document.down;
  check_whole(part, world.network.truth(direction == Direction::up));
  CHECK_THAT(static_cast<double>(*part.omitted->sent), WithinAbs(350, 6));
  CHECK(*part.omitted->lost > 10);
  CHECK(*part.loss.packets > 10);
  CHECK(*part.omitted->reordered > 10);
  CHECK(*part.reordering.packets > 10);
}

TEST_CASE("mixes, gaps by chance, bursts and frames begin anew behind their warm-up", "[sim]") {
  const auto direction = GENERATE(Direction::up, Direction::down);
  const auto header = GENERATE(HeaderKind::full, HeaderKind::compact);
  const auto spacing = GENERATE(Spacing::even, Spacing::poisson, Spacing::burst, Spacing::frames);
  CAPTURE(static_cast<int>(direction), static_cast<int>(header), static_cast<int>(spacing));
  SimWorld world{11};
  for (auto* path : {&world.network.up, &world.network.down}) {
    path->delay = 5ms;
    path->drop_data = 0.1;
    path->late = 0.2;
    path->late_by = 100ms;
    path->jitter = 3ms;
  }
  auto options = with_omit(direction, 700ms, 1s);
  TrafficShape shape;
  shape.spacing = spacing;
  shape.burst_packets = spacing == Spacing::burst ? 7 : 0;
  if (spacing == Spacing::frames) {
    shape.frames = {30'000, 2000, 10, 4};
    options.params.rate_up = options.params.rate_down = SendRate{SendRate::Kind::bits, 800'000};
  } else {
    shape.sizes = {{{48, 3}, {100, 2}, {200, 1}}};
  }
  options.params.shape_up = options.params.shape_down = shape;
  options.params.header = header;
  options.params.seed = 5;
  options.params.streams = 2;
  SimClient& client = world.add_client(options);
  REQUIRE(world.run_clients(40s));
  const auto document = document_of(client.outcome());
  CHECK(document.status == TestStatus::complete);
  const auto& part = direction == Direction::up ? *document.up : *document.down;
  check_whole(part, world.network.truth(direction == Direction::up));
  CHECK(*part.omitted->sent > 250);
  CHECK(*part.omitted->sent_bytes > *part.omitted->unique_bytes);
  CHECK(*part.omitted->lost > 10);
  CHECK(*part.loss.packets > 10);
  const auto& way = direction == Direction::up ? client.outcome().up : client.outcome().down;
  for (const StreamOutcome& stream : way->streams) {
    // Both parts are what the plan has from its beginning on, to the byte.
    const auto plan = PacketPlan::for_warm_up(
        client.outcome().params, direction == Direction::up ? Way::up : Way::down,
        static_cast<std::uint16_t>(&stream - way->streams.data()));
    CHECK(stream.tx->payload_bytes == plan.bytes_of_first(stream.tx->packets));
    CHECK(stream.tx->omitted->payload_bytes == plan.bytes_of_first(stream.tx->omitted->packets));
    CHECK(stream.rx->omitted->lost_bytes ==
          stream.tx->omitted->payload_bytes - stream.rx->omitted->unique_bytes);
  }
}

TEST_CASE("frames of the test begin with the first, behind a warm-up that ended between two",
          "[sim]") {
  SimWorld world{12};
  std::vector<std::pair<MonoTime, std::size_t>> sent;
  auto options = with_omit(Direction::up, 730ms, 1s);  // 100 ms a frame
  options.params.rate_up = SendRate{SendRate::Kind::bits, 160'000};
  options.params.shape_up.spacing = Spacing::frames;
  options.params.shape_up.frames = {10'000, 0, 4, 3};
  world.network.on_send = [&](const Endpoint&, const Endpoint& to, auto bytes) {
    const auto header = wire::decode_data(bytes);
    if (header && to == world.network.server && !header->warm_up) {
      sent.emplace_back(world.clock.now(), bytes.size());
    }
  };
  SimClient& client = world.add_client(options);
  REQUIRE(world.run_clients(40s));
  const auto document = document_of(client.outcome());
  check_whole(*document.up, world.network.truth(true));
  REQUIRE(!sent.empty());
  std::vector<std::size_t> frames(10, 0);
  for (const auto& [at, bytes] : sent) {
    const auto frame = static_cast<std::size_t>((at - sent.front().first + 10ms) / 100ms);
    REQUIRE(frame < frames.size());
    frames[frame] += bytes;
  }
  for (std::size_t i = 0; i < frames.size(); ++i) {  // 2000 B a frame: 4 of them share 8000 as 3:1
    CAPTURE(i);
    CHECK(Approx(i % 4 == 0 ? 4000 : 8000.0 / 6).epsilon(0.02) == static_cast<double>(frames[i]));
  }
}

TEST_CASE("an outage over the border is lost where it was sent", "[sim]") {
  SimWorld world{5};
  const MonoTime begin = world.clock.now();
  world.network.up.delay = 2ms;
  std::uint64_t warm = 0;
  std::uint64_t rest = 0;
  MonoTime first{};
  world.network.up.drop_if = [&](const wire::CommonHeader& header) {
    if (header.type != wire::MessageType::data) {
      return false;
    }
    first = first == MonoTime{} ? world.clock.now() : first;
    const Duration since = world.clock.now() - first;
    const bool gone = since >= 800ms && since < 1300ms;
    warm += gone && header.flags != 0 ? 1U : 0U;
    rest += gone && header.flags == 0 ? 1U : 0U;
    return gone;
  };
  SimClient& client = world.add_client(with_omit(Direction::up, 1s, 2s));
  REQUIRE(world.run_clients(40s));
  CHECK(world.clock.now() > begin);
  const auto document = document_of(client.outcome());
  check_whole(*document.up, world.network.truth(true));
  CHECK(warm > 90);
  CHECK(rest > 140);
  CHECK(document.up->omitted->lost == warm);
  CHECK(document.up->loss.packets == rest);
  CHECK(document.up->loss.head_packets == rest);
  CHECK(document.up->loss.periods == 1U);
}

TEST_CASE("the amount is that of the test, beside its warm-up", "[sim]") {
  SimWorld world{6};
  auto options = with_omit(Direction::up, 500ms, 1s);
  options.params.amount = Amount{123'457, 0, Duration{0}};
  SimClient& client = world.add_client(options);
  REQUIRE(world.run_clients(40s));
  const auto document = document_of(client.outcome());
  CHECK(document.status == TestStatus::complete);
  CHECK(document.up->tx.payload_bytes == 123'457U);
  CHECK(document.up->rx.unique_bytes == 123'457U);
  CHECK_THAT(static_cast<double>(*document.up->omitted->sent), WithinAbs(250, 3));
  check_whole(*document.up, world.network.truth(true));
}

TEST_CASE("full speed goes on over the border", "[sim]") {
  const auto direction = GENERATE(Direction::up, Direction::down);
  CAPTURE(static_cast<int>(direction));
  SimWorld world{7};
  for (auto* socket : {&world.network.server_socket, &world.network.client_socket}) {
    socket->bounded = true;
    socket->bytes = 212'992;
    socket->drain_bps = 100'000'000;
  }
  world.network.up.delay = world.network.down.delay = 20us;
  auto options = with_omit(direction, 300ms, 700ms);
  options.params.payload_bytes = 1472;
  options.params.rate_up = options.params.rate_down = SendRate{};
  SimClient& client = world.add_client(options);
  REQUIRE(world.run_clients(60s));
  const auto document = document_of(client.outcome());
  CHECK(document.status == TestStatus::complete);
  const auto& part = direction == Direction::up ? *document.up : *document.down;
  check_whole(part, world.network.truth(direction == Direction::up));
  CHECK(part.tx.governor == "receiver");
  CHECK(part.omitted->lost == 0U);
  CHECK(part.loss.packets == 0U);
  CHECK(*part.rx.goodput_bps > 80e6);
}

TEST_CASE("a test that is stopped in its warm-up has sent nothing, and the warm-up its books",
          "[sim]") {
  const auto direction = GENERATE(Direction::up, Direction::down);
  CAPTURE(static_cast<int>(direction));
  SimWorld world{8};
  SimClient& client = world.add_client(with_omit(direction, 5s, 5s));
  world.run(2s, [] { return false; });
  client.interrupt();
  REQUIRE(world.run_clients(20s));
  const auto document = document_of(client.outcome());
  CHECK(document.status == TestStatus::interrupted);
  const auto& part = direction == Direction::up ? document.up : document.down;
  REQUIRE(part);
  CHECK(part->tx.packets == 0U);
  CHECK(part->rx.unique == 0U);
  CHECK(part->loss.packets == 0U);
  REQUIRE(part->omitted);
  CHECK(*part->omitted->sent > 500);
  CHECK(part->omitted->unique == part->omitted->sent);
  CHECK(part->omitted->lost == 0U);
}

TEST_CASE("without a warm-up nothing is left out", "[sim]") {
  SimWorld world{9};
  SimClient& client = world.add_client(with_omit(Direction::both, 0s, 1s));
  REQUIRE(world.run_clients(20s));
  const auto document = document_of(client.outcome());
  CHECK_FALSE(document.up->omitted);
  CHECK_FALSE(document.down->omitted);
}
