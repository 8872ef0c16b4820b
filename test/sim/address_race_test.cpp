// RFC 8305: which of a host's addresses gets the session, and when.

#include "engine/address_race.hpp"

#include "sim/sim_world.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;
using udperf::engine::AddressRace;
using udperf::test::SimNetwork;
using udperf::test::SimWorld;

namespace {

using namespace udperf;

struct Setting {
  explicit Setting(std::uint64_t seed) : world(seed), random(seed) {}

  SimWorld world;
  test::SeededRandom random;
  net::ReceiveBuffers buffers;
  std::vector<Endpoint> asked;

  AddressRace::Begin begin() {
    return [this](const Endpoint& server, MonoTime now) -> Result<engine::Pending> {
      asked.push_back(server);
      session::ClientHandshake::Settings settings;
      settings.params.amount.packets = 10;
      settings.timeout = 3s;
      return engine::Pending{world.network.connect(world.network.fresh_port(2), server),
                             session::ClientHandshake{settings, random, now}};
    };
  }

  /// How long it took; nothing when it was not over after five seconds.
  std::optional<Duration> run(AddressRace& race) {
    const MonoTime begun = world.clock.now();
    while (!race.over()) {
      if (world.clock.now() - begun > 5s) {
        return std::nullopt;
      }
      race.step(buffers, world.clock.now());
      world.run(1ms, [] { return false; });
    }
    return world.clock.now() - begun;
  }
};

const Endpoint kNobody = SimNetwork::endpoint(8, kDefaultPort);
const Endpoint kNobodyElse = SimNetwork::endpoint(9, kDefaultPort);

}  // namespace

TEST_CASE("an address that refuses is passed over at once, a silent one after a moment", "[sim]") {
  Setting setting{21};
  setting.world.network.icmp = GENERATE(true, false);
  AddressRace race{{kNobody, kNobodyElse, setting.world.network.server}, setting.begin()};

  const auto took = setting.run(race);

  REQUIRE(took);
  CHECK(*took < (setting.world.network.icmp ? 50ms : 600ms));
  CHECK((setting.world.network.icmp || *took >= 2 * AddressRace::kStagger));
  REQUIRE(race.winner() != nullptr);
  CHECK(race.winner()->server == setting.world.network.server);
  CHECK(race.winner()->pending.handshake.done());
}

TEST_CASE("an address that refuses is passed over at once while an earlier one is silent",
          "[sim]") {
  Setting setting{25};
  setting.world.network.icmp = false;
  const auto usual = setting.begin();
  AddressRace race{{kNobody, kNobodyElse, setting.world.network.server},
                   [&usual](const Endpoint& server, MonoTime now) {
                     auto pending = usual(server, now);
                     if (server == kNobodyElse) {
                       pending->handshake.on_refused();
                     }
                     return pending;
                   }};
  const auto took = setting.run(race);

  REQUIRE(took);
  CHECK(*took < AddressRace::kStagger + 50ms);
  CHECK(race.winner()->server == setting.world.network.server);
}

TEST_CASE("an address that answers keeps the next ones from being asked", "[sim]") {
  Setting setting{22};
  AddressRace race{{setting.world.network.server, kNobody}, setting.begin()};
  REQUIRE(setting.run(race));
  CHECK(setting.asked.size() == 1);
  CHECK(race.winner()->pending.handshake.done());
}

TEST_CASE("two ways to one server make one session", "[sim]") {
  Setting setting{23};
  setting.world.network.down.delay = 300ms;  // the second is asked before the first has answered
  AddressRace race{{setting.world.network.server, setting.world.network.server}, setting.begin()};
  REQUIRE(setting.run(race));
  CHECK(setting.asked.size() == 2);
  setting.world.run(1s, [] { return false; });
  CHECK(setting.world.server->observer().opened == 1);
}

TEST_CASE("when all addresses fail each is named with its reason", "[sim]") {
  Setting setting{24};
  AddressRace race{{kNobody, kNobodyElse}, setting.begin()};
  REQUIRE(setting.run(race));
  CHECK(race.winner() == nullptr);
  CHECK(race.error().code == ErrorCode::unreachable);
  CHECK_THAT(race.error().message(), ContainsSubstring(kNobody.to_string()) &&
                                         ContainsSubstring(kNobodyElse.to_string()) &&
                                         ContainsSubstring("nothing listens"));
}
