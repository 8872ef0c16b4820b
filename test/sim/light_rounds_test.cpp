// A monitor's engine over simulated days: every round is accounted for, none is late, and what was
// not measured is never loss.

#include "sim/sim_monitor.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;
using udperf::rounds::Ending;
using udperf::rounds::Round;
using udperf::test::SimNetwork;

namespace {

using namespace udperf;
using Monitor = test::SimMonitor<test::KeptRounds>;

void check_books(const Round& round) {
  CAPTURE(round.number, round.outcome.error ? round.outcome.error->message() : std::string{});
  CHECK(round.ending == Ending::complete);
  for (const auto* way : {&round.outcome.up, &round.outcome.down}) {
    REQUIRE(way->has_value());
    const StreamOutcome& stream = (*way)->streams.front();
    REQUIRE(stream.tx);
    REQUIRE(stream.rx);
    CHECK(stream.tx->packets == 20);
    CHECK(stream.rx->unique + stream.rx->lost == 20);
  }
}

/// Each number once, in order.
void check_numbers(const std::vector<Round>& rounds) {
  std::uint64_t next = 0;
  for (const Round& round : rounds) {
    REQUIRE(round.number == next);
    next += round.intervals;
  }
}

std::uint64_t lost(const std::vector<Round>& rounds) {
  std::uint64_t sum = 0;
  for (const Round& round : rounds) {
    for (const auto* way : {&round.outcome.up, &round.outcome.down}) {
      sum += *way && (*way)->streams.front().rx ? (*way)->streams.front().rx->lost : 0;
    }
  }
  return sum;
}

}  // namespace

TEST_CASE("rounds follow each other without a pause, exact and on time", "[sim]") {
  Monitor monitor{1};
  const auto id = monitor.add();
  monitor.world.network.up.drop_data = monitor.world.network.down.drop_data = 0.02;
  monitor.run(10min);
  const auto& rounds = monitor.of(id);
  REQUIRE(rounds.size() >= 57);
  check_numbers(rounds);
  const MonoTime first = rounds.front().due;
  for (const Round& round : rounds) {
    check_books(round);
    CHECK(round.due == first + static_cast<Duration::rep>(round.number) * Duration{10s});
    CHECK(round.lateness < 1ms);
    CHECK(round.length >= 9400ms);
    CHECK_FALSE(round.server_restarted);
  }
  // Nothing else lost anything: the network's truth, less what of the last rounds is still open.
  const auto& up = monitor.world.network.truth(true);
  const auto& down = monitor.world.network.truth(false);
  const std::uint64_t open = up.sent + down.sent - 40 * rounds.size();
  CHECK(lost(rounds) <= up.dropped + down.dropped);
  CHECK(lost(rounds) + open >= up.dropped + down.dropped);
}

TEST_CASE("a session is opened before the data of the one before has ended", "[sim]") {
  Monitor monitor{2};
  const auto id = monitor.add();
  std::vector<MonoTime> sent;
  monitor.world.network.on_send = [&](const Endpoint& from, const Endpoint&,
                                      std::span<const std::byte> bytes) {
    const auto header = wire::decode_common(bytes);
    if (header && header->type == wire::MessageType::data &&
        from != SimNetwork::endpoint(1, 5555)) {
      sent.push_back(monitor.world.clock.now());
    }
  };
  monitor.run(2min);
  REQUIRE(monitor.of(id).size() >= 9);
  REQUIRE(sent.size() > 180);
  Duration longest{0};
  for (std::size_t i = 1; i < sent.size(); ++i) {
    longest = std::max(longest, sent[i] - sent[i - 1]);
  }
  CHECK(longest <= 510ms);  // 20 datagrams in 10 s, whatever the round
}

TEST_CASE("a server that is not there is named as what it is, and found again", "[sim]") {
  Monitor monitor{3};
  const auto id = monitor.add();
  monitor.run(30s);
  const bool icmp = GENERATE(true, false);
  monitor.world.network.icmp = icmp;
  monitor.world.server.reset();
  monitor.run(3min);
  monitor.world.server.emplace(monitor.world.network, engine::ServerOptions{}, 99);
  monitor.run(3min);
  const auto& rounds = monitor.of(id);
  check_numbers(rounds);
  std::map<Ending, int> endings;
  int restarts = 0;
  int untried = 0;
  for (const Round& round : rounds) {
    ++endings[round.ending];
    restarts += round.server_restarted ? 1 : 0;
    untried += round.tried ? 0 : 1;
    CHECK(round.tried == (round.ending != Ending::not_measured));  // what is not asked is a gap
    CHECK(round.target_down == !round.tried);
  }
  CHECK(endings[icmp ? Ending::refused : Ending::timeout] >= 4);  // three at once, then seldom
  CHECK(endings[Ending::cut_short] >= 1);
  CHECK(endings[Ending::complete] >= 10);
  CHECK(endings[Ending::complete] + endings[Ending::cut_short] +
            endings[icmp ? Ending::refused : Ending::timeout] + untried ==
        static_cast<int>(rounds.size()));
  CHECK(restarts == 1);
  CHECK(untried > 0);
  CHECK(rounds.back().ending == Ending::complete);
  CHECK(lost(rounds) == 0);  // who is not there loses nothing
}

TEST_CASE("a name without an address and a busy server are told apart", "[sim]") {
  engine::ServerOptions full;
  full.max_light_sessions = 1;
  Monitor monitor{4, full};
  const auto first = monitor.add();
  monitor.run(15s);
  const auto second = monitor.add();
  const auto third = monitor.add();
  monitor.engine().set_servers(
      third, tl::unexpected{Error{ErrorCode::unreachable, "no such host", 0, "resolve"}});
  monitor.run(45s);
  REQUIRE(monitor.of(second).size() >= 2);
  REQUIRE(monitor.of(third).size() >= 2);
  for (const Round& round : monitor.of(third)) {
    CHECK(round.ending == Ending::name);
  }
  // Each session overlaps the one before it, so with one place two targets take turns.
  const auto busy = [](const std::vector<Round>& rounds) {
    return std::count_if(rounds.begin(), rounds.end(),
                         [](const Round& round) { return round.ending == Ending::busy; });
  };
  CHECK(busy(monitor.of(first)) + busy(monitor.of(second)) > 0);
  for (const std::uint64_t id : {first, second, third}) {  // nobody was silent
    CHECK(std::none_of(monitor.of(id).begin(), monitor.of(id).end(),
                       [](const Round& round) { return round.target_down; }));
  }
}

TEST_CASE("a target whose addresses are known when it is added fails no round", "[sim]") {
  Monitor monitor{10};
  rounds::Target target;
  target.options.host = "server";
  target.options.auto_packet_size = false;
  target.options.params = rounds::light_params(20, 200, 1s);
  target.interval = 1s;
  target.servers = std::vector<Endpoint>{monitor.world.network.server};
  std::vector<std::uint64_t> ids;
  for (int i = 0; i < 50; ++i) {
    ids.push_back(monitor.engine().add(target));
  }
  monitor.run(4s);
  for (const std::uint64_t id : ids) {
    REQUIRE_FALSE(monitor.of(id).empty());
    check_books(monitor.of(id).front());
  }
}

TEST_CASE("time asleep is a gap, and said once", "[sim]") {
  Monitor monitor{5};
  const auto id = monitor.add();
  monitor.run(34s);
  monitor.sleep(1h);
  monitor.world.server.reset();  // whatever it thought of that
  monitor.world.server.emplace(monitor.world.network, engine::ServerOptions{}, 98);
  monitor.run(1min);
  const auto& rounds = monitor.of(id);
  check_numbers(rounds);
  REQUIRE(monitor.kept.sleeps.size() == 1);
  CHECK(monitor.kept.sleeps.front() == Duration{1h});
  CHECK(monitor.kept.steps.empty());
  int gaps = 0;
  for (const Round& round : rounds) {
    gaps += round.ending == Ending::not_measured ? 1 : 0;
    CHECK((round.asleep > Duration{0}) == (round.ending == Ending::not_measured));
    CHECK((round.ending == Ending::complete ||
           round.outcome.error.value().what.starts_with("this host ")));
  }
  CHECK(gaps >= 1);
  CHECK(gaps <= 2);
  CHECK(rounds.back().ending == Ending::complete);
}

TEST_CASE("a process that stood still has a gap, and goes on by its schedule", "[sim]") {
  Monitor monitor{6};
  const auto id = monitor.add();
  monitor.run(34s);
  monitor.stand_still(65s);
  monitor.run(1min);
  const auto& rounds = monitor.of(id);
  check_numbers(rounds);
  const MonoTime first = rounds.front().due;
  std::uint64_t gap = 0;
  for (const Round& round : rounds) {
    CHECK(round.due == first + static_cast<Duration::rep>(round.number) * Duration{10s});
    gap += round.ending == Ending::not_measured ? round.intervals : 0;
    CHECK((round.ending == Ending::not_measured || round.ending == Ending::complete));
    CHECK((round.ending == Ending::complete ||
           round.outcome.error.value().what.starts_with("this ")));
  }
  CHECK(gap >= 5);
  CHECK(gap <= 8);
  CHECK(rounds.back().ending == Ending::complete);
}

TEST_CASE("a wall clock that is set moves no round and is said once", "[sim]") {
  Monitor monitor{7};
  const auto id = monitor.add();
  monitor.add();
  monitor.run(34s);
  monitor.world.clock.unix_offset -= 2h;
  monitor.run(1min);
  REQUIRE(monitor.kept.steps.size() == 1);
  CHECK(monitor.kept.steps.front() == -Duration{2h});
  CHECK(monitor.kept.sleeps.empty());
  for (const Round& round : monitor.of(id)) {
    check_books(round);
    CHECK(round.lateness < 1ms);
  }
}

TEST_CASE("no target is delayed by others that are silent", "[sim]") {
  Monitor monitor{8};
  const auto good = monitor.add(2s);
  for (int i = 0; i < 20; ++i) {
    const auto silent = monitor.add(2s);
    monitor.engine().set_servers(silent, std::vector<Endpoint>{SimNetwork::endpoint(9, 5555)});
  }
  monitor.world.network.icmp = false;
  monitor.run(1min);
  REQUIRE(monitor.of(good).size() >= 27);
  for (const Round& round : monitor.of(good)) {
    check_books(round);
    CHECK(round.lateness < 1ms);
  }
}

TEST_CASE("a target that is removed ends its rounds, which are not loss", "[sim]") {
  Monitor monitor{9};
  const auto id = monitor.add();
  const auto stays = monitor.add();
  monitor.run(34s);
  monitor.engine().remove(id);
  monitor.run(5s);
  CHECK(monitor.kept.removed == std::vector<std::uint64_t>{id});
  REQUIRE_FALSE(monitor.of(id).empty());
  CHECK(monitor.of(id).back().ending == Ending::not_measured);
  const auto told = monitor.of(id).size();
  monitor.run(30s);
  CHECK(monitor.of(id).size() == told);
  CHECK(monitor.of(stays).back().ending == Ending::complete);
  monitor.engine().shut_down();
  monitor.run(5s);
  CHECK(monitor.engine().idle());
}
