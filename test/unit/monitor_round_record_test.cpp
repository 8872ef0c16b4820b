#include "app/monitor/params_bytes.hpp"
#include "monitor/round_document.hpp"
#include "monitor/round_record.hpp"
#include "report/writer.hpp"
#include "support/catch.hpp"
#include "support/strict_json.hpp"

namespace udperf::monitor {
namespace {

using namespace std::chrono_literals;

RoundResult measured() {
  RoundResult round;
  round.status = RoundStatus::complete;
  round.start = UnixTime{1'800'000'000s};
  round.number = 7;
  round.length = 9900ms;
  round.session = 0x0123456789abcdef;
  round.server = 0xfedcba9876543210;
  round.lateness = 120us;
  round.address = Endpoint{*parse_ip_address("2001:db8::7"), 5555};
  round.params.direction = Direction::both;
  round.params.amount.packets = 100;
  round.params.payload_bytes = 200;
  round.params.rate_up = round.params.rate_down = SendRate{SendRate::Kind::packets, 10'000};
  round.params.seed = (std::uint64_t{1} << 53U) - 1;
  round.clock_offset_ns = -1'234'567;
  round.clock_uncertainty_ns = 5'000;
  for (auto* const way : {&round.up, &round.down}) {
    way->emplace();
    (*way)->sent = 100;
    (*way)->unique = 97;
    (*way)->lost = 3;
    (*way)->lost_rx_socket = 1;
    (*way)->duplicates = 2;
    (*way)->sent_bytes = 20'000;
    (*way)->unique_bytes = 19'400;
    (*way)->goodput_bps = 15'676.0;
    (*way)->jitter = 42us;
    (*way)->hops = 5;
    (*way)->delay_variation.add(0ns, 50);
    (*way)->delay_variation.add(300us, 47);
  }
  round.up->payload_bytes = 1472;
  round.down->delay.emplace();
  round.down->delay->add(5ms, 97);
  round.rtt = RoundTrips{10, {}};
  round.rtt->times.add(10ms, 9);
  return round;
}

RoundResult again(const RoundResult& round) {
  Totals totals;
  totals.add(round);
  auto kept = decode_record(encode_record(round), totals);
  REQUIRE(kept);
  return *std::move(kept);
}

TEST_CASE("a round comes back from its sums and its record as it was") {
  const RoundResult round = measured();
  const RoundResult kept = again(round);
  CHECK(kept.session == round.session);
  CHECK(kept.server == round.server);
  CHECK(kept.lateness == round.lateness);
  CHECK(kept.address == round.address);
  CHECK(kept.params.seed == round.params.seed);
  CHECK(kept.clock_offset_ns == round.clock_offset_ns);
  CHECK(kept.clock_uncertainty_ns == round.clock_uncertainty_ns);
  CHECK(kept.up == round.up);
  CHECK(kept.down == round.down);
  CHECK(kept.rtt == round.rtt);
  CHECK(kept.tried);
  CHECK_FALSE(kept.server_restarted);
  CHECK(encode_record(round).size() <= 80);
}

TEST_CASE("how a round that was a call sounded is kept, way by way") {
  RoundResult round = measured();
  round.params.voice.codec = VoiceCodec::g711_plc;
  round.up->voice = RoundVoice{4.375, 91.5, 0.03125};
  round.down->voice = RoundVoice{std::nullopt, std::nullopt, 1.0};
  const RoundResult kept = again(round);
  CHECK(kept.up->voice == round.up->voice);
  CHECK(kept.down->voice == round.down->voice);
  Target target;
  target.name = "gw";
  RoundResult shown = kept;
  shown.params = round.params;
  const auto tree = test::parse_strict_json(report::to_json(round_document(shown, target)));
  REQUIRE(tree);
  CHECK(tree->at("up").at("voice").at("mos") == 4.375);
  CHECK(tree->at("up").at("voice").at("codec") == "g711-plc");
  CHECK(tree->at("down").at("voice").at("mos").is_null());
  CHECK(tree->at("down").at("voice").at("loss_after_ratio") == 1.0);
  CHECK_FALSE(again(measured()).up->voice);
}

TEST_CASE("what a search found is kept") {
  RoundResult round = measured();
  round.down->found_bps = 94'000'123.0;
  const RoundResult kept = again(round);
  CHECK(kept.down == round.down);
  CHECK_FALSE(kept.up->found_bps);
}

TEST_CASE("what a round did not measure is absent when it comes back") {
  RoundResult round;
  round.status = RoundStatus::not_measured;
  round.tried = false;
  round.rounds = 4;
  round.error = Error{ErrorCode::unreachable, "gone", 0, {}};
  const RoundResult kept = again(round);
  CHECK_FALSE(kept.up);
  CHECK_FALSE(kept.down);
  CHECK_FALSE(kept.rtt);
  CHECK_FALSE(kept.address);
  CHECK_FALSE(kept.tried);
  CHECK(kept.rounds == 4);
  REQUIRE(kept.error);
  CHECK(kept.error->code == ErrorCode::unreachable);
}

TEST_CASE("a record that is cut short or longer is refused") {
  Totals totals;
  RoundResult call = measured();
  call.up->voice = RoundVoice{4.3, 90.0, 0.01};
  totals.add(call);
  const std::string whole = encode_record(call);
  for (std::size_t length = 0; length < whole.size(); ++length) {
    CAPTURE(length);
    CHECK_FALSE(decode_record(std::string_view{whole}.substr(0, length), totals));
  }
  CHECK_FALSE(decode_record(whole + "x", totals));
}

TEST_CASE("a round's document has its exact counts and nothing that was not kept") {
  Target target;
  target.name = "</script>gw";
  target.module = "light";
  const auto tree =
      test::parse_strict_json(report::to_json(round_document(again(measured()), target)));
  REQUIRE(tree);
  CHECK(tree->at("schema") == "udperf/1");
  for (const char* const way : {"up", "down"}) {
    const auto& part = tree->at(way);
    CHECK(part.at("tx").at("packets") == 100);
    CHECK(part.at("rx").at("unique") == 97);
    CHECK(part.at("loss").at("packets") == 3);
    CHECK(part.at("loss").at("ratio") == 0.03);
    CHECK(part.at("loss").at("rx_socket_drop") == 1);
    CHECK(part.at("loss").at("network_packets") == 2);
    CHECK(part.at("loss").at("local_tx_drop").is_null());
    CHECK(part.at("tx").at("cpu_percent").is_null());
    CHECK(part.at("intervals").empty());
    std::uint64_t steps = 0;
    for (const auto& step : part.at("delay_variation").at("histogram")) {
      steps += step.at("packets").get<std::uint64_t>();
    }
    CHECK(steps == 97);
  }
  CHECK(tree->at("up").at("delay").at("p50_ns").is_null());
  CHECK(tree->at("down").at("delay").at("p50_ns") == 5'000'000);
  CHECK(tree->at("rtt").at("loaded").at("n") == 9);
  CHECK(tree->at("rtt").at("loss_ratio") == 0.1);
  CHECK(tree->at("test").at("id") == "0123456789abcdef");
}

TEST_CASE("a document of a round that nobody ran says why") {
  RoundResult round;
  round.status = RoundStatus::unreachable;
  round.error = Error{ErrorCode::unreachable, "nobody answered", 0, "connect"};
  const auto tree = test::parse_strict_json(report::to_json(round_document(round, Target{})));
  REQUIRE(tree);
  CHECK(tree->at("status") == "error");
  CHECK(tree->at("up").is_null());
}

TEST_CASE("parameters of rounds that differ in their seed alone are the same bytes") {
  TestParams one = measured().params;
  TestParams other = one;
  other.seed = 5;
  CHECK(app::params_bytes(one) == app::params_bytes(other));
  const auto kept = app::params_of(app::params_bytes(one));
  one.seed = 0;
  REQUIRE(kept);
  CHECK(kept->amount == one.amount);
  CHECK(kept->rate_up == one.rate_up);
  CHECK(kept->payload_bytes == one.payload_bytes);
  CHECK_FALSE(app::params_of("not a request"));
}

TEST_CASE("the mean of more times than fit is told, and does not overflow") {
  RoundResult round = measured();
  std::array<std::uint64_t, TimeHistogram::kBuckets> counts{};
  counts.front() = UINT64_MAX;
  round.rtt->times = TimeHistogram::of(counts, {INT64_MIN, -3, -1});
  const auto document = round_document(round, Target{});
  CHECK(document.rtt.loaded.mean_ns == -1);
}

}  // namespace
}  // namespace udperf::monitor
