// What a listener at either end would have heard, from the wire to the document.

#include <cmath>

#include "report/writer.hpp"
#include "result/document.hpp"
#include "sim/sim_world.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;
using Catch::Matchers::WithinAbs;
using udperf::test::SimClient;
using udperf::test::SimWorld;

namespace {

using namespace udperf;

SimClient::Options call(VoiceCodec codec, Duration buffer, Duration duration) {
  SimClient::Options options;
  options.params.direction = Direction::both;
  options.params.payload_bytes = 172;
  options.params.amount.duration = duration;
  options.params.rate_up = SendRate{SendRate::Kind::packets, 50'000};
  options.params.rate_down = options.params.rate_up;
  options.params.voice = VoiceSetup{codec, buffer};
  return options;
}

result::ResultDocument document_of(const TestOutcome& outcome) {
  auto document = result::build_result(outcome);
  CHECK(document.status == TestStatus::complete);
  CHECK(result::violated_identity(document).value_or("none") == "none");
  return document;
}

/// R as G.107 has it, from the figures that are published beside it.
double rating_of(const result::VoicePart& voice) {
  const double ta = static_cast<double>(*voice.ta_ns) / 1e8;
  const double x = std::log2(std::max(ta, 1.0));
  const double idd = 25 * (std::pow(1 + std::pow(x, 6), 1.0 / 6) -
                           3 * std::pow(1 + std::pow(x / 3, 6), 1.0 / 6) + 2);
  const double ppl = 100 * *voice.loss_after_ratio;
  const double burst = std::max(voice.burst_ratio.value_or(1), 1.0);
  return 93.2 - idd - (*voice.ie + (95 - *voice.ie) * ppl / (ppl / burst + *voice.bpl));
}

}  // namespace

TEST_CASE("a call over a good way has the best score, either way", "[sim]") {
  SimWorld world{1};
  world.network.up.delay = 10ms;
  world.network.down.delay = 10ms;
  SimClient& client = world.add_client(call(VoiceCodec::g711_plc, 60ms, 5s));
  REQUIRE(world.run_clients(30s));
  const auto document = document_of(client.outcome());
  for (const auto* part : {&document.up, &document.down}) {
    REQUIRE((*part)->voice);
    const result::VoicePart& voice = *(*part)->voice;
    CHECK(voice.codec == "g711-plc");
    CHECK(voice.discarded_packets == 0U);
    CHECK(voice.loss_after_ratio == 0.0);
    CHECK(voice.buffer_ns == 60'000'000);
    CHECK_THAT(voice.r.value(), WithinAbs(93.2, 1e-9));
    CHECK_THAT(voice.mos.value(), WithinAbs(4.41, 0.005));
    // 10 ms of network, 60 of buffer, 20 of packet, 3.75 of look-ahead
    CHECK_THAT(static_cast<double>(voice.ta_ns.value()), WithinAbs(93.75e6, 1e6));
    REQUIRE(voice.worst);
    CHECK_THAT(voice.worst->mos.value(), WithinAbs(4.41, 0.005));
  }
  CHECK_THAT(result::worst_mos(document).value(), WithinAbs(4.41, 0.005));
}

TEST_CASE("loss before the buffer and in it add up, and the score follows from both", "[sim]") {
  const auto buffer = GENERATE(Duration{20ms}, Duration{60ms}, Duration{150ms}, Duration{0});
  const auto codec = GENERATE(VoiceCodec::g711, VoiceCodec::g729);
  CAPTURE(buffer.count(), static_cast<int>(codec));
  SimWorld world{7};
  world.network.up.delay = 30ms;
  world.network.down.delay = 30ms;
  world.network.up.drop_data = 0.02;
  world.network.up.late = 0.05;
  world.network.up.late_by = 100ms;
  world.network.up.duplicate_data = 0.05;
  SimClient& client = world.add_client(call(codec, buffer, 30s));
  REQUIRE(world.run_clients(60s));
  const auto document = document_of(client.outcome());
  const result::VoicePart& up = document.up->voice.value();
  CHECK(up.lost_packets == document.up->loss.packets);
  CHECK(up.lost_packets.value() > 0);
  const std::uint64_t missed = *up.lost_packets + *up.discarded_packets;
  CHECK_THAT(up.loss_after_ratio.value(),
             WithinAbs(static_cast<double>(missed) / static_cast<double>(*document.up->tx.packets),
                       1e-12));
  if (buffer == 150ms) {
    CHECK(up.discarded_packets == 0U);
  } else if (buffer != Duration{0}) {
    CHECK(up.discarded_packets.value() > 30);  // a twentieth of 1500
    CHECK(up.discarded_packets.value() < 130);
  }
  CHECK_THAT(up.r.value(), WithinAbs(rating_of(up), 1e-6));
  CHECK(up.worst->r.value() <= up.r.value() + 3);
  const result::VoicePart& down = document.down->voice.value();
  CHECK(down.loss_after_ratio == 0.0);
  CHECK(down.mos.value() > up.mos.value());
  CHECK(result::worst_mos(document) == up.mos);
}

TEST_CASE("a dead call is the worst one, alone and among others", "[sim]") {
  const auto streams = static_cast<std::uint16_t>(GENERATE(1, 30));
  CAPTURE(streams);
  SimWorld world{8};
  world.network.up.drop_if = [](const wire::CommonHeader& header) {
    return header.type == wire::MessageType::data && header.stream == 0;
  };
  auto options = call(VoiceCodec::g711_plc, 60ms, 12s);
  options.params.streams = streams;
  options.params.rate_up = SendRate{SendRate::Kind::packets, 50'000U * streams};
  options.params.rate_down = options.params.rate_up;
  SimClient& client = world.add_client(options);
  REQUIRE(world.run_clients(60s));
  const auto document = document_of(client.outcome());
  const result::VoicePart& up = document.up->voice.value();
  CHECK(up.mos_least == 1.0);
  REQUIRE(up.worst);
  CHECK(up.worst->stream == 0);
  CHECK(up.worst->mos == 1.0);
  CHECK(up.worst->loss_ratio == 1.0);
  CHECK(up.worst->start_s == 0);
  CHECK_THAT(up.worst->end_s, WithinAbs(12, 0.1));
  for (const result::StreamPart& stream : document.up->streams) {
    REQUIRE(stream.voice);
    CHECK_THAT(stream.voice->mos.value(), WithinAbs(stream.stream == 0 ? 1 : 4.41, 0.005));
    CHECK(stream.voice->loss_ratio == (stream.stream == 0 ? 1.0 : 0.0));
  }
  const bool alone = streams == 1;
  CHECK((alone ? up.mos == 1.0 : up.mos.value() > 3.9));  // thirty taken together
  CHECK(document.down->voice->mos_least.value() > 4.4);
  CHECK(result::worst_mos(document) == 1.0);
}

TEST_CASE("a packet holds the speech between two of them", "[sim]") {
  SimWorld world{9};
  auto options = call(VoiceCodec::g711, 60ms, 2s);
  options.params.rate_up = SendRate{SendRate::Kind::packets, 100'000};          // 10 ms
  options.params.rate_down = SendRate{SendRate::Kind::bits, 172 * 8 * 50 / 2};  // 40 ms
  SimClient& client = world.add_client(options);
  REQUIRE(world.run_clients(30s));
  const auto document = document_of(client.outcome());
  const auto packet = [](const result::VoicePart& voice) {
    return *voice.ta_ns - *voice.network_ns - *voice.buffer_ns;
  };
  CHECK(packet(document.up->voice.value()) == 10'000'000);
  CHECK(packet(document.down->voice.value()) == 40'000'000);
}

TEST_CASE("where clocks are not known half the round trip stands for the way", "[sim]") {
  SimWorld world{3};
  world.network.up.delay = 120ms;
  world.network.down.delay = 80ms;
  auto options = call(VoiceCodec::g711, 60ms, 5s);
  options.same_host = false;
  SimClient& client = world.add_client(options);
  REQUIRE(world.run_clients(30s));
  const auto document = document_of(client.outcome());
  const result::VoicePart& up = document.up->voice.value();
  if (!document.up->delay.absolute_valid.value_or(false)) {
    CHECK(up.network_source == "half_round_trip");
    CHECK_THAT(static_cast<double>(up.network_ns.value()), WithinAbs(100e6, 1e6));
  } else {
    CHECK(up.network_source == "one_way");
    CHECK(up.network_ns == document.up->delay.min_ns);
  }
}

TEST_CASE("what has no score has none, and says why", "[sim]") {
  SimWorld world{4};
  SimClient& opus = world.add_client(call(VoiceCodec::opus, 60ms, 2s));
  REQUIRE(world.run_clients(30s));
  const auto document = document_of(opus.outcome());
  const result::VoicePart& voice = document.up->voice.value();
  CHECK_FALSE(voice.mos);
  CHECK_FALSE(voice.r);
  CHECK(voice.loss_after_ratio == 0.0);
  CHECK(voice.worst);
  const auto noted = [&document](const std::string& field) {
    return std::any_of(document.notes.begin(), document.notes.end(),
                       [&field](const result::Note& note) { return note.field == field; });
  };
  CHECK(noted("up.voice.mos"));
  CHECK(noted("down.voice.mos"));
  CHECK_FALSE(result::worst_mos(document));
}

TEST_CASE("nobody listens unless asked for, and to full speed not at all", "[sim]") {
  SimWorld world{5};
  SimClient& client = world.add_client(call(VoiceCodec::none, 60ms, 1s));
  REQUIRE(world.run_clients(30s));
  CHECK_FALSE(document_of(client.outcome()).up->voice);

  TestParams fast = call(VoiceCodec::g711, 60ms, 1s).params;
  CHECK_FALSE(check_params(fast));
  fast.rate_down = SendRate{};
  CHECK(check_params(fast));
  fast.rate_down = SendRate{SendRate::Kind::packets, 1'001'000};
  CHECK(check_params(fast));
  fast.rate_down = SendRate{SendRate::Kind::bits, 172 * 8 * 1000};
  CHECK_FALSE(check_params(fast));
  fast.voice.buffer = 19ms;
  CHECK(check_params(fast));
}
