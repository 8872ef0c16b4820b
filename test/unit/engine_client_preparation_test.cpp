#include <vector>

#include "engine/client_preparation.hpp"
#include "support/catch.hpp"
#include "support/fake_channel.hpp"

using namespace std::chrono_literals;
using udperf::Direction;
using udperf::Duration;
using udperf::MonoTime;
using udperf::TestParams;
using udperf::engine::Arrival;
using udperf::engine::ClientPreparation;
using udperf::engine::PathProbes;
using udperf::engine::TestState;
using udperf::test::FakeChannel;
using udperf::test::reply_to;

namespace {

constexpr std::uint64_t kSession = 7;

TestParams upwards() {
  TestParams params;
  params.direction = Direction::up;
  params.payload_bytes = 1000;
  params.amount.duration = 1s;
  return params;
}

/// A client after ACCEPT, with a channel to a server that answers, or not.
struct Client {
  explicit Client(ClientPreparation::Settings with = {}, const TestParams& params = upwards())
      : preparation(with, params, probes, state) {}

  /// Steps on until `until`, or GO. Returns when it was time for GO.
  std::optional<MonoTime> run(MonoTime until) {
    for (int i = 0; i < 100'000 && channel.now <= until; ++i) {
      const auto next = preparation.step(channel, channel.now);
      if (!next) {
        return channel.now;
      }
      answer();
      channel.now = std::max(channel.now + 1us, std::min(*next, channel.now + 1ms));
    }
    return std::nullopt;
  }

  void answer() {
    for (const auto& probe : channel.take_probes()) {
      ++asked;
      if (answers) {
        take(probe);
      }
    }
    for (const auto& probe : std::exchange(channel.merged, {})) {
      ++asked_merged;
      if (answers && merged_arrive) {
        take(probe);
      }
    }
  }

  void take(const udperf::wire::Probe& probe) {
    const auto reply = reply_to(probe);
    if (!preparation.on_reply(reply, 100, channel.now)) {
      probes.on_reply(reply, Arrival{channel.now + 1ms, true});
    }
  }

  FakeChannel channel;
  TestState state;
  PathProbes probes{kSession, 20ms, channel.now};
  ClientPreparation preparation;
  bool answers = true;
  bool merged_arrive = true;
  int asked = 0;
  int asked_merged = 0;
};

ClientPreparation::Settings go_at(MonoTime at) {
  ClientPreparation::Settings settings;
  settings.session = kSession;
  settings.go_at = at;
  return settings;
}

}  // namespace

TEST_CASE("GO is said once the idle path has answered ten probes", "[engine]") {
  Client client;
  const MonoTime begun = client.channel.now;
  const auto go = client.run(begun + 1s);
  REQUIRE(go.has_value());
  CHECK(client.asked == 10);
  CHECK(*go < begun + 15ms);
  REQUIRE(client.probes.idle().has_value());
  CHECK(client.probes.idle()->delay.n == 10);
  CHECK(client.probes.last_rtt() == 1ms);
}

TEST_CASE("a path that answers nothing holds GO up for a moment only", "[engine]") {
  Client client;
  client.answers = false;
  const MonoTime begun = client.channel.now;
  const auto go = client.run(begun + 1s);
  REQUIRE(go.has_value());
  CHECK(client.asked == 10);
  CHECK(*go >= begun + 30ms);
  CHECK(*go < begun + 35ms);
  REQUIRE(client.probes.idle().has_value());
  CHECK(client.probes.idle()->delay.n == 0);
}

TEST_CASE("GO waits for its time, with a sign of life each second", "[engine]") {
  const MonoTime begun = FakeChannel{}.now;
  Client client{go_at(begun + 3500ms)};
  const auto go = client.run(begun + 10s);
  REQUIRE(go.has_value());
  CHECK(*go >= begun + 3500ms);
  CHECK(*go < begun + 3502ms);
  CHECK(client.asked == 10 + 3);
}

TEST_CASE("a path that loses merged buffers has the test run without them", "[engine]") {
  Client client;
  client.channel.merges = true;
  SECTION("they are lost") {
    client.merged_arrive = false;
    REQUIRE(client.run(client.channel.now + 2s).has_value());
    CHECK(client.state.agreed.gso_broken);
  }
  SECTION("they arrive") {
    REQUIRE(client.run(client.channel.now + 2s).has_value());
    CHECK_FALSE(client.state.agreed.gso_broken);
  }
  CHECK(client.asked_merged == 8);
}

TEST_CASE("offload is not asked about where the client sends nothing", "[engine]") {
  TestParams params = upwards();
  params.direction = Direction::down;
  Client client{{}, params};
  client.channel.merges = true;
  REQUIRE(client.run(client.channel.now + 2s).has_value());
  CHECK(client.asked_merged == 0);
}

TEST_CASE("where the path does not tell its size the fallback is taken", "[engine]") {
  auto settings = go_at(MonoTime{});
  settings.payload_fallback = 600;
  Client client{settings};
  client.answers = false;
  REQUIRE(client.run(client.channel.now + 60s).has_value());
  CHECK_FALSE(client.channel.whole.empty());
  CHECK(client.preparation.size_changed());
  CHECK(client.preparation.params().payload_bytes == 600);
  CHECK(client.state.payload_bytes.get() == 600);
  REQUIRE(client.preparation.mtu(udperf::Way::up).has_value());
  CHECK_FALSE(client.preparation.mtu(udperf::Way::down).has_value());
}
